"""Reads files of torch.save, tensors only, and recognises other kinds of files with such names."""

import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from gangan_cli.errors import WorkFailed
from gangan_cli.interchange.inspection import Tensors, check_file, check_packed, first_line, refuse

if TYPE_CHECKING:
    from torch import Tensor

WRAPPERS = ("module", "_orig_mod")
"""Prefixes that DataParallel and torch.compile add to a tensor's name."""

INNER = ("state_dict", "model_state_dict", "model")
"""Keys of the state dict in a checkpoint that holds other things too."""

SAVE = "torch.save(module.state_dict(), FILE)"

STARTS = {
    b"\x89HDF\r\n": "an HDF5 file, as Keras writes it",
    b"\x93NUMPY": "an array of NumPy",
    b"\x1f\x8b": "packed by gzip: unpack it",
    b"BZh": "packed by bzip2: unpack it",
    b"\xfd7zXZ": "packed by xz: unpack it",
    b"\x28\xb5\x2f\xfd": "packed by zstd: unpack it",
    b"7z\xbc\xaf": "a 7z archive: unpack it",
    b"Rar!": "a RAR archive: unpack it",
    b"\x89PNG": "a picture",
}
"""Other kinds of files, by their first bytes."""


def read_state_dict(file: Path) -> Tensors:
    """Return the tensors by name of a file that torch.save wrote, without the prefixes of WRAPPERS.

    Raises:
        WorkFailed: it holds anything but float32 tensors, or fewer numbers than they claim to have.
    """
    import torch

    tensors = read_tensors(file)
    for name, tensor in tensors.items():
        if tensor.dtype != torch.float32:
            refuse(file, f"{name} is {str(tensor.dtype).removeprefix('torch.')}, not float32")
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def read_tensors(file: Path) -> "dict[str, Tensor]":
    """Return the same, of whatever kinds of numbers the tensors are.

    Raises:
        WorkFailed: it holds anything but tensors, or fewer numbers than they claim to have.
    """
    import torch

    check_file(file)
    try:
        if kind := _other_kind(file):
            refuse(file, f"it is {kind}")
        if zipfile.is_zipfile(file):
            check_packed(file)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the file's kind, to the developers of torch
            state = torch.load(file, map_location="cpu", weights_only=True)
    except WorkFailed:
        raise
    except Exception as error:
        refuse(file, f"torch reads no weights from it: {_reason(error)}")
    tensors = _named(file, _inner(state))
    for name, tensor in tensors.items():
        if tensor.layout != torch.strided or tensor.is_quantized:
            refuse(file, f"{name} is sparse or quantized: write plain tensors")
        if tensor.device.type != "cpu":
            refuse(file, f"{name} holds no numbers, only a shape")
    # A tensor may repeat a single number a million times over, along axes that take no step.
    if sum(tensor.numel() * tensor.itemsize for tensor in tensors.values()) > file.stat().st_size:
        refuse(file, "it claims more numbers than it holds")
    return {name: tensor.detach() for name, tensor in tensors.items()}


def _other_kind(file: Path) -> str | None:
    """Return what kind of file it is if it is certainly not one of torch.save's."""
    with file.open("rb") as stream:
        start = stream.read(9)
        stream.seek(257)
        tape = stream.read(5) == b"ustar"
    for magic, kind in STARTS.items():
        if start.startswith(magic):
            return kind
    length = int.from_bytes(start[:8], "little")
    if start[8:] == b"{" and length < file.stat().st_size:
        return "a safetensors file with another name: load it with safetensors, and write " + SAVE
    if tape:
        return "a tar archive: unpack it"
    if not zipfile.is_zipfile(file):
        return "cut off: the end of it is missing" if start.startswith(b"PK") else None
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    if any(re.search(r"(^|/)(constants\.pkl$|code/)", name) for name in names):
        return f"a TorchScript archive: load it with torch.jit.load, and write {SAVE}"
    if any(name.endswith(".npy") for name in names):
        return "an npz file of NumPy with another name"
    if not any(name.endswith("data.pkl") for name in names):
        return f"a zip archive of other files, such as {names[0]}" if names else "an empty zip archive"
    return None


def _inner(state: Any) -> Any:
    """Return the state dict inside a checkpoint, if it is nested; else `state`."""
    if isinstance(state, Mapping):
        for key in INNER:
            if isinstance(state.get(key), Mapping):
                return state[key]
    return state


def _named(file: Path, state: Any) -> "dict[str, Tensor]":
    import torch

    if not isinstance(state, Mapping):
        _no_state_dict(file, f"it holds an object of type {type(state).__name__}")
    if wrong := [key for key, tensor in state.items() if not isinstance(tensor, torch.Tensor)]:
        _no_state_dict(
            file, f"{str(wrong[0])!r} is of type {type(state[wrong[0]]).__name__}, not a tensor"
        )
    tensors = {_unwrapped(str(key)): tensor for key, tensor in state.items()}
    if len(tensors) < len(state):
        _no_state_dict(file, "two of its tensors have the same name")
    return tensors


def _no_state_dict(file: Path, why: str) -> NoReturn:
    refuse(file, f"it is not a state dict: {why}; write one with {SAVE}")


def _unwrapped(name: str) -> str:
    return ".".join(part for part in name.split(".") if part not in WRAPPERS)


def _reason(error: Exception) -> str:
    """Return why torch.load failed, without its advice to execute the file's code."""
    said = str(error)
    if found := re.search(r"GLOBAL ([\w.]+)", said):
        return f"it holds Python objects ({found[1]}), which may run code: write {SAVE} instead"
    if "weights_only" in said:
        return f"it is a pickle, but not one of a state dict: write {SAVE}"
    return "it is damaged, or was not written by torch.save" + (
        "" if isinstance(error, KeyError | EOFError) else f" ({first_line(error)})"
    )
