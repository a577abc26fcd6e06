"""Imports runs from files: exports of gangan, and folders of state dicts as the paper's authors
published them.

Everything is checked (inspection.py) before the run is moved into the store.
"""

import dataclasses
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.interchange.checkpoints import read_state_dict
from gangan_cli.interchange.inspection import (
    MANIFEST_SIZE,
    Files,
    Refused,
    Tensors,
    check_arrays,
    check_file,
    numbered,
    read,
    refuse,
)
from gangan_cli.models.family import layout
from gangan_cli.models.registry import build
from gangan_cli.progress import StepCallback
from gangan_cli.provenance import provenance
from store import Catalog, Layout, Manifest, Run, StoreError
from store.manifest import FORMAT, Origin


def import_run(catalog: Catalog, source: Path, name: str, on_progress: StepCallback) -> None:
    """Import the folder `source` as the run `name`: an export, or state dicts <gan>/model_<epoch>.pt or
    .pth.

    `on_progress` is called with the number of snapshots, and what it returns after each.

    Raises:
        ConfigurationError: `source` is neither.
        WorkFailed: a file of it is not what it should be.
        RunExists, StoreError: the store cannot take it.
    """
    if not source.is_dir():
        raise ConfigurationError(f"{source} is not a folder")
    try:
        if (source / "manifest.json").exists():
            _import_export(catalog, source, name, on_progress)
        elif files := numbered(source, r"model_(\d{1,9})\.pth?"):
            _import_state_dicts(catalog, source, files, name, on_progress)
        else:
            raise ConfigurationError(
                f"{source} holds neither an export (manifest.json) nor state dicts "
                "(<gan>/model_<epoch>.pt or .pth)"
            )
    except Refused as error:
        raise WorkFailed(f"{error}; nothing was imported") from error


def _import_export(catalog: Catalog, source: Path, name: str, on_progress: StepCallback) -> None:
    manifest = _manifest(source / "manifest.json")
    files = numbered(source, r"epoch_(\d{1,9})\.(?:safetensors|npz)")
    if not files:
        refuse(source / "manifest.json", "there are no snapshots beside it")
    # Exports hold no losses of steps.
    initial = sum(epoch == 0 for _, epoch in files) == manifest.gans
    manifest = dataclasses.replace(manifest, keeps_step_losses=False, keeps_initial=initial)
    losses = _losses(_either(source, "losses"), manifest)
    constants = _constants(_either(source, "constants"), manifest) if manifest.constants else {}
    step = on_progress(len(files))
    with catalog.adding(name) as aside, Run.create(aside, manifest, constants) as run:
        for (gan, epoch), row in losses.items():
            run.commit(epoch, [gan], row[None])
        for (gan, epoch), file in files.items():
            vector = _joined(manifest.layout, read(file), file)
            if not epoch:
                run.commit_initial([gan], vector[None])
            elif (gan, epoch) in losses:
                run.commit(epoch, [gan], losses[gan, epoch][None], vector[None])
            else:
                refuse(file, "the losses have no such epoch")
            step()
        whole = len(run.keys()) == manifest.planned_snapshots
        run.release("complete" if whole else "interrupted")


def _import_state_dicts(
    catalog: Catalog, source: Path, files: Files, name: str, on_progress: StepCallback
) -> None:
    first = next(iter(files.values()))
    hparams = _mlp_hparams(first, read_state_dict(first))
    family = build("mlp", hparams)
    expected = layout(family)
    side = round(hparams["data_dim"] ** 0.5)
    if side * side != hparams["data_dim"]:
        refuse(first, f"its generator makes {hparams['data_dim']} values, which is no square picture")
    gans = sorted({gan for gan, _ in files})
    manifest = Manifest(
        family=family.name,
        hparams=hparams,
        layout=expected,
        losses=(),
        gans=gans[-1] + 1,
        epochs=max(epoch for _, epoch in files) + 1,
        snapshot_every=1,
        config={"imported": str(source.resolve())},
        origin=Origin("imported"),
        dataset={"name": "imported", "examples": None, "height": side, "width": side, "sha256": None},
        **provenance(),
    )
    step = on_progress(len(files))
    with catalog.adding(name) as aside, Run.create(aside, manifest) as run:
        for (gan, index), file in files.items():
            tensors = read_state_dict(file)
            if [array.shape for array in tensors.values()] != list(expected.shapes.values()):
                refuse(file, f"its tensors are not those of {first.name}")
            vector = _joined(expected, dict(zip(expected.shapes, tensors.values(), strict=True)), file)
            # The authors count files from 0: model_0 holds the weights after the first epoch.
            run.commit(index + 1, [gan], np.zeros((1, 0, 2)), vector[None])
            step()
        run.release("complete")


def _manifest(path: Path) -> Manifest:
    check_file(path)
    if path.stat().st_size > MANIFEST_SIZE:
        refuse(path, f"a manifest does not have {path.stat().st_size} bytes")
    try:
        manifest = Manifest.from_json(path.read_bytes(), str(path))
        expected = layout(build(manifest.family, manifest.hparams))
    except StoreError as error:
        raise WorkFailed(str(error)) from error
    except Exception as error:  # hyperparameters may be anything, and so may a family's error
        refuse(path, str(error))
    if expected != manifest.layout:
        refuse(path, "its layout is not that of its family and hyperparameters")
    # How another machine trained it is nobody's business here.
    return dataclasses.replace(manifest, format=FORMAT, machine={})


def _losses(file: Path, manifest: Manifest) -> dict[tuple[int, int], NDArray[np.float64]]:
    arrays = read(file)
    count = len(arrays.get("keys", ()))
    shape = (count, len(manifest.losses), 2)
    check_arrays(file, arrays, {"losses": (shape, "float64"), "keys": ((count, 2), "int64")})
    rows = {
        (gan, epoch): row
        for (gan, epoch), row in zip(arrays["keys"].tolist(), arrays["losses"], strict=True)
        if 0 <= gan < manifest.gans and 1 <= epoch <= manifest.epochs
    }
    if len(rows) != count:
        refuse(file, "it names a GAN or an epoch twice, or one that the manifest does not have")
    return rows


def _constants(file: Path, manifest: Manifest) -> Tensors:
    arrays = read(file)
    kinds = {
        name: (shape, "int64" if name == "keys" else "float32")
        for name, shape in manifest.constants.items()
    }
    return check_arrays(file, arrays, kinds)


def _mlp_hparams(file: Path, tensors: Tensors) -> dict[str, int]:
    networks = [key.partition(".")[0] for key in tensors]
    if networks != ["discriminator"] * 6 + ["generator"] * 6:
        refuse(file, "it does not hold a discriminator and a generator of three linear layers each")
    shapes = [array.shape for array in tensors.values()]
    if [len(shape) for shape in shapes] != [2, 1] * 6:
        refuse(file, "its tensors are not weights and biases in turn")
    hparams = {
        "data_dim": shapes[0][1],
        "latent_dim": shapes[6][1],
        "discriminator_width": shapes[0][0],
        "generator_width": shapes[6][0],
    }
    if shapes != list(layout(build("mlp", hparams)).shapes.values()):
        refuse(file, "its layers do not fit each other")
    return hparams


def _joined(expected: Layout, tensors: Tensors, file: Path) -> NDArray[np.float32]:
    if wrong := [key for key, array in tensors.items() if array.dtype != np.float32]:
        refuse(file, f"{wrong[0]} is {tensors[wrong[0]].dtype}, not float32")
    try:
        vector = expected.join(tensors)
    except ValueError as error:
        refuse(file, str(error))
    if not np.isfinite(vector).all():
        refuse(file, "it holds values that are not finite")
    return vector


def _either(source: Path, stem: str) -> Path:
    npz = source / f"{stem}.npz"
    return npz if npz.is_file() else source / f"{stem}.safetensors"
