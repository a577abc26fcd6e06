"""MNIST and its relatives as files: found where they lie, downloaded where they do not.

torchvision keeps them in DATA_DIR/MNIST/raw, unpacked. Elsewhere they lie packed, under names with a dot
(train-images.idx3-ubyte), or in a folder of their own, which is then the one that is named.
"""

import contextlib
import gzip
import math
import shutil
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.lookalikes import instead

TORCHVISION = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST", "kmnist": "KMNIST"}
"""Each dataset's class in torchvision, and its folder."""

STEMS = {"train": "train", "test": "t10k"}
KINDS = ("images{}idx3-ubyte", "labels{}idx1-ubyte")
"""The names of a part's two files, as in train-images-idx3-ubyte, with a hyphen or a dot."""

LARGEST = 1 << 30
"""Bytes that a packed file may have when it is unpacked; MNIST's have 47 million."""


def read(name: str, data_dir: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8], Path]:
    """Return the images (N, height, width) and labels (N,) of a dataset, and the folder they lie in.

    Raises:
        ConfigurationError: a file is damaged, or they do not belong together.
        WorkFailed: they are not there, and the download failed.
    """
    files = found(name, data_dir, part)
    if not files:
        _download(name, data_dir, part)
        files = found(name, data_dir, part)
    if not files:
        raise WorkFailed(f"dataset {name!r} was downloaded to {data_dir}, but is not there")
    pixels, labels = (_read_idx(file) for file in files)
    raw = files[0].parent
    if pixels.ndim != 3 or labels.shape != pixels.shape[:1]:
        raise ConfigurationError(f"the files in {raw} are no images with their labels")
    return pixels, labels, raw


def images(file: Path) -> NDArray[np.uint8]:
    """Return the images (N, height, width) in a file of MNIST's format, which may be packed.

    Raises:
        ConfigurationError: it cannot be read, or holds no images.
    """
    found = _read_idx(file)
    if found.ndim != 3:
        raise ConfigurationError(f"it holds an array of {found.ndim} axes, and no images")
    return found


def usual_folder(name: str, data_dir: Path) -> Path:
    """Return where torchvision keeps the files of a dataset."""
    return data_dir / TORCHVISION[name] / "raw"


def found(name: str, data_dir: Path, part: str) -> list[Path]:
    """Return a part's images and labels from the first folder that has both; nothing if none has.

    Raises:
        ConfigurationError: a folder may not be entered.
    """
    for folder in _folders(name, data_dir):
        try:
            files = [_file(folder, part, kind) for kind in KINDS]
        except OSError as error:
            raise ConfigurationError(f"{folder} cannot be read: {error.strerror}") from error
        if len(there := [file for file in files if file]) == len(files):
            return there
    return []


def _folders(name: str, data_dir: Path) -> list[Path]:
    """Return where a dataset may lie. Their files have the same names, so a folder that is named after
    another one is not its own."""
    inside = [data_dir / TORCHVISION[name], data_dir / name]
    place = data_dir.absolute()
    others = {other.lower() for pair in TORCHVISION.items() if name not in pair for other in pair}
    if not others & {place.name.lower(), place.parent.name.lower()}:
        inside.append(data_dir)
    return [folder for base in inside for folder in (base / "raw", base)]


def _file(folder: Path, part: str, kind: str) -> Path | None:
    stem = f"{STEMS[part]}-{kind}"
    names = [stem.format(between) + packed for packed in ("", ".gz") for between in "-."]
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _read_idx(file: Path) -> NDArray[np.uint8]:
    """Return the bytes in a file of MNIST's format, in their shape.

    torchvision reads it too, but importing that takes 1.5 s at each start.
    """
    try:
        if other := instead(file):
            raise ConfigurationError(f"{file} is damaged: {other}")
        content = _unpacked(file) if file.suffix == ".gz" else np.fromfile(file, np.uint8)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from error
    start = 4 + 4 * int(content[3]) if len(content) > 3 else 4
    if content[:3].tolist() == [0, 0, 8] and len(content) >= start:  # 8: unsigned bytes
        shape = content[4:start].view(">u4").tolist()
        if len(content) == start + math.prod(shape):
            return content[start:].reshape(shape)
    raise ConfigurationError(f"{file} is damaged: delete it, and it is downloaded again")


def _unpacked(file: Path) -> NDArray[np.uint8]:
    try:
        with gzip.open(file) as stream:
            content = stream.read(LARGEST + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ConfigurationError(
            f"{file} is damaged ({error}): delete it, and it is downloaded again"
        ) from error
    if len(content) > LARGEST:
        raise ConfigurationError(f"{file} is damaged: it unpacks to more than {LARGEST:,} bytes")
    return np.frombuffer(bytearray(content), np.uint8)  # of bytes, torch would have to copy it


def _download(name: str, data_dir: Path, part: str) -> None:
    """Download a dataset with torchvision; nothing is left behind if that fails.

    Raises:
        WorkFailed: it failed; what was looked for, and what is there, is said.
    """
    from torchvision import datasets

    try:
        # torchvision prints its progress to stdout, which is for data
        with tempfile.TemporaryDirectory() as aside, contextlib.redirect_stdout(sys.stderr):
            getattr(datasets, TORCHVISION[name])(aside, train=True, download=True)
            shutil.copytree(aside, data_dir, dirs_exist_ok=True)
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(":")
        looked = " and ".join(f"{STEMS[part]}-{kind.format('-')}" for kind in KINDS)
        there = [
            str(file)
            for folder in _folders(name, data_dir)
            for kind in KINDS
            if (file := _file(folder, part, kind))
        ]
        raise WorkFailed(
            f"dataset {name!r} is not in {data_dir} and could not be downloaded ({reason}): {looked}, "
            f"also as .gz, were looked for there and in {TORCHVISION[name]}/raw, and "
            f"{', '.join(there) or 'neither'} was found; put them there, name their folder with "
            "--data-dir, or train on 5,000 digits that need no network with --dataset mnist5k"
        ) from error
