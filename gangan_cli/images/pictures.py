"""Opens a picture of any kind that Pillow knows, and says what it shows: grey or colour, and where.

What a picture shows is only part of what its file holds. A palette may hold greys alone, transparency
hides what lies below it, a camera's file says which side is up, and numbers of 16 bits or more have no
white of their own. So a picture is read in two steps: `decoded` says what there is, and `shown` makes
bytes of it once all pictures of a folder are known.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError
from gangan_cli.lookalikes import instead

if TYPE_CHECKING:
    from PIL import Image

RANGES = (1, 255, 65_535)
"""What may be white where numbers have no range of their own: the first that no number exceeds."""

COMMENTS = 64 << 20
"""Bytes of zipped comments that a PNG may have. Pillow stops at 1 MiB, and no pixel is read."""

GREYS = ("1", "L", "LA", "La")
"""Modes that have no colour. All others but palettes and numbers are in colour, whatever they show."""

ORIENTATION = 0x0112
"""EXIF's tag: how the picture is to be turned to stand upright."""


@dataclass(frozen=True)
class Picture:
    """What a picture shows.

    `values` are (height, width) if it is grey, (height, width, 3) in colour: uint8, or float64 if they
    are numbers `without_range`. `cover` (height, width) uint8 is 0 where nothing is seen of them and 255
    where nothing shines through; None if that is so everywhere.
    """

    values: NDArray[Any]
    cover: NDArray[np.uint8] | None = None

    @property
    def without_range(self) -> bool:
        """Whether the values are numbers of 16 bits or more, integers or floats."""
        return self.values.dtype != np.uint8

    @property
    def coloured(self) -> bool:
        """Whether it is in colour."""
        return self.values.ndim == 3

    @property
    def light(self) -> tuple[float, float]:
        """How bright what is seen of it is, summed over its pixels, and how bright it could be.

        Numbers without a range count as shares of the largest of the picture.
        """
        top = max(float(self.values.max()), 1) if self.without_range else 255
        grey = self.values.mean(axis=2) if self.coloured else self.values
        cover = np.ones(grey.shape) if self.cover is None else self.cover / 255
        return float((grey / top * cover).sum()), float(cover.sum())


@contextmanager
def opened(file: Path) -> Iterator["Image.Image"]:
    """Open a picture, and name `file` in whatever is said of it here and in the block.

    Raises:
        ConfigurationError: it is no picture, or a broken one.
    """
    from PIL import Image, PngImagePlugin

    PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = COMMENTS
    try:
        if other := instead(file):
            raise ConfigurationError(f"{file} cannot be read as a picture: {other}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what Pillow could read all the same
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Opened by its name, an unpacked TIFF that lies on its side would be mapped, and torn.
            with file.open("rb") as stream, Image.open(stream) as picture:
                yield picture
    except ConfigurationError:
        raise
    except Exception as error:  # the decoders of a dozen formats say what they like
        raise ConfigurationError(f"{file} cannot be read as a picture: {_reason(error)}") from error


def as_it_is(picture: "Image.Image") -> bool:
    """Return whether a picture is grey or in colour by its mode alone, before its pixels are read."""
    plain = picture.mode not in ("P", "PA") and not picture.mode.startswith(("I", "F"))
    return plain and not picture.has_transparency_data


def holds_several(picture: "Image.Image") -> bool:
    """Return whether the file goes on after its first picture: an animation, or pages."""
    try:
        return bool(getattr(picture, "is_animated", False))
    except Exception:  # what follows is broken, and is not read
        return False


def decoded(picture: "Image.Image") -> Picture:
    """Return what a picture shows, upright; of several in one file the first.

    Pictures with a palette, and transparent ones, are grey if no pixel that is seen has a colour.
    Others are grey or coloured by their mode.
    """
    picture.load()
    picture = _upright(picture)
    if 0 in picture.size:
        raise ValueError(f"it has {picture.width} × {picture.height} pixels")
    if picture.mode.startswith(("I", "F")):
        numbers = np.asarray(picture).astype(np.float64)
        key = picture.info.get("transparency")
        hidden = numbers == key if isinstance(key, int) else np.zeros(numbers.shape, bool)
        return Picture(numbers, np.where(hidden, 0, 255).astype(np.uint8) if hidden.any() else None)
    mode, cover = picture.mode, None
    if mode == "LAB":
        picture = _from_lab(picture)
    if picture.has_transparency_data:
        whole = np.asarray(_straight(picture).convert("RGBA"))
        values, cover = np.where(whole[..., 3:], whole[..., :3], 0), whole[..., 3]
        cover = None if cover.min() == 255 else cover
    else:
        values = np.asarray(picture.convert("L" if mode in GREYS else "RGB"))
    if values.ndim == 3 and (mode in (*GREYS, "P", "PA") or cover is not None):
        values = values[..., 0] if (values == values[..., :1]).all() else values
    return Picture(values, cover)


def shown(
    picture: Picture, coloured: bool, white: int = 255, background: int = 255
) -> NDArray[np.uint8]:
    """Return a picture as bytes: (height, width), or (height, width, 3) if it is to be `coloured`.

    Numbers without a range go from 0 to `white`. Transparent pictures lie on a `background` of 0–255.
    """
    values = picture.values
    if picture.without_range:
        values = np.rint(values * (255 / white)).astype(np.uint8)
    if coloured and values.ndim == 2:
        values = np.repeat(values[..., None], 3, axis=2)
    if picture.cover is None:
        return values
    cover = picture.cover.reshape(*picture.cover.shape, *[1] * (values.ndim - 2)).astype(np.uint16)
    # The largest sum is 255 · 255 + 127, which 16 bits hold.
    return ((values * cover + background * (255 - cover) + 127) // 255).astype(np.uint8)


def white_of(lowest: float, highest: float) -> int | None:
    """Return the first of RANGES that holds numbers from `lowest` to `highest`; None if none does."""
    return next((top for top in RANGES if 0 <= lowest <= highest <= top), None)


def _upright(picture: "Image.Image") -> "Image.Image":
    from PIL import Image

    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    try:
        turn = turns.get(int(picture.getexif().get(ORIENTATION, 1)))
    except Exception:  # broken metadata of a picture that can be read
        turn = None
    return picture if turn is None else picture.transpose(turn)


def _straight(picture: "Image.Image") -> "Image.Image":
    """Return a picture whose colours are not multiplied by their cover."""
    return picture.convert({"La": "LA", "RGBa": "RGBA"}.get(picture.mode, picture.mode))


def _from_lab(picture: "Image.Image") -> "Image.Image":
    from PIL import ImageCms

    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(picture, lab, rgb, outputMode="RGB")
    assert converted is not None  # it is None for a change in place only
    return converted


def _reason(error: Exception) -> str:
    """Return the first line of what Pillow says, without the path that it may repeat."""
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "it is of no kind that is known, or broken at its beginning"
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"it claims more pixels than the {Image.MAX_IMAGE_PIXELS:,} that are read"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error).strip() or type(error).__name__).splitlines()[0]
