import gzip
import struct
import sys
import urllib.error

import numpy as np
import pytest
import torch

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.images.dataset import Images
from gangan_cli.images.loading import load_images


def test_mnist5k_is_real_digits():
    images = load_images("mnist5k")
    assert images.pixels.shape == (5000, 784)
    assert images.pixels.dtype == np.uint8
    assert images.pixels.max() == 255
    assert np.bincount(images.labels).tolist() == [500] * 10


def test_pixels_are_scaled_as_twice_x_minus_a_half():
    pixels = np.array([[0, 51], [255, 102]], np.uint8)
    examples = Images("tiny", pixels, np.zeros(2, np.int64), 1, 2).load("cpu")
    batch = examples.batch(torch.tensor([[0, 1], [1, 1]]))
    assert batch.shape == (2, 2, 2)
    expected = 2 * (pixels / 255 - 0.5)
    torch.testing.assert_close(batch[0].double(), torch.from_numpy(expected), atol=1e-6, rtol=0)
    assert batch.min() == -1
    assert batch.max() == 1


def write_idx(path, array):
    header = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(header + array.tobytes())


@pytest.mark.parametrize(
    ("name", "folder"), [("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST"), ("kmnist", "KMNIST")]
)
def test_files_in_torchvisions_layout_are_used_as_they_lie(tmp_path, name, folder):
    raw = tmp_path / folder / "raw"
    raw.mkdir(parents=True)
    pixels = np.arange(3 * 28 * 28, dtype=np.uint8).reshape(3, 28, 28)
    for part, array in (("images-idx3", pixels), ("labels-idx1", np.array([1, 2, 3], np.uint8))):
        for split in ("train", "t10k"):
            write_idx(raw / f"{split}-{part}-ubyte", array)
    images = load_images(name, tmp_path)
    assert np.array_equal(images.pixels, pixels.reshape(3, -1))
    assert images.labels.tolist() == [1, 2, 3]
    assert images.describe()["examples"] == 3


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-1],
        lambda content: content[:7],
        lambda content: b"",
        lambda content: b"\0\0\x0d" + content[3:],
        lambda content: content[:4] + b"\xff" * 12 + content[16:],
    ],
)
def test_damaged_files_are_named(tmp_path, spoil):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    write_idx(raw / "train-labels-idx1-ubyte", np.array([1, 2, 3], np.uint8))
    write_idx(raw / "train-images-idx3-ubyte", np.zeros((3, 28, 28), np.uint8))
    images = raw / "train-images-idx3-ubyte"
    images.write_bytes(spoil(images.read_bytes()))
    with pytest.raises(ConfigurationError, match="train-images-idx3-ubyte is damaged"):
        load_images("mnist", tmp_path)


def test_images_need_as_many_labels(tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    write_idx(raw / "train-labels-idx1-ubyte", np.array([1, 2], np.uint8))
    write_idx(raw / "train-images-idx3-ubyte", np.zeros((3, 28, 28), np.uint8))
    with pytest.raises(ConfigurationError, match="no images with their labels"):
        load_images("mnist", tmp_path)


def test_a_failed_download_names_the_folder_and_the_way_out(tmp_path, monkeypatch):
    def no_network(*_, **__):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("urllib.request.urlopen", no_network)
    with pytest.raises(WorkFailed, match=f"{tmp_path}.*mnist5k") as caught:
        load_images("mnist", tmp_path)
    assert "\n" not in str(caught.value)


def test_a_failed_download_leaves_nothing_behind_and_says_what_is_there(tmp_path, monkeypatch):
    def no_network(*_, **__):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("urllib.request.urlopen", no_network)
    monkeypatch.setitem(sys.modules, "gdown", None)  # which downloads CelebA, where it is installed
    for name in ("mnist", "celeba"):
        with pytest.raises(WorkFailed):
            load_images(name, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []
    images = tmp_path / "train-images.idx3-ubyte"
    write_idx(images, DIGITS)
    with pytest.raises(WorkFailed, match=f"train-labels-idx1-ubyte.*, and {images} was found"):
        load_images("mnist", tmp_path)
    assert list(tmp_path.iterdir()) == [images]


DIGITS = np.arange(3 * 28 * 28, dtype=np.uint8).reshape(3, 28, 28)
LABELS = np.array([1, 2, 0], np.uint8)


def write_part(folder, part="train", between="-", packed=""):
    folder.mkdir(parents=True, exist_ok=True)
    for kind, array in (("images{}idx3", DIGITS), ("labels{}idx1", LABELS)):
        file = folder / f"{part}-{kind.format(between)}-ubyte{packed}"
        write_idx(file, array)
        if packed:
            file.write_bytes(gzip.compress(file.read_bytes()))


@pytest.mark.parametrize("between", ["-", "."])
@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("part", ["train", "t10k"])
@pytest.mark.parametrize(
    ("name", "folder", "named"),
    [
        ("mnist", "MNIST/raw", "."),
        ("mnist", "MNIST/raw", "MNIST"),
        ("mnist", "MNIST/raw", "MNIST/raw"),
        ("mnist", "mnist", "."),
        ("fashion-mnist", "fashion-mnist", "."),
        ("fashion-mnist", "FashionMNIST", "."),
        ("kmnist", "somewhere", "somewhere"),
    ],
)
def test_the_files_of_mnist_are_read_where_they_lie(
    tmp_path, name, folder, named, part, between, packed
):
    write_part(tmp_path / folder, part, between, packed)
    images = load_images(name, tmp_path / named, "train" if part == "train" else "test")
    assert np.array_equal(images.pixels, DIGITS.reshape(3, -1))
    assert images.labels.tolist() == [1, 2, 0]
    usual = (folder, named) == ("MNIST/raw", ".")
    assert images.remarks == (
        () if usual else (f"the images of {name} are those in {tmp_path / folder}",)
    )


def test_the_files_of_another_dataset_are_not_taken_for_those_that_are_wanted(tmp_path, monkeypatch):
    def no_network(*_, **__):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("urllib.request.urlopen", no_network)
    write_part(tmp_path / "MNIST" / "raw")
    for named in ("MNIST", "MNIST/raw"):
        with pytest.raises(WorkFailed, match="'kmnist' is not in"):
            load_images("kmnist", tmp_path / named)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-9],
        lambda content: content[:5],
        lambda content: b"",
        lambda content: content[:20] + b"\xff\xff\xff" + content[23:],
        lambda content: gzip.decompress(content),
        lambda content: gzip.compress(gzip.decompress(content)[:-1]),
        lambda content: b"<!DOCTYPE html>",
    ],
)
def test_a_damaged_packed_file_is_named(tmp_path, spoil):
    write_part(tmp_path, packed=".gz")
    file = tmp_path / "train-images-idx3-ubyte.gz"
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(ConfigurationError, match=r"train-images-idx3-ubyte\.gz is damaged"):
        load_images("mnist", tmp_path)


def test_an_unknown_dataset_is_met_with_those_there_are():
    with pytest.raises(ConfigurationError, match=r"'cifar'.*fashion-mnist"):
        load_images("cifar")


def test_a_changed_dataset_is_told_by_its_hash():
    one, other = np.zeros((2, 4), np.uint8), np.eye(2, 4, dtype=np.uint8)
    labels = np.zeros(2, np.int64)
    hashes = {Images("x", p, labels, 2, 2).describe()["sha256"] for p in (one, other)}
    assert len(hashes) == 2


def test_a_part_is_its_rows_in_order_without_repeats_and_all_is_the_whole():
    images = load_images("mnist5k")
    part = images.part("4990-,0-2,1")
    assert np.array_equal(part.pixels, images.pixels[[0, 1, 2, *range(4990, 5000)]])
    assert part.labels.tolist() == [0] * 3 + [9] * 10
    assert "order of their classes" in part.warnings[-1]
    assert images.part("") is images
    assert "rows" not in images.describe()
    assert not images.part("0-").warnings
