"""Writes a run as a folder of plain files: one per snapshot, with the tensors by name.

OUT/manifest.json                    everything the store knows of the run
OUT/losses.safetensors               "losses" (n, L, 2) and "keys" (n, 2)
OUT/constants.safetensors            what a GAN-GAN's run holds besides, if anything
OUT/<gan>/epoch_<epoch>.safetensors  "discriminator.input.weight", …: a state dict
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.interchange.new_folder import new_folder
from gangan_cli.progress import StepCallback
from gangan_cli.weightspace.snapshots import select
from store import Run
from store.keys import Pair, as_array

FORMATS = ("safetensors", "npz")


def export_run(
    run: Run,
    out: Path,
    form: str,
    on_progress: StepCallback,
    gans: str = "",
    epochs: str = "",
    only: Sequence[Pair] | None = None,
) -> tuple[int, int]:
    """Write the snapshots of `run` that lie in the ranges `gans` and `epochs` to the new folder `out`;
    with `only`, those (gan, epoch) instead.

    Return how many there are and how many bytes they take. A run that is being trained is written as it
    is at one moment. `on_progress` is called with the number of snapshots, and what it returns after
    each. The folder appears when it is whole, or not at all.

    Raises:
        ConfigurationError: no such format, nothing in these ranges, or `out` is there already.
        WorkFailed: the folder cannot be written.
    """
    if form not in FORMATS:
        raise ConfigurationError(f"no format {form!r}: choose from {', '.join(FORMATS)}")
    there = run.index()
    if only is None:
        keys = select(as_array(sorted(there["snapshot"])), gans, epochs)
    else:
        keys = as_array(sorted(only))
    step = on_progress(len(keys))
    with new_folder(out) as aside:
        document = json.loads(run.manifest.to_json())
        (aside / "manifest.json").write_text(json.dumps(document, indent=2) + "\n")
        losses, loss_keys = run.losses()
        known = [key in there["losses"] for key in map(tuple, loss_keys.tolist())]
        write_arrays(aside / "losses", form, {"losses": losses[known], "keys": loss_keys[known]})
        if names := list(run.manifest.constants):
            write_arrays(aside / "constants", form, {name: run.constant(name) for name in names})
        for gan, epoch in keys.tolist():
            tensors = run.manifest.layout.split(run.snapshot(gan, epoch))
            (aside / str(gan)).mkdir(exist_ok=True)
            write_arrays(aside / str(gan) / f"epoch_{epoch}", form, dict(tensors))
            step()
    return len(keys), sum(file.stat().st_size for file in out.rglob("*") if file.is_file())


def write_arrays(path: Path, form: str, arrays: dict[str, NDArray[Any]]) -> None:
    """Write arrays by name to a file of the form safetensors or npz, whose suffix is added.

    Raises:
        WorkFailed, OSError: it cannot be written.
    """
    if form == "npz":
        np.savez(path.with_suffix(".npz"), allow_pickle=False, **arrays)
        return
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    try:
        save_file(whole, path.with_suffix(".safetensors"))
    except SafetensorError as error:  # a disk that is full, for one
        raise WorkFailed(f"cannot write {path.name}: {error}") from error
