"""Pictures that lie in files: anybody's own (`images:FOLDER`), and CelebA's faces (`celeba`)."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gangan_cli.data.images import Images
from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.limits import available

KINDS = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff")

FACE, FACE_SIDE = 108, 64
"""CelebA's pictures are cut to FACE pixels around their middle and made FACE_SIDE high (001, 1.8)."""

CELEBA = Path("celeba") / "img_align_celeba"
"""Where torchvision keeps CelebA's pictures."""


def pictures_in(folder: Path) -> Images:
    """Return all pictures of a folder, grey if all are, else in colour. They must be of one size.

    Raises:
        ConfigurationError: there are none, one cannot be read, or they differ in size.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"dataset 'images:{folder}': there is no such folder")
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in KINDS)
    if not files:
        raise ConfigurationError(f"{folder} holds no pictures: {', '.join(KINDS)} are read")
    colour = any(_is_coloured(file) for file in files)
    found = (_read(file, "RGB" if colour else "L") for file in files)
    return _together(f"images:{folder}", files, found)


def celeba(data_dir: Path) -> Images:
    """Return CelebA's faces, cut to their middle and 64 × 64 pixels large, downloaded if not there.

    Raises:
        WorkFailed: the download failed.
        ConfigurationError: a picture cannot be read.
    """
    folder = data_dir / CELEBA
    if not folder.is_dir():
        _download_celeba(data_dir)
    files = sorted(folder.glob("*.jpg"))
    if not files:
        raise ConfigurationError(f"{folder} holds no pictures of CelebA")
    return _together("celeba", files, (_face(file) for file in files))


def _together(name: str, files: list[Path], found: Iterable[NDArray[np.uint8]]) -> Images:
    """Return pictures (height, width) or (height, width, 3) as one dataset without labels."""
    pixels: NDArray[np.uint8] | None = None
    shape: tuple[int, ...] = ()
    for number, (file, picture) in enumerate(zip(files, found, strict=True)):
        if pixels is None:
            shape = picture.shape
            if len(files) * picture.size > available() / 2:
                raise ConfigurationError(
                    f"{len(files)} pictures of {shape[1]} × {shape[0]} take more than half of the free "
                    "memory"
                )
            pixels = np.empty((len(files), picture.size), np.uint8)
        if picture.shape != shape:
            raise ConfigurationError(
                f"{file} has {picture.shape[1]} × {picture.shape[0]} pixels, {files[0].name} has "
                f"{shape[1]} × {shape[0]}: give pictures of one size"
            )
        # Channels first, as convolutions take them.
        pixels[number] = (picture if picture.ndim == 2 else picture.transpose(2, 0, 1)).reshape(-1)
    assert pixels is not None
    height, width = shape[:2]
    channels = 1 if len(shape) == 2 else 3
    return Images(name, pixels, np.full(len(pixels), -1), height, width, channels)


def _is_coloured(file: Path) -> bool:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as picture:
            return picture.mode not in ("1", "L", "LA", "I", "I;16")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise ConfigurationError(f"{file} cannot be read as a picture: {error}") from error


def _read(file: Path, mode: str) -> NDArray[np.uint8]:
    from PIL import Image

    try:
        with Image.open(file) as picture:
            return np.asarray(picture.convert(mode))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise ConfigurationError(f"{file} cannot be read as a picture: {error}") from error


def _face(file: Path) -> NDArray[np.uint8]:
    from PIL import Image

    picture = Image.fromarray(_read(file, "RGB"))
    left, top = (picture.width - FACE) // 2, (picture.height - FACE) // 2
    if min(left, top) < 0:
        raise ConfigurationError(f"{file} is smaller than {FACE} × {FACE} pixels")
    face = picture.crop((left, top, left + FACE, top + FACE))
    return np.asarray(face.resize((FACE_SIDE, FACE_SIDE), Image.Resampling.BILINEAR))


def _download_celeba(data_dir: Path) -> None:
    import contextlib
    import sys

    from torchvision import datasets

    try:
        with contextlib.redirect_stdout(sys.stderr):
            datasets.CelebA(str(data_dir), download=True)
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(":")
        raise WorkFailed(
            f"celeba is not in {data_dir / CELEBA} and could not be downloaded ({reason}): put its "
            "pictures there, or name the folder above with --data-dir"
        ) from error
