"""Pictures from files: anybody's own, and CelebA's."""

import numpy as np
import pytest
from PIL import Image

from gangan_cli.config import GansConfig, RunEnvironment
from gangan_cli.errors import ConfigurationError
from gangan_cli.figures.export import export_figures
from gangan_cli.figures.style import Output
from gangan_cli.images import folders
from gangan_cli.images.folders import CELEBA
from gangan_cli.images.loading import load_images
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.training.gans import train_gans
from store import Catalog
from tests.integration.populations import population

RANDOM = np.random.default_rng(0)


def write(folder, count=6, shape=(16, 16, 3), form="png"):
    """Write pictures of noise; return them."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = RANDOM.integers(0, 256, (count, *shape), np.uint8)
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{number:03}.{form}")
    return pictures


def test_grey_pictures_are_a_grey_dataset(tmp_path):
    pictures = write(tmp_path / "a", shape=(8, 12))
    (tmp_path / "a" / "notes.txt").write_text("not a picture")
    images = load_images(f"images:{tmp_path / 'a'}")
    assert (images.height, images.width, images.channels, images.classes) == (8, 12, 1, 0)
    assert np.array_equal(images.pixels, pictures.reshape(6, -1))


def test_one_picture_in_colour_makes_all_of_them_coloured(tmp_path):
    pictures = write(tmp_path / "a")
    Image.fromarray(pictures[0][..., 0]).save(tmp_path / "a" / "000.png")
    images = load_images(f"images:{tmp_path / 'a'}")
    assert (images.count, images.channels) == (6, 3)
    planes = images.pixels.reshape(6, 3, 16, 16)
    assert np.array_equal(planes[1:], pictures[1:].transpose(0, 3, 1, 2))
    assert all(np.array_equal(planes[0, channel], pictures[0][..., 0]) for channel in range(3))
    assert images.describe()["channels"] == 3


def test_celebas_faces_are_cut_from_the_middle(tmp_path):
    folder = tmp_path / CELEBA
    folder.mkdir(parents=True)
    picture = np.zeros((218, 178, 3), np.uint8)
    picture[55:163, 35:143] = (200, 100, 50)  # the middle 108 pixels either way
    Image.fromarray(picture).save(folder / "000001.jpg", quality=95)
    (folder / "._000001.jpg").write_bytes(b"what macOS leaves beside a file")
    images = load_images("celeba", tmp_path)
    assert (images.height, images.width, images.channels) == (64, 64, 3)
    means = images.pixels.reshape(3, -1).mean(axis=1)
    np.testing.assert_allclose(means, (200, 100, 50), atol=2)


@pytest.fixture
def broken(tmp_path):
    write(tmp_path / "sizes", count=2)
    Image.fromarray(np.zeros((16, 18, 3), np.uint8)).save(tmp_path / "sizes" / "z.png")
    write(tmp_path / "torn", count=2)
    (tmp_path / "torn" / "001.png").write_bytes(b"this is no picture")
    cut = (tmp_path / "torn" / "000.png").read_bytes()
    write(tmp_path / "cut", count=1)
    (tmp_path / "cut" / "000.png").write_bytes(cut[: len(cut) // 2])
    (tmp_path / "empty").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("sizes", r"z.png has 18 × 16 pixels, 000.png has 16 × 16: give pictures of one size"),
        ("torn", "001.png cannot be read as a picture"),
        ("cut", "000.png cannot be read as a picture"),
        ("empty", "holds no pictures"),
        ("nowhere", "there is no such folder"),
    ],
)
def test_what_is_wrong_with_a_folder_is_said(broken, folder, said):
    with pytest.raises(ConfigurationError, match=said):
        load_images(f"images:{broken / folder}")


def test_what_does_not_fit_into_memory_is_refused_before_it_is_read(tmp_path, monkeypatch):
    write(tmp_path / "a", count=3)
    monkeypatch.setattr(folders, "available", lambda: 2 * 3 * 16 * 16 * 3 - 1)
    with pytest.raises(ConfigurationError, match="3 pictures of 16 × 16 take more than half"):
        load_images(f"images:{tmp_path / 'a'}")


def test_gans_of_coloured_pictures_are_trained_and_drawn_in_colour(tmp_path):
    write(tmp_path / "a", count=20)
    machine = RunEnvironment(store=tmp_path / "runs", workers=1, compile=False)
    config = GansConfig(
        run="own", dataset=f"images:{tmp_path / 'a'}", family="dcgan",
        family_options="generator=8,8,4 discriminator=4,8", gans=1, epochs=2, batch_size=10,
    )  # fmt: skip
    population(config, load_images(config.dataset), machine)
    with Lineage.open(Catalog(machine.store), "own") as lineage:
        images = lineage.pictures(lineage.top.snapshot(0, 2), 4, seed=0)
    assert images.shape == (4, 16, 16, 3)
    output = Output(tmp_path / "figures", ["png"], 60, 0)
    drawn = dict(export_figures(Catalog(machine.store), "own", output))
    sheet = np.asarray(Image.open(drawn["samples"]).convert("RGB")).astype(int)
    assert np.ptp(sheet, axis=2).max() > 5  # not grey, though hardly anything is learnt


def test_a_family_that_needs_labels_or_another_size_says_so_before_anything_is_made(tmp_path):
    write(tmp_path / "a", count=4, shape=(18, 18, 3))
    machine = RunEnvironment(store=tmp_path / "runs")
    for family, said in (("cgan", "no labels"), ("dcgan", "multiples of 4")):
        config = GansConfig(run="own", dataset=f"images:{tmp_path / 'a'}", family=family, batch_size=2)
        with pytest.raises(ConfigurationError, match=said):
            train_gans(config, machine)
    assert not (tmp_path / "runs" / "own").exists()
