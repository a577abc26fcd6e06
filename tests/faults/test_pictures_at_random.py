"""Pictures of all modes, sizes and states of repair: read as what they show, or refused by name."""

import io
import random

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from gangan_cli.errors import ConfigurationError
from gangan_cli.images.loading import load_images

FORMS = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "TIFF": (
        "1",
        "L",
        "LA",
        "P",
        "PA",
        "RGB",
        "RGBA",
        "CMYK",
        "YCbCr",
        "LAB",
        "I",
        "I;16",
        "I;16B",
        "F",
    ),
    "GIF": ("1", "L", "P"),
    "BMP": ("1", "L", "P", "RGB"),
    "WEBP": ("L", "RGB", "RGBA"),
    "JPEG": ("L", "RGB", "CMYK"),
}


def random_picture(chance, mode):
    """Pixels of several values, in one of Pillow's modes."""
    shape = chance.randrange(1, 20), chance.randrange(2, 20)
    numbers = np.random.default_rng(chance.getrandbits(32))
    if mode == "F":
        return Image.fromarray(numbers.random(shape, np.float32) * chance.choice([1, 255, 65_535]))
    if mode.startswith("I"):
        values = numbers.integers(0, chance.choice([2, 256, 65_536]), shape)
        return Image.frombytes(
            mode, shape[::-1], values.astype({"I": "<i4", "I;16B": ">u2"}.get(mode, "<u2")).tobytes()
        )
    whole = numbers.integers(0, 256, (*shape, 4), np.uint8)
    if chance.random() < 0.3:
        whole[..., :3] = chance.randrange(256)  # all is in how opaque it is
    picture = Image.fromarray(whole, "RGBA" if mode in ("LA", "PA", "RGBA") else "RGBX")
    if mode == "LAB":
        return Image.frombytes("LAB", picture.size, whole[..., :3].tobytes())
    if mode in ("P", "PA"):
        return picture.convert("RGB").quantize(chance.choice([2, 16, 256])).convert(mode)
    return picture.convert("RGB").convert(mode) if mode not in ("LA", "RGBA") else picture.convert(mode)


def metadata(chance, form, picture):
    """What else may stand in a file, as keywords of Pillow's save."""
    mode = picture.mode
    more = {}
    exif = Image.Exif()
    exif[0x0112] = chance.choice([1, 3, 6, 8, 9, 77])
    if chance.random() < 0.4 and form in ("PNG", "TIFF", "WEBP", "JPEG"):
        more["exif"] = exif
    if chance.random() < 0.3 and form in ("PNG", "GIF") and mode in ("L", "P", "RGB"):
        more["transparency"] = (1, 2, 3) if mode == "RGB" else chance.randrange(256)
    if chance.random() < 0.2 and form == "PNG":
        more["pnginfo"] = PngImagePlugin.PngInfo()
        more["pnginfo"].add_text("Comment", "a" * chance.choice([10, 2 << 20]), zip=True)
    if chance.random() < 0.2 and form in ("GIF", "TIFF", "WEBP", "PNG") and mode in ("L", "RGB"):
        more |= {"save_all": True, "append_images": [Image.new(mode, picture.size, 9)]}
    return more


def damaged(chance, content):
    """The bytes of a file, of which some are lost or others."""
    content = bytearray(content)
    if chance.random() < 0.5:
        del content[chance.randrange(len(content)) :]
        return content
    for _ in range(chance.randrange(1, 6)):
        content[chance.randrange(min(len(content), chance.choice([64, 10**6])))] = chance.randrange(256)
    return content


def check(folder, whole):
    """Read a folder as it may be read: pictures as they are described, or a sentence that names one."""
    try:
        images = load_images(f"images:{folder}")
    except ConfigurationError as error:
        assert str(folder) in str(error), error
        assert "\n" not in str(error)
        assert not whole, f"not damaged, yet refused: {error}"
        return False
    assert images.pixels.dtype == np.uint8
    assert images.pixels.shape == (1, images.channels * images.height * images.width)
    assert images.channels in (1, 3)
    if images.pixels.min() == images.pixels.max():
        assert images.warnings, "of one value, silently"
    return True


@pytest.mark.parametrize("count", [250, pytest.param(6000, marks=pytest.mark.long)])
def test_a_picture_of_any_kind_is_read_or_refused_by_name(tmp_path, count):
    chance = random.Random(count)
    read = 0
    for number in range(count):
        form = chance.choice(list(FORMS))
        mode = chance.choice(FORMS[form])
        memory = io.BytesIO()
        picture = random_picture(chance, mode)
        picture.save(memory, form, **metadata(chance, form, picture))
        whole = chance.random() < 0.5
        content = memory.getvalue() if whole else damaged(chance, memory.getvalue())
        folder = tmp_path / f"{number}-{mode.replace(';', '')}"
        folder.mkdir()
        file = folder / f"a.{form.lower()}"
        file.write_bytes(content)
        try:
            read += check(folder, whole)
        except Exception as error:
            error.add_note(f"picture {number}: {form} {mode}, {'whole' if whole else 'damaged'}")
            raise
        file.unlink()
        folder.rmdir()
    assert count / 2 <= read < count
