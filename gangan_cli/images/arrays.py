"""Anybody's images as grey bytes of one size: from a folder of pictures, .npy, .npz or IDX files."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError
from gangan_cli.images import idx
from gangan_cli.images.folders import pictures_in

GREY = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in a grey (ITU-R 601-2), as Pillow's."""


@dataclass(frozen=True)
class Greys:
    """Grey images (n, side · side), 0 to 255, and what was done to make them such."""

    pixels: NDArray[np.uint8]
    remarks: tuple[str, ...]


def greys_at(path: Path, side: int) -> Greys:
    """Return the images in a folder of pictures, or in a .npy, .npz or IDX file.

    Raises:
        ConfigurationError: there are none, or they cannot be read.
    """
    if path.is_dir():
        images = pictures_in(path)
        shape = (images.count, images.channels, images.height, images.width)
        # Colours are stored channels first.
        made = as_greys(images.pixels.reshape(shape), side)
        return Greys(made.pixels, (*images.remarks, *images.warnings, *made.remarks))
    if not path.is_file():
        raise ConfigurationError(f"{path}: there is no such file or folder")
    try:
        return as_greys(_array(path), side)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from error


def _array(path: Path) -> NDArray[Any]:
    if path.suffix not in (".npy", ".npz"):
        return idx.images(path)
    try:
        loaded = np.load(path, allow_pickle=False)
        if path.suffix == ".npy":
            return np.asarray(loaded)
        with loaded:
            names = [name for name in loaded.files if loaded[name].ndim >= 2]
            if "images" in names:
                names = ["images"]
            if len(names) != 1:
                raise ConfigurationError(
                    f"it holds {', '.join(loaded.files) or 'nothing'}: name the array of images "
                    '"images", or let it be the only one'
                )
            found: NDArray[Any] = loaded[names[0]]
            return found
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ConfigurationError(f"it is damaged, or no file of NumPy's ({error})") from error


def as_greys(array: NDArray[Any], side: int) -> Greys:
    """Return images as grey bytes of `side` × `side` pixels.

    `array` is (n, height, width), with 1 or 3 channels as second or last axis, or (n, side · side).
    Integers are from 0 to 255, or from 0 to 65,535 if one is larger; floats are from -1 to 1 if one is
    negative, from 0 to 1 if none is larger than 1, else from 0 to 255. Colours become greys
    (ITU-R 601-2), and another size is resized by Pillow's bilinear filter.

    Raises:
        ConfigurationError: another shape, or numbers that fit none of these ranges.
    """
    if array.ndim == 2 and array.shape[1] == side * side:
        array = array.reshape(-1, side, side)
    if array.ndim not in (3, 4) or not array.size:
        raise ConfigurationError(f"an array of shape {array.shape} is no set of images")
    values, remarks = _in_bytes(array)
    if values.ndim == 4:
        axis = next((axis for axis in (1, 3) if values.shape[axis] in (1, 3)), None)
        if axis is None:
            raise ConfigurationError(f"images of shape {array.shape[1:]} have neither 1 nor 3 channels")
        values = np.moveaxis(values, axis, -1)
        if values.shape[-1] == 3:
            values = values @ GREY
            remarks.append("colours became greys")
        else:
            values = values[..., 0]
    height, width = values.shape[1:]
    if (height, width) != (side, side):
        values = _resized(values, side)
        remarks.append(f"images of {height} × {width} pixels were resized to {side} × {side}")
    pixels = np.rint(values).clip(0, 255).astype(np.uint8).reshape(len(values), -1)
    return Greys(pixels, tuple(remarks))


def _in_bytes(array: NDArray[Any]) -> tuple[NDArray[Any], list[str]]:
    """Return values from 0 to 255, and what they were taken for, unless that is plain."""
    if array.dtype == np.uint8:
        return array, []
    if array.dtype == bool:
        return array * 255.0, []
    if not (np.issubdtype(array.dtype, np.integer) or np.issubdtype(array.dtype, np.floating)):
        raise ConfigurationError(f"numbers of type {array.dtype} are no pixels")
    if not np.isfinite(array).all():
        raise ConfigurationError("some pixels are not finite")
    low, high = float(array.min()), float(array.max())
    values = array.astype(np.float64)
    if np.issubdtype(array.dtype, np.integer):
        if low < 0 or high > 65_535:
            raise ConfigurationError(f"integers from {low:g} to {high:g} are no pixels: 0 to 65,535 are")
        top = 255 if high <= 255 else 65_535
        return values * (255 / top), [f"integers were taken to be from 0 to {top:,}"]
    if low < -1 or high > 255 or (low < 0 and high > 1):
        raise ConfigurationError(
            f"numbers from {low:g} to {high:g} are no pixels: give -1 to 1, 0 to 1 or 0 to 255"
        )
    if low < 0:
        return (values + 1) * 127.5, ["numbers were taken to be from -1 to 1"]
    top = 1 if high <= 1 else 255
    return values * (255 / top), [f"numbers were taken to be from 0 to {top}"]


def _resized(values: NDArray[Any], side: int) -> NDArray[Any]:
    from PIL import Image

    def one(image: NDArray[Any]) -> NDArray[Any]:
        whole = Image.fromarray(image.astype(np.float32))
        return np.asarray(whole.resize((side, side), Image.Resampling.BILINEAR))

    return np.stack([one(image) for image in values])
