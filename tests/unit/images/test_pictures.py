"""What pictures of other kinds than grey and RGB show, and what is said of how they are read."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from gangan_cli.errors import ConfigurationError
from gangan_cli.images.loading import load_images
from gangan_cli.images.pictures import decoded, shown
from tests.commands import gangan

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)
SHAPE = np.where(np.add.outer(np.arange(16), np.arange(16)) < 12, 255, 0).astype(np.uint8)


def folder_of(folder, *pictures, form="png", **more):
    """A folder with these pictures; each may be an array."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures):
        if isinstance(picture, np.ndarray):
            picture = Image.fromarray(picture)
        picture.save(folder / f"{number:02}.{form}", **more)
    return folder


def load(folder):
    return load_images(f"images:{folder}")


def refused(folder):
    with pytest.raises(ConfigurationError) as caught:
        load(folder)
    return str(caught.value)


def test_a_grey_picture_of_16_bits_keeps_its_shades(tmp_path):
    images = load(folder_of(tmp_path / "a", *[RAMP.astype(np.uint16) * 257] * 3))
    assert np.array_equal(images.pixels, [RAMP.reshape(-1)] * 3)
    assert images.remarks == (
        "3 pictures of numbers without a range of their own: 0 is black and 65,535 white, as no number "
        "is larger",
    )


@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float32, ">u2"])
@pytest.mark.parametrize("white", [1, 255, 65_535])
def test_numbers_go_up_to_the_first_range_that_holds_all_of_a_folder(tmp_path, kind, white):
    wanted = np.where(RAMP > 100, 255, 0) if white == 1 else RAMP
    numbers = np.rint(wanted * (white / 255)).astype(kind)
    halves = [numbers, np.zeros_like(numbers)]
    images = load(folder_of(tmp_path / "a", *halves, form="tif"))
    assert np.array_equal(images.pixels[0], wanted.reshape(-1))
    assert f"0 is black and {white:,} white" in images.remarks[0]


@pytest.mark.parametrize(
    ("number", "said"), [(-3, "-3"), (70_000, "70000"), (np.nan, "nan"), (np.inf, "inf")]
)
def test_numbers_beyond_every_range_are_refused_with_the_file_and_the_number(tmp_path, number, said):
    wrong = RAMP.astype(np.float32)
    wrong[3, 3] = number
    said = f"01.tif holds the number {said}: numbers of 16 bits or more"
    assert said in refused(folder_of(tmp_path / "a", RAMP.astype(np.float32), wrong, form="tif"))


def drawn_in_alpha(colour):
    return np.dstack([np.full((16, 16, 3), colour, np.uint8), SHAPE])


@pytest.mark.parametrize(("colour", "ground", "said"), [(0, 255, "white"), (255, 0, "black")])
def test_a_shape_drawn_in_alpha_alone_is_seen(tmp_path, colour, ground, said):
    images = load(folder_of(tmp_path / "a", *[drawn_in_alpha(colour)] * 3))
    assert images.channels == 1
    assert np.array_equal(images.pixels[0], np.where(SHAPE, colour, ground).reshape(-1))
    assert f"3 pictures with transparency laid on {said}" in images.remarks[0]
    assert images.warnings == ()


def test_half_transparent_pixels_are_mixed_with_what_they_lie_on(tmp_path):
    picture = np.dstack([np.full((4, 4), 100, np.uint8), np.full((4, 4), 51, np.uint8)])
    images = load(folder_of(tmp_path / "a", picture))
    assert set(images.pixels.reshape(-1).tolist()) == {round(100 * 0.2 + 255 * 0.8)}


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "I;16"])
def test_a_transparent_colour_is_transparent_in_every_mode(tmp_path, mode):
    dark = np.where(SHAPE, 0, 90).astype(np.uint8)
    picture = Image.fromarray(dark)
    key = 90
    if mode == "I;16":
        picture = Image.fromarray(dark.astype(np.uint16) * 257)
        key = 90 * 257
    elif mode != "L":
        picture, key = picture.convert(mode), (90, 90, 90) if mode == "RGB" else 90
    images = load(folder_of(tmp_path / "a", picture, transparency=key))
    assert np.array_equal(images.pixels[0], np.where(SHAPE, 0, 255).reshape(-1))


def test_opaque_pictures_with_alpha_are_as_those_without(tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), np.uint8)
    opaque = [np.dstack([picture, np.full((16, 16), 255, np.uint8)]) for picture in colours]
    with_alpha, without = (
        load(folder_of(tmp_path / "a", *opaque)),
        load(folder_of(tmp_path / "b", *colours)),
    )
    assert np.array_equal(with_alpha.pixels, without.pixels)
    assert with_alpha.remarks == ()


def test_pictures_of_nearly_one_value_are_warned_of(tmp_path):
    assert load(folder_of(tmp_path / "a", RAMP // 64)).warnings == (
        "all pixels of all pictures lie within 0–3, of 0–255: there is nothing to learn from them",
    )
    empty = np.full((16, 16), 7, np.uint8)
    (said,) = load(folder_of(tmp_path / "b", RAMP, empty)).warnings
    assert said.startswith("1 of 2 pictures show one colour only, as ") and said.endswith("01.png")


def test_a_long_zipped_comment_does_not_keep_a_picture_from_being_read(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "a" * (2 << 20), zip=True)
    images = load(folder_of(tmp_path / "a", RAMP, pnginfo=info))
    assert np.array_equal(images.pixels[0], RAMP.reshape(-1))


def huge(file):
    """A PNG that claims 60,000 × 60,000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n"
    for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")):
        content += (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )
    file.write_bytes(content)


def comments_without_end(file):
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "a" * (65 << 20), zip=True)
    Image.fromarray(RAMP).save(file, pnginfo=info)


def cut(file):
    file.write_bytes(file.read_bytes()[:50])


def no_width(file):
    content = bytearray(file.read_bytes())
    content[16:20] = bytes(4)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (huge, "claims more pixels"),
        (comments_without_end, ""),
        (cut, ""),
        (no_width, ""),
        (lambda file: file.write_bytes(b""), "it is empty"),
        (lambda file: file.write_text("version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"),
        (lambda file: file.write_text("\n<!DOCTYPE html><html>Sign in"), "it is a web page"),
        (lambda file: file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40)), ""),
    ],
)
def test_a_picture_that_cannot_be_read_is_named(tmp_path, spoil, said):
    folder = folder_of(tmp_path / "a", RAMP, RAMP)
    spoil(folder / "01.png")
    message = refused(folder)
    assert message.startswith(f"{folder / '01.png'} cannot be read as a picture: ") and said in message
    assert message.count("01.png") == 1 and "\n" not in message


def test_of_an_animation_the_first_picture_is_taken_and_that_is_said(tmp_path):
    first, second = Image.fromarray(RAMP), Image.fromarray(RAMP[::-1].copy())
    folder = folder_of(tmp_path / "a", first, form="gif", save_all=True, append_images=[second])
    images = load(folder)
    assert np.array_equal(images.pixels[0], RAMP.reshape(-1))
    assert images.remarks == ("1 of the files hold several pictures: the first of each is taken",)


def test_grey_pictures_with_a_palette_are_grey_and_coloured_ones_are_not(tmp_path):
    grey, coloured = Image.fromarray(RAMP).convert("P"), Image.fromarray(RAMP).convert("P")
    coloured.putpalette([value for shade in range(256) for value in (shade, 0, 255 - shade)])
    images = load(folder_of(tmp_path / "a", grey))
    assert images.channels == 1
    assert np.array_equal(images.pixels[0], RAMP.reshape(-1))
    assert load(folder_of(tmp_path / "b", grey, coloured)).channels == 3


@pytest.mark.parametrize("form", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_as_its_camera_says(tmp_path, form, orientation):
    corner = np.zeros((16, 32), np.uint8)
    corner[:8, :8] = 200
    exif = Image.Exif()
    exif[0x0112] = orientation
    images = load(folder_of(tmp_path / "a", corner, form=form, exif=exif))
    assert (images.height, images.width) == ((16, 32) if orientation < 5 else (32, 16))
    picture = images.pixels[0].reshape(images.channels, images.height, images.width)[0]
    bottom, right = divmod(int(picture.argmax()), images.width)
    places = {1: (0, 0), 2: (0, 1), 3: (1, 1), 4: (1, 0), 5: (0, 0), 6: (0, 1), 7: (1, 1), 8: (1, 0)}
    assert (bottom >= images.height / 2, right >= images.width / 2) == places[orientation]


def test_hidden_and_other_files_are_left_out_and_counted(tmp_path):
    folder = folder_of(tmp_path / "a", RAMP, RAMP)
    for name in ("._00.png", "._01.png", ".DS_Store", "Thumbs.db"):
        (folder / name).write_bytes(b"\0\5\x16\7")
    folder_of(folder / "inside", RAMP)
    images = load(folder)
    assert images.count == 2
    assert images.remarks == ("left out: hidden (3), .db (1), folders (1)",)


def test_pictures_in_folders_below_are_classes_as_in_torchvisions_imagefolder(tmp_path):
    for name, value in (("zebra", 200), ("ant", 50), ("bee/old", 100)):
        folder_of(tmp_path / "a" / name, np.full((8, 8), value, np.uint8) + RAMP[:8, :8] // 16)
    folder_of(tmp_path / "a" / "bee", RAMP[:8, :8])
    (tmp_path / "a" / "ant" / "._00.png").write_bytes(b"\0")
    folder_of(tmp_path / "a" / ".hidden", RAMP)
    images = load(tmp_path / "a")
    assert images.labels.tolist() == [0, 1, 1, 2]
    assert images.classes == 3
    assert images.pixels[:, 0].tolist() == [50, 0, 100, 200]
    assert images.remarks == (
        "left out: hidden (2)",
        "pictures of 3 classes, one for each folder: ant, bee, zebra",
    )


def test_a_folder_without_pictures_says_what_it_holds(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("x.npy", "b/y.npy", "b/z.txt"):
        (tmp_path / "a" / name).write_bytes(b"0")
    assert refused(tmp_path / "a").endswith("are read; it holds .npy (2), .txt (1)")


@pytest.mark.parametrize(
    "mode",
    ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV",
     "I", "I;16", "I;16B", "I;16L", "F"],
)  # fmt: skip
def test_white_on_black_is_white_on_black_in_every_mode(mode):
    picture = Image.fromarray(SHAPE)
    if mode in ("La", "RGBa"):
        picture = picture.convert({"La": "LA", "RGBa": "RGBA"}[mode]).convert(mode)
    elif mode == "LAB":
        picture = Image.merge("LAB", [picture, *[Image.new("L", picture.size, 128)] * 2])
    elif mode.startswith("I;16"):
        kind = ">u2" if mode == "I;16B" else "<u2"
        picture = Image.frombytes(mode, picture.size, SHAPE.astype(kind).tobytes())
    elif mode == "RGBX":
        picture = picture.convert("RGB").convert(mode)
    else:
        picture = picture.convert("RGB" if mode in ("HSV", "YCbCr", "CMYK", "PA") else "L").convert(mode)
    seen = decoded(picture)
    pixels = shown(seen, coloured=seen.coloured)
    assert seen.coloured == (mode in ("RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV"))
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    np.testing.assert_allclose(grey, SHAPE, atol=2)


def test_training_says_once_how_the_pictures_were_read_and_warns_of_doubtful_ones(tmp_path):
    dark, light = (RAMP.astype(np.uint16) * 257, np.full((16, 16), 40_000, np.uint16))
    folder_of(tmp_path / "a" / "dark", dark, dark)
    folder_of(tmp_path / "a" / "light", dark, light)
    (tmp_path / "a" / "light" / ".DS_Store").write_bytes(b"")
    done = gangan(
        "train-gans", "--dataset", f"images:{tmp_path / 'a'}", "--store", tmp_path / "s",
        "--gans", 1, "--epochs", 1, "--batch-size", 4, "--workers", 1, "--no-compile", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    for said in (
        "gans: 4 pictures of numbers without a range of their own: 0 is black and 65,535 white",
        "gans: left out: hidden (1)",
        "gans: pictures of 2 classes, one for each folder: dark, light",
        "warning: gans: 1 of 4 pictures show one colour only, as ",
    ):
        assert done.err.count(said) == 1, done.err
    assert all("event" in line for line in done.lines)
