"""Takes sampled GANs home: as a run of the store, as state dicts, or as pictures."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gangan_cli.config import RunEnvironment
from gangan_cli.images.grid import Bytes, shades, tile
from gangan_cli.interchange.export import write_arrays
from gangan_cli.interchange.new_folder import new_folder
from gangan_cli.provenance import provenance
from gangan_cli.sampling.lineage import Lineage, Pictures
from gangan_cli.weightspace.snapshots import Matrix
from store import Catalog, Manifest, Run, RunRef
from store.filesystem import check_room, run_size
from store.manifest import Origin

Form = Literal["safetensors", "pt"]

LATENTS = "latents"
"""The constant of a sampled run with the latents of its GANs."""


def add_run(
    catalog: Catalog,
    name: str,
    lineage: Lineage,
    weights: Matrix,
    latents: Matrix | None,
    source: str,
    *,
    force: bool = False,
) -> None:
    """Add a run `name` of GANs with `weights` (n, P) that the GAN-GAN on top generated at `latents`
    (n, L), None if a baseline drew them: a population like any other, of one epoch. `source` says from
    which snapshot, or by which baseline; `force` skips the check for free space.

    Raises:
        RunExists, StoreError: the store cannot take it.
    """
    below = lineage.below.manifest
    constants: dict[str, NDArray[Any]] = {} if latents is None else {LATENTS: latents}
    if below.parents:  # what decodes the weights of a GAN-GAN
        constants |= {one: lineage.below.constant(one) for one in below.constants}
    named = LATENTS if latents is not None else ""
    manifest = Manifest(
        family=below.family,
        hparams=below.hparams,
        layout=below.layout,
        losses=(),
        gans=len(weights),
        epochs=1,
        snapshot_every=1,
        config={"sampled": f"{lineage.top.name} {source}"},
        dataset=below.dataset,
        parents=below.parents,
        constants={one: array.shape for one, array in constants.items()},
        origin=Origin("sampled", (RunRef(lineage.top.name, lineage.top.manifest.id),), named),
        **{**provenance(RunEnvironment()), "machine": below.machine},
    )
    if not force:
        check_room(catalog.path(name), run_size(manifest, 0))
    with catalog.adding(name) as aside, Run.create(aside, manifest, constants) as run:
        run.commit(1, range(len(weights)), np.zeros((len(weights), 0, 2)), weights)
        run.release("complete")


def write_state_dicts(out: Path, lineage: Lineage, weights: Matrix, form: Form, about: Any) -> None:
    """Write GANs with `weights` (n, P) to the new folder `out`, a state dict each; sample.json says
    what they are (`about`).

    Raises:
        ConfigurationError, WorkFailed: as `new_folder`.
    """
    layout = lineage.below.manifest.layout
    with new_folder(out) as aside:
        _write_about(aside, about)
        for number, vector in enumerate(weights):
            tensors = layout.split(vector)
            file = aside / f"gan_{number}"
            if form == "safetensors":
                write_arrays(file, form, dict(tensors))
            else:
                import torch

                content = BytesIO()  # on a full disk torch.save itself raises no OSError
                whole = {one: torch.from_numpy(array.copy()) for one, array in tensors.items()}
                torch.save(whole, content)
                file.with_suffix(".pt").write_bytes(content.getvalue())


def write_pictures(
    out: Path, pictures: list[Pictures], form: str, labels: list[int] | None, about: Any
) -> None:
    """Write the pictures (n, height, width, ...) of each GAN to the new folder `out`: as PNGs, with a
    grid, or as one .npz of bytes, with labels if there are some.

    Raises:
        ConfigurationError, WorkFailed: as `new_folder`.
    """
    images = [shades(of_gan) for of_gan in pictures]
    with new_folder(out) as aside:
        _write_about(aside, about)
        if form == "npz":
            arrays = {"images": np.stack(images)}
            if labels is not None:
                arrays["labels"] = np.array(labels)
            write_arrays(aside / "images", form, arrays)
            return
        from PIL import Image

        Image.fromarray(_grid(images)).save(aside / "grid.png")
        for gan, of_gan in enumerate(images):
            folder = aside / f"gan_{gan}" if len(images) > 1 else aside
            folder.mkdir(exist_ok=True)
            for number, image in enumerate(of_gan):
                Image.fromarray(image).save(folder / f"{number:05}.png")


def write_numbers(
    out: Path, numbers: Matrix, about: Any, draw: Callable[[Path], None] | None = None
) -> None:
    """Write the numbers (gans, n) of GANs to the new folder `out`; instead, what `draw` draws of them.

    Raises:
        ConfigurationError, WorkFailed: as `new_folder`.
    """
    with new_folder(out) as aside:
        _write_about(aside, about)
        if draw is None:
            write_arrays(aside / "numbers", "npz", {"numbers": numbers})
        else:
            draw(aside / "densities.png")


def _grid(images: list[Bytes]) -> Bytes:
    """Return a row of pictures per GAN; those of a single GAN as a square, at most 100 of them."""
    if len(images) > 1:
        return tile(np.stack([of_gan[:20] for of_gan in images]))
    side = min(10, int(len(images[0]) ** 0.5))
    first = images[0][: side**2]
    return tile(first.reshape(side, side, *first.shape[1:]))


def _write_about(folder: Path, about: Any) -> None:
    (folder / "sample.json").write_text(json.dumps(about, indent=2) + "\n")
