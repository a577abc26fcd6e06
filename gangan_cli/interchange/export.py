"""Writes a run as a folder of plain files: one per snapshot, with the tensors by name.

OUT/manifest.json                    everything the store knows of the run
OUT/losses.safetensors               "losses" (n, L, 2) and "keys" (n, 2)
OUT/constants.safetensors            what a GAN-GAN's run holds besides, if anything
OUT/<gan>/epoch_<epoch>.safetensors  "discriminator.input.weight", …: a state dict
"""

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError, WorkFailed
from store import Run
from store.keys import Keys

FORMATS = ("safetensors", "npz")


def export_run(run: Run, keys: Keys, out: Path, form: str, told: Callable[[], None]) -> int:
    """Write the snapshots `keys` of `run` to the new folder `out`; return how many bytes.

    `told` is called after each snapshot. The folder appears when it is whole, or not at all.

    Raises:
        ConfigurationError: no such format, or `out` is there already.
        WorkFailed: the folder cannot be written.
    """
    if form not in FORMATS:
        raise ConfigurationError(f"no format {form!r}: there is {', '.join(FORMATS)}")
    if out.exists():
        raise ConfigurationError(f"{out} is there already: name a new folder")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise WorkFailed(f"cannot write to {out.parent}: {error.strerror}") from error
    try:
        document = json.loads(run.manifest.to_json())
        (aside / "manifest.json").write_text(json.dumps(document, indent=2) + "\n")
        losses, loss_keys = run.losses()
        _write(aside / "losses", form, {"losses": losses, "keys": loss_keys})
        if names := list(run.manifest.constants):
            _write(aside / "constants", form, {name: run.constant(name) for name in names})
        for gan, epoch in keys.tolist():
            tensors = run.manifest.layout.split(run.snapshot(gan, epoch))
            (aside / str(gan)).mkdir(exist_ok=True)
            _write(aside / str(gan) / f"epoch_{epoch}", form, dict(tensors))
            told()
        aside.chmod(0o755)  # mkdtemp's folders are private
        aside.rename(out)
    except OSError as error:
        raise WorkFailed(f"cannot write {out}: {error.strerror}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return sum(file.stat().st_size for file in out.rglob("*") if file.is_file())


def _write(path: Path, form: str, arrays: dict[str, NDArray[Any]]) -> None:
    if form == "npz":
        np.savez(path.with_suffix(".npz"), allow_pickle=False, **arrays)
        return
    from safetensors.numpy import save_file

    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    save_file(whole, path.with_suffix(".safetensors"))
