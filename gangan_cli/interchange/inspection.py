"""Reads files from strangers: numbers only, and only those that are expected.

No code is executed, nothing outside the folder is read, and memory stays in proportion to the file's
size. A file that is not as expected is refused by name.
"""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from gangan_cli import formatting
from gangan_cli.errors import WorkFailed
from gangan_cli.lookalikes import instead

Files = dict[tuple[int, int], Path]
Tensors = dict[str, NDArray[Any]]

MANIFEST_SIZE = 16 << 20
"""Maximum size of a manifest in bytes; usual ones have a few thousand."""

PACKED = 10
"""Maximum ratio of unpacked to packed size: weights hardly compress."""


class Refused(WorkFailed):
    """A file is not what it should be."""


def refuse(file: Path, why: str) -> NoReturn:
    """Raise Refused: `file` is not what it should be."""
    raise Refused(formatting.plain(f"{file} is refused: {why}"))


def check_file(file: Path) -> None:
    """Check that `file` is a regular file: no link, device or pipe, and not what a failed download
    leaves.

    Raises:
        WorkFailed: it is not, it is missing, or it cannot be read.
    """
    if file.is_symlink() or not file.is_file():
        refuse(file, "it is a link" if file.is_symlink() else "there is no such file")
    try:
        other = instead(file)
    except OSError as error:
        refuse(file, f"it cannot be read ({error.strerror})")
    if other:
        refuse(file, other)


def numbered(source: Path, pattern: str) -> Files:
    """Return the files `source`/<gan>/<pattern> by GAN and by the number that `pattern` matches.

    Raises:
        WorkFailed: one is a link, or two have the same numbers.
    """
    files: Files = {}
    for folder in source.iterdir():
        if not re.fullmatch(r"\d{1,9}", folder.name, re.ASCII) or not folder.is_dir():
            continue
        if folder.is_symlink():
            refuse(folder, "it is a link")
        for file in folder.iterdir():
            if match := re.fullmatch(pattern, file.name, re.ASCII):
                check_file(file)
                key = int(folder.name), int(match[1])
                if key in files:
                    refuse(file, f"{files[key].relative_to(source)} has the same numbers")
                files[key] = file
    return dict(sorted(files.items()))


def read(file: Path) -> Tensors:
    """Return the arrays by name of a safetensors or npz file.

    Raises:
        WorkFailed: it cannot be read, or holds pickles.
    """
    check_file(file)
    try:
        if file.suffix == ".npz":
            check_packed(file)
            with np.load(file, allow_pickle=False) as arrays:
                return dict(arrays)
        from safetensors.numpy import load_file

        return dict(load_file(file))
    except WorkFailed:
        raise
    except Exception as error:  # whatever a reader says of a stranger's file, it is refused
        refuse(file, first_line(error))


def check_arrays(
    file: Path, arrays: Tensors, expected: Mapping[str, tuple[tuple[int, ...], str]]
) -> Tensors:
    """Return `arrays` of `file` if they are those expected: a shape and a dtype by name, and finite.

    Raises:
        WorkFailed: they are not.
    """
    found = {name: (array.shape, str(array.dtype)) for name, array in arrays.items()}
    if found != dict(expected):
        refuse(file, f"it does not hold {', '.join(expected)} as the manifest describes them")
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            refuse(file, f"{name} holds values that are not finite")
    return arrays


def check_packed(file: Path) -> None:
    """Check that a zip archive does not unpack to many times its size.

    Raises:
        WorkFailed: it would.
    """
    with zipfile.ZipFile(file) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > PACKED * file.stat().st_size:
        refuse(file, f"its {file.stat().st_size} bytes would unpack to {unpacked}")


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, or its type if it has none."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
