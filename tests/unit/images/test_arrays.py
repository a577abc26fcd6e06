"""Anybody's images: what is read as what, and what is refused."""

import gzip
import struct

import numpy as np
import pytest
from PIL import Image

from gangan_cli.errors import ConfigurationError
from gangan_cli.images.arrays import as_greys, greys_at

BYTES = np.random.default_rng(0).integers(256, size=(12, 28, 28), dtype=np.uint8)
BYTES[0, 0, :2] = 0, 255  # both ends of every range


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (BYTES, ""),
        (BYTES.reshape(12, 784), ""),
        (BYTES[:, None], ""),
        (BYTES[..., None], ""),
        (BYTES / 255, "from 0 to 1"),
        ((BYTES / 127.5 - 1).astype(np.float32), "from -1 to 1"),
        (BYTES.astype(np.float64), "from 0 to 255"),
        (BYTES.astype(np.int64), "integers were taken to be from 0 to 255"),
        (BYTES.astype(np.uint16) * 257, "integers were taken to be from 0 to 65,535"),
        (np.repeat(BYTES[..., None], 3, axis=3), "colours became greys"),
        (np.repeat(BYTES[:, None], 3, axis=1), "colours became greys"),
    ],
)
def test_the_same_images_in_any_form_are_the_same_bytes(array, said):
    greys = as_greys(array, 28)
    assert np.array_equal(greys.pixels, BYTES.reshape(12, 784))
    assert said in " ".join(greys.remarks) and bool(said) == bool(greys.remarks)


def test_another_size_is_resized_and_said():
    flat = np.full((10, 56, 40), 100, np.uint8)
    greys = as_greys(flat, 28)
    assert greys.pixels.shape == (10, 784) and set(np.unique(greys.pixels)) == {100}
    assert greys.remarks == ("images of 56 × 40 pixels were resized to 28 × 28",)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((3, 10)), "is no set of images"),
        (np.zeros((0, 28, 28)), "is no set of images"),
        (np.zeros((3, 28, 28, 2)), "neither 1 nor 3 channels"),
        (np.full((3, 28, 28), np.nan), "not finite"),
        (np.full((3, 28, 28), 300.0), "numbers from 300 to 300 are no pixels"),
        (np.array([[[-0.5, 2.0]]]), "numbers from -0.5 to 2 are no pixels"),
        (np.full((3, 28, 28), -1), "integers from -1 to -1 are no pixels"),
        (np.full((3, 28, 28), "x"), "are no pixels"),
    ],
)
def test_what_is_no_set_of_images_is_refused_with_the_reason(array, said):
    with pytest.raises(ConfigurationError, match=said):
        as_greys(array, 28)


def test_every_kind_of_file_holds_the_same_images(tmp_path):
    np.save(tmp_path / "a.npy", BYTES)
    np.savez(tmp_path / "b.npz", images=BYTES, labels=np.zeros((12, 10)))
    np.savez(tmp_path / "c.npz", made=BYTES, seed=np.array(3))
    idx = struct.pack(">HBBIII", 0, 8, 3, *BYTES.shape) + BYTES.tobytes()
    (tmp_path / "d-idx3-ubyte").write_bytes(idx)
    (tmp_path / "e.gz").write_bytes(gzip.compress(idx))
    for name, mode in (("png", "L"), ("palette", "P"), ("alpha", "LA"), ("deep", "I;16")):
        (tmp_path / name).mkdir()
        for number, image in enumerate(BYTES):
            if mode == "I;16":
                picture = Image.fromarray(image.astype(np.uint16) * 257)
            else:
                picture = Image.fromarray(image).convert(mode)
            picture.save(tmp_path / name / f"{number:02}.png")
    paths = sorted(tmp_path.iterdir())
    assert len(paths) == 9
    for path in paths:
        pixels = greys_at(path, 28).pixels.astype(int)
        assert np.abs(pixels - BYTES.reshape(12, 784)).max() <= 1, path.name


def test_bad_files_are_named(tmp_path):
    (tmp_path / "cut.npy").write_bytes(b"\x93NUMPY\x01")
    np.savez(tmp_path / "two.npz", a=BYTES, b=BYTES)
    (tmp_path / "text").write_text("no images")
    (tmp_path / "empty").mkdir()
    (tmp_path / "mixed").mkdir()
    for side in (28, 30):
        Image.new("L", (side, side)).save(tmp_path / "mixed" / f"{side}.png")
    np.save(tmp_path / "objects.npy", np.array([{}], object), allow_pickle=True)
    for name, said in (
        ("cut.npy", "damaged"),
        ("two.npz", 'name the array of images "images"'),
        ("text", "is damaged"),
        ("empty", "holds no pictures"),
        ("mixed", "30 × 30"),
        ("objects.npy", "damaged"),
        ("missing", "there is no such file or folder"),
    ):
        with pytest.raises(ConfigurationError, match=said) as refused:
            greys_at(tmp_path / name, 28)
        assert name in str(refused.value)
