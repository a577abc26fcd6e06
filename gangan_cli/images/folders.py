"""Pictures that lie in files: anybody's own (`images:FOLDER`), and CelebA's faces (`celeba`)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.images.dataset import Images
from gangan_cli.images.pictures import RANGES, as_it_is, decoded, holds_several, opened, shown, white_of
from gangan_cli.limits import available

KINDS = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff")

FACE, FACE_SIDE = 108, 64
"""CelebA's pictures are cut to FACE pixels around their middle and made FACE_SIDE high (001, 1.8)."""

CELEBA = Path("celeba") / "img_align_celeba"
"""Where torchvision keeps CelebA's pictures."""

NEARLY_ONE = 8
"""Pictures whose values all lie so close together, of 0–255, are nearly of one value."""


def pictures_in(folder: Path) -> Images:
    """Return all pictures of a folder, grey if all are, else in colour. They must be of one size.

    Where pictures lie only in folders below it, each of these is a class, as in torchvision's
    ImageFolder: they are counted from 0 in the order of their names. Hidden files are left out.

    Raises:
        ConfigurationError: there are none, one cannot be read, they differ in size, or their numbers
            have no range that we know.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"dataset 'images:{folder}': there is no such folder")
    try:
        groups, left_out = _found(folder)
    except OSError as error:
        raise ConfigurationError(f"{error.filename} cannot be read: {error.strerror}") from error
    if not groups:
        raise ConfigurationError(
            f"{folder} holds no pictures, and no folders of pictures: {', '.join(KINDS)} are read; "
            f"it holds {_counted(left_out) or 'nothing'}"
        )
    files = [file for group in groups.values() for file in group]
    survey = _Survey.of(files)
    images = _together(f"images:{folder}", files, (survey.read(file) for file in files))
    remarks = list(survey.remarks)
    if left_out:
        remarks.append(f"left out: {_counted(left_out)}")
    if folder not in groups:
        images = replace(
            images, labels=np.repeat(np.arange(len(groups)), [len(group) for group in groups.values()])
        )
        names = ", ".join(group.name for group in groups)
        remarks.append(f"pictures of {len(groups)} classes, one for each folder: {names}")
    return replace(images, remarks=tuple(remarks))


def _found(folder: Path) -> tuple[dict[Path, list[Path]], Counter[str]]:
    """Return the pictures that lie in a folder, or else by folder in those below it; and how many files
    are left out, by the reason."""
    left_out: Counter[str] = Counter()
    if own := _pictures_among(folder.iterdir(), left_out):
        return {folder: own}, left_out
    left_out.clear()
    groups = {}
    for below in sorted(folder.iterdir()):
        inside = below.is_dir() and not _hidden(below)
        if pictures := _pictures_among(_all_in(below) if inside else [below], left_out):
            groups[below] = pictures
    return groups, left_out


def _pictures_among(files: Iterable[Path], left_out: Counter[str]) -> list[Path]:
    """Return the pictures among files in the order of their names; count the others in `left_out`."""
    pictures = []
    for file in sorted(files):
        if _hidden(file):
            left_out["hidden"] += 1
        elif file.is_dir():
            left_out["folders"] += 1
        elif file.suffix.lower() not in KINDS:
            left_out[file.suffix or "without an ending"] += 1
        elif not file.is_file():
            left_out["links to nothing, pipes or devices"] += 1
        else:
            pictures.append(file)
    return pictures


def _all_in(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and those below, but of no hidden one. Links are not followed."""
    for inside in folder.iterdir():
        if inside.is_dir() and not inside.is_symlink() and not _hidden(inside):
            yield from _all_in(inside)
        else:
            yield inside


def _hidden(file: Path) -> bool:
    return file.name.startswith(".")


def _counted(left_out: Counter[str]) -> str:
    return ", ".join(f"{what} ({count:,})" for what, count in left_out.most_common(4))


def _pictures(count: int) -> str:
    return f"{count:,} picture{'s' if count > 1 else ''}"


@dataclass(frozen=True)
class _Survey:
    """How the pictures of a folder are to be read, which depends on all of them."""

    coloured: bool
    white: int
    """What is white where numbers have no range of their own."""
    background: int
    """What transparent pictures are laid on, 0 or 255: the farther from what they show."""
    remarks: tuple[str, ...]

    @classmethod
    def of(cls, files: list[Path]) -> "_Survey":
        """Look at all pictures, at the pixels only of those whose mode does not say it all.

        Raises:
            ConfigurationError: one cannot be read, or holds a number that is in no range.
        """
        coloured, several = False, 0
        numbers: list[tuple[float, float, Path]] = []
        light: list[tuple[float, float]] = []
        for file in files:
            with opened(file) as image:
                if as_it_is(image):
                    coloured |= image.mode not in ("1", "L")
                else:
                    picture = decoded(image)
                    coloured |= picture.coloured
                    if picture.without_range:
                        numbers.append((float(picture.values.min()), float(picture.values.max()), file))
                    if picture.cover is not None:
                        light.append(picture.light)
                several += holds_several(image)
        remarks = []
        white = _white(numbers) if numbers else 255
        if numbers:
            remarks.append(
                f"{_pictures(len(numbers))} of numbers without a range of their own: 0 is black and "
                f"{white:,} white, as no number is larger"
            )
        given, greatest = np.sum(light, axis=0) if light else (0, 0)
        background = 0 if given > greatest / 2 else 255
        if light:
            remarks.append(
                f"{_pictures(len(light))} with transparency laid on "
                + ("white, as they are rather dark" if background else "black, as they are rather light")
            )
        if several:
            remarks.append(f"{several:,} of the files hold several pictures: the first of each is taken")
        return cls(coloured, white, background, tuple(remarks))

    def read(self, file: Path) -> NDArray[np.uint8]:
        """Return a picture (height, width), or (height, width, 3) where one of them is in colour."""
        with opened(file) as image:
            return shown(decoded(image), self.coloured, self.white, self.background)


def _white(numbers: list[tuple[float, float, Path]]) -> int:
    for low, high, file in numbers:
        if white_of(low, high) is None:
            wrong = high if white_of(0, high) is None else low
            raise ConfigurationError(
                f"{file} holds the number {wrong:g}: numbers of 16 bits or more are read where all of a "
                f"folder lie within {', '.join(f'0–{top:,}' for top in RANGES)}"
            )
    white = white_of(0, max(high for _, high, _ in numbers))
    assert white is not None
    return white


def celeba(data_dir: Path) -> Images:
    """Return CelebA's faces, cut to their middle and 64 × 64 pixels large, downloaded if not there.

    Raises:
        WorkFailed: the download failed.
        ConfigurationError: a picture cannot be read.
    """
    folder = data_dir / CELEBA
    if not folder.is_dir():
        _download_celeba(data_dir)
    files = sorted(file for file in folder.glob("*.jpg") if not _hidden(file))
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
    warnings = _warnings(pixels.reshape(len(files), channels, -1), files)
    return Images(name, pixels, np.full(len(pixels), -1), height, width, channels, warnings=warnings)


def _warnings(pixels: NDArray[np.uint8], files: list[Path]) -> tuple[str, ...]:
    """Return warnings where pictures hardly differ, or some show one colour only.

    `pixels` are (N, channels, height · width).
    """
    lowest, highest = pixels.min(axis=2), pixels.max(axis=2)
    if int(highest.max()) - int(lowest.min()) < NEARLY_ONE:
        return (
            f"all pixels of all pictures lie within {lowest.min()}–{highest.max()}, of 0–255: there is "
            "nothing to learn from them",
        )
    flat = np.flatnonzero((lowest == highest).all(axis=1))
    if not len(flat):
        return ()
    return (f"{len(flat):,} of {_pictures(len(files))} show one colour only, as {files[flat[0]]}",)


def _face(file: Path) -> NDArray[np.uint8]:
    from PIL import Image

    with opened(file) as image:
        picture = Image.fromarray(shown(decoded(image), coloured=True))
    left, top = (picture.width - FACE) // 2, (picture.height - FACE) // 2
    if min(left, top) < 0:
        raise ConfigurationError(f"{file} is smaller than {FACE} × {FACE} pixels")
    face = picture.crop((left, top, left + FACE, top + FACE))
    return np.asarray(face.resize((FACE_SIDE, FACE_SIDE), Image.Resampling.BILINEAR))


def _download_celeba(data_dir: Path) -> None:
    import contextlib
    import sys

    from torchvision import datasets

    new = [folder for folder in ((data_dir / CELEBA).parent, data_dir) if not folder.exists()]
    try:
        with contextlib.redirect_stdout(sys.stderr):
            datasets.CelebA(str(data_dir), download=True)
    except Exception as error:
        for folder in new:
            with contextlib.suppress(OSError):  # what was downloaded so far is gone on with
                folder.rmdir()
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(":")
        raise WorkFailed(
            f"celeba is not in {data_dir / CELEBA} and could not be downloaded ({reason}): put its "
            "pictures there, or name the folder above with --data-dir"
        ) from error
