"""Reads folders of state dicts of any network, as weight vectors of one layout.

A file in the folder is a network of its own. A sub-folder is one network, its files are the epochs of
its training in natural order (2 before 10)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError
from gangan_cli.interchange.checkpoints import read_tensors
from gangan_cli.interchange.inspection import check_file, first_line, read, refuse
from gangan_cli.progress import ProgressCallback
from store import Layout
from store.keys import Keys

if TYPE_CHECKING:
    from torch import Tensor

SUFFIXES = (".safetensors", ".npz", ".pt", ".pth", ".bin", ".ckpt")
"""Files that are read: of safetensors, of numpy.savez, and of torch.save."""


@dataclass(frozen=True)
class NetworkSet:
    """The networks of a folder: `vectors` (n, P), the (network, epoch) of each as `keys` (n, 2), both
    counted as in a run, and its file in `files` (n), named from the folder on.

    `skipped` are sub-folders without state dicts.
    """

    folder: Path
    layout: Layout
    vectors: NDArray[np.float32]
    keys: Keys
    files: tuple[str, ...]
    skipped: tuple[str, ...] = ()

    @property
    def networks(self) -> int:
        """The number of networks."""
        return int(self.keys[-1, 0]) + 1

    @property
    def last(self) -> NDArray[np.int64]:
        """The row of each network's last epoch."""
        return np.flatnonzero(np.append(np.diff(self.keys[:, 0]) > 0, True))

    def matrix(self, of: Keys | None = None) -> tuple[NDArray[np.float32], Keys]:
        """Return the vectors with the keys `of` (n, 2), and these, as `Run.matrix` does."""
        if of is None:
            return self.vectors.copy(), self.keys
        begins = np.searchsorted(self.keys[:, 0], of[:, 0])
        return self.vectors[begins + of[:, 1] - 1], of


def read_networks(
    folder: Path,
    layout: Layout | None = None,
    of: str = "",
    on_progress: ProgressCallback = lambda *_: None,
) -> NetworkSet:
    """Return the networks of a folder; `layout` is that of their floating-point tensors, which come from
    `of` for messages; by default those of the first file.

    Other numbers, such as counters of batches, are left out.

    Raises:
        ConfigurationError: there is no such folder, or it holds no state dicts, or both files and
            sub-folders of them.
        WorkFailed: a file is not a state dict of this layout, or holds values that are not finite.
    """
    networks, skipped = _files(folder)
    total = sum(map(len, networks))
    rows: list[NDArray[np.float32]] = []
    names: list[str] = []
    keys: list[tuple[int, int]] = []
    for number, files in enumerate(networks):
        for epoch, file in enumerate(files, start=1):
            on_progress(f"reading {folder.name}", len(rows), total)
            tensors = read_weights(file)
            if layout is None:
                layout, of = Layout.of({name: array.shape for name, array in tensors.items()}), file.name
            rows.append(_vector(file, tensors, layout, of))
            names.append(str(file.relative_to(folder)))
            keys.append((number, epoch))
    assert layout is not None
    return NetworkSet(folder, layout, np.stack(rows), np.array(keys, np.int64), tuple(names), skipped)


def read_weights(file: Path) -> dict[str, NDArray[np.float32]]:
    """Return the floating-point tensors of a state dict by name, as float32.

    Raises:
        WorkFailed: it cannot be read, or is more than tensors.
    """
    return {
        name: tensor.float().numpy()
        for name, tensor in read_everything(file).items()
        if tensor.is_floating_point()
    }


def read_everything(file: Path) -> "Mapping[str, Tensor]":
    """Return all tensors of a state dict by name, in one of the formats of SUFFIXES.

    Raises:
        WorkFailed: it cannot be read, or is more than tensors.
    """
    import torch

    if file.suffix == ".npz":
        arrays = read(file)
        if wrong := [name for name, array in arrays.items() if array.dtype.kind not in "fiub"]:
            refuse(file, f"{wrong[0]} is {arrays[wrong[0]].dtype}, not numbers")
        return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
    if file.suffix != ".safetensors":
        return read_tensors(file)
    check_file(file)
    try:
        from safetensors.torch import load_file

        return dict(load_file(file))
    except Exception as error:  # whatever a reader says of a stranger's file, it is refused
        refuse(file, first_line(error))


def _files(folder: Path) -> tuple[list[list[Path]], tuple[str, ...]]:
    """Return the files of each network, and the sub-folders without any."""
    if not folder.is_dir():
        raise ConfigurationError(f"{folder} is not a folder")
    there = sorted((one for one in folder.iterdir() if not one.name.startswith(".")), key=_natural)
    alone = [one for one in there if one.suffix in SUFFIXES and not one.is_dir()]
    inside = {
        one.name: sorted((file for file in one.iterdir() if file.suffix in SUFFIXES), key=_natural)
        for one in there
        if one.is_dir()
    }
    trajectories = [files for files in inside.values() if files]
    if alone and trajectories:
        raise ConfigurationError(
            f"{folder} holds both files and folders of state dicts: a network is one file, or a folder "
            "with a file for each epoch"
        )
    if not alone and not trajectories:
        raise ConfigurationError(f"{folder} holds no state dicts ({', '.join(SUFFIXES)})")
    skipped = tuple(name for name, files in inside.items() if not files)
    return [[file] for file in alone] or trajectories, skipped


def _natural(path: Path) -> list[tuple[int, int | str]]:
    """Return a key that sorts numbers in names by their value."""
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in re.split(r"(\d+)", path.name)]


def _vector(
    file: Path, tensors: Mapping[str, NDArray[np.float32]], layout: Layout, of: str
) -> NDArray[np.float32]:
    for name, shape in layout.shapes.items():
        if name not in tensors:
            refuse(file, f"it has no {name}, which is {shape} in {of}")
        if tensors[name].shape != shape:
            refuse(file, f"{name} is {tensors[name].shape}, and {shape} in {of}")
    if more := [name for name in tensors if name not in layout.shapes]:
        refuse(file, f"{more[0]} is {tensors[more[0]].shape}, and not in {of}")
    if wrong := [name for name in layout.shapes if not np.isfinite(tensors[name]).all()]:
        refuse(file, f"{wrong[0]} holds NaN or infinity")
    return np.concatenate([tensors[name].reshape(-1) for name in layout.shapes])
