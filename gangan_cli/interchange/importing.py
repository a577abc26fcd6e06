"""Reads runs from files: our own exports, and folders of state dicts as the paper's authors left them.

Everything is checked before the run takes its place in the store, nothing is executed, and a file
that is not what it should be is refused by name.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.models import build
from gangan_cli.models.family import layout
from gangan_cli.training.job import provenance
from store import Catalog, Layout, Manifest, Run, StoreError

Files = dict[tuple[int, int], Path]
Tensors = dict[str, NDArray[Any]]


def import_run(
    catalog: Catalog, source: Path, name: str, told: Callable[[int], Callable[[], None]]
) -> None:
    """Make the run `name` of the folder `source`: an export, or <gan>/model_<epoch>.pt state dicts.

    `told` is called with the number of snapshots, and what it returns after each.

    Raises:
        ConfigurationError: `source` is neither.
        WorkFailed: a file of it is not what it should be.
        RunExists, StoreError: the store cannot take it.
    """
    if not source.is_dir():
        raise ConfigurationError(f"{source} is not a folder")
    if (source / "manifest.json").is_file():
        _import_export(catalog, source, name, told)
    elif files := _numbered(source, r"model_(\d+)\.pt"):
        _import_state_dicts(catalog, source, files, name, told)
    else:
        raise ConfigurationError(
            f"{source} holds neither an export (manifest.json) nor state dicts (<gan>/model_<epoch>.pt)"
        )


def _import_export(
    catalog: Catalog, source: Path, name: str, told: Callable[[int], Callable[[], None]]
) -> None:
    path = source / "manifest.json"
    try:
        manifest = Manifest.from_json(path.read_bytes(), str(path))
        expected = layout(build(manifest.family, manifest.sizes))
    except StoreError as error:
        raise WorkFailed(str(error)) from error
    if expected != manifest.layout:
        _refuse(path, "its layout is not that of its family and sizes")
    files = _numbered(source, r"epoch_(\d+)\.(?:safetensors|npz)")
    if not files:
        _refuse(path, "there are no snapshots beside it")
    losses = _read(_either(source, "losses"))
    if set(losses) != {"losses", "keys"} or losses["losses"].shape[1:] != (len(manifest.losses), 2):
        _refuse(_either(source, "losses"), "these are not the losses of the manifest")
    constants = _read(_either(source, "constants")) if manifest.constants else {}
    if {key: array.shape for key, array in constants.items()} != dict(manifest.constants):
        _refuse(_either(source, "constants"), "these are not the constants of the manifest")
    step = told(len(files))
    with catalog.adding(name) as aside, Run.create(aside, manifest, constants) as run:
        by_key = {
            tuple(key): row for key, row in zip(losses["keys"].tolist(), losses["losses"], strict=True)
        }
        for (gan, epoch), row in by_key.items():
            run.commit(epoch, [gan], np.asarray(row, np.float64)[None])
        for (gan, epoch), file in files.items():
            if (gan, epoch) not in by_key:
                _refuse(file, "the losses know no such epoch")
            vector = _joined(manifest.layout, _read(file), file)
            run.commit(epoch, [gan], by_key[gan, epoch][None], vector[None])
            step()
        whole = len(files) == manifest.planned_snapshots
        run.release("complete" if whole else "interrupted")


def _import_state_dicts(
    catalog: Catalog, source: Path, files: Files, name: str, told: Callable[[int], Callable[[], None]]
) -> None:
    first = next(iter(files.values()))
    sizes = _mlp_sizes(first, _read_state_dict(first))
    family = build("mlp", sizes)
    expected = layout(family)
    side = round(sizes["data_dim"] ** 0.5)
    if side * side != sizes["data_dim"]:
        _refuse(first, f"its generator makes {sizes['data_dim']} values, which is no square picture")
    gans = sorted({gan for gan, _ in files})
    manifest = Manifest(
        family=family.name,
        sizes=sizes,
        layout=expected,
        losses=(),
        gans=gans[-1] + 1,
        epochs=max(epoch for _, epoch in files) + 1,
        snapshot_every=1,
        config={"imported": str(source.resolve())},
        dataset={"name": "imported", "examples": None, "height": side, "width": side, "sha256": None},
        **provenance(),
    )
    step = told(len(files))
    with catalog.adding(name) as aside, Run.create(aside, manifest) as run:
        for (gan, index), file in files.items():
            tensors = _read_state_dict(file)
            if [array.shape for array in tensors.values()] != list(expected.shapes.values()):
                _refuse(file, f"its tensors are not those of {first.name}")
            vector = _joined(expected, dict(zip(expected.shapes, tensors.values(), strict=True)), file)
            # The authors count files from 0: model_0 holds the weights after the first epoch.
            run.commit(index + 1, [gan], np.zeros((1, 0, 2)), vector[None])
            step()
        run.release("complete")


def _numbered(source: Path, pattern: str) -> Files:
    files: Files = {}
    for folder in source.iterdir():
        if folder.name.isdecimal() and folder.is_dir():
            for file in folder.iterdir():
                if match := re.fullmatch(pattern, file.name):
                    files[int(folder.name), int(match[1])] = file
    return dict(sorted(files.items()))


def _read(file: Path) -> Tensors:
    try:
        if file.suffix == ".npz":
            with np.load(file, allow_pickle=False) as arrays:
                return dict(arrays)
        from safetensors.numpy import load_file

        return dict(load_file(file))
    except Exception as error:  # whatever a reader says of a stranger's file, it is refused
        _refuse(file, str(error))


def _read_state_dict(file: Path) -> Tensors:
    import torch

    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        _refuse(file, f"torch reads no weights from it ({str(error).splitlines()[0]})")
    if not isinstance(state, dict) or not all(isinstance(t, torch.Tensor) for t in state.values()):
        _refuse(file, "it is not a state dict")
    return {str(key): tensor.detach().numpy() for key, tensor in state.items()}


def _mlp_sizes(file: Path, tensors: Tensors) -> dict[str, int]:
    networks = [key.partition(".")[0] for key in tensors]
    if networks != ["discriminator"] * 6 + ["generator"] * 6:
        _refuse(file, "it does not hold a discriminator and a generator of three linear layers each")
    shapes = [array.shape for array in tensors.values()]
    if [len(shape) for shape in shapes] != [2, 1] * 6:
        _refuse(file, "its tensors are not weights and biases in turn")
    sizes = {
        "data_dim": shapes[0][1],
        "latent_dim": shapes[6][1],
        "discriminator_width": shapes[0][0],
        "generator_width": shapes[6][0],
    }
    if shapes != list(layout(build("mlp", sizes)).shapes.values()):
        _refuse(file, "its layers do not fit each other")
    return sizes


def _joined(expected: Layout, tensors: Tensors, file: Path) -> NDArray[np.float32]:
    if wrong := [key for key, array in tensors.items() if array.dtype != np.float32]:
        _refuse(file, f"{wrong[0]} is {tensors[wrong[0]].dtype}, not float32")
    try:
        vector = expected.join(tensors)
    except ValueError as error:
        _refuse(file, str(error))
    if not np.isfinite(vector).all():
        _refuse(file, "it holds values that are not finite")
    return vector


def _either(source: Path, stem: str) -> Path:
    npz = source / f"{stem}.npz"
    return npz if npz.is_file() else source / f"{stem}.safetensors"


def _refuse(file: Path, why: str) -> NoReturn:
    raise WorkFailed(f"{file} is refused: {why}; nothing was imported")
