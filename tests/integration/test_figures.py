import dataclasses
import json

import numpy as np
import pytest
import torch
from PIL import Image

from gangan_cli.errors import WorkFailed
from gangan_cli.figures.dataset import draw_dataset
from gangan_cli.figures.export import export_figures
from gangan_cli.figures.style import Output
from gangan_cli.images.grid import grey, tile
from gangan_cli.images.loading import load_images
from gangan_cli.interchange.importing import import_run
from gangan_cli.models.registry import build
from store import Catalog

pytestmark = pytest.mark.xdist_group("figures")


def test_tiles_are_grey_from_black_to_white_with_white_between():
    images = np.stack([np.full((2, 2), value, np.float32) for value in (-1, 0, 1, 3)]).reshape(
        2, 2, 2, 2
    )
    sheet = tile(grey(images), gap=1)
    assert sheet.shape == (5, 5)
    assert sheet[0, 0] == 0
    assert sheet[0, 3] in (127, 128)
    assert sheet[3, 0] == sheet[3, 3] == 255  # what lies outside [-1, 1] is clipped
    assert (sheet[2] == 255).all()


@pytest.fixture(scope="module")
def drawn(trained, tmp_path_factory):
    out = tmp_path_factory.mktemp("figures")
    outputs = {"a": ("png", "svg"), "g": ("png",), "gg": ("png",)}
    return out, {
        name: list(export_figures(Catalog(trained), name, Output(out, formats, 60, 0)))
        for name, formats in outputs.items()
    }


def test_each_run_gets_the_figures_of_its_kind(drawn):
    _, figures = drawn
    kinds = {name: {figure for figure, _ in made} for name, made in figures.items()}
    assert kinds["a"] == {"samples", "training", "losses", "lineage"}
    assert kinds["g"] == kinds["gg"] == {"walk", "walk-animation", "samples", "losses", "lineage"}
    assert all(path.stat().st_size > 500 for made in figures.values() for _, path in made)


@pytest.mark.parametrize("figure", ["walk", "samples"])
def test_no_word_beside_the_images_is_cut(drawn, figure):
    out, _ = drawn
    pixels = np.asarray(Image.open(out / "g" / f"{figure}.png").convert("L"))
    assert (pixels[:, [0, -1]] == 255).all()
    assert (pixels[[0, -1]] == 255).all()


def test_beside_each_figure_a_json_says_where_it_came_from(drawn, trained):
    out, figures = drawn
    with Catalog(trained).open("g") as run:
        manifest = run.manifest
    for name, made in figures.items():
        for figure, path in made:
            facts = json.loads((path.parent / f"{figure}.json").read_text())
            assert facts["run"] == name
            assert path.name in facts["files"]
            assert facts["versions"]["torch"]
    walk = json.loads((out / "g" / "walk.json").read_text())
    assert walk["id"] == manifest.id
    assert walk["parent"] == "a"
    assert len(walk["latents"]) == len(walk["nearest"]["distances"]) == 32
    assert walk["spacing"] > 0


def test_the_walk_moves_there_and_back(drawn):
    out, _ = drawn
    with Image.open(out / "g" / "walk.gif") as film:
        assert film.n_frames == 62
        first = np.asarray(film.convert("L"))
        film.seek(31)
        assert not np.array_equal(first, np.asarray(film.convert("L")))


def test_a_film_shows_every_epoch_and_waits_at_the_end(drawn):
    out, _ = drawn
    with Image.open(out / "a" / "training.gif") as film:
        durations, shown = [], []
        for place in range(film.n_frames):
            film.seek(place)
            durations.append(film.info["duration"])
            shown.append(np.asarray(film.convert("L")))
    assert len(durations) == 3 and durations[-1] > durations[0]
    assert not np.array_equal(shown[0], shown[2])
    assert json.loads((out / "a" / "training.json").read_text())["keys"] == [[0, 1], [0, 2], [0, 3]]


def test_a_dataset_has_a_figure_with_a_class_in_a_column(tmp_path):
    images = load_images("mnist5k")
    (path,) = draw_dataset(images, Output(tmp_path, ("png",), 60, 0))
    assert path == tmp_path / "datasets" / "mnist5k.png" and path.stat().st_size > 500
    facts = json.loads(path.with_suffix(".json").read_text())
    assert facts["dataset"]["sha256"] == images.describe()["sha256"]
    labels = images.labels[np.array(facts["rows"])]
    assert labels.shape == (8, 10) and (labels == np.arange(10)).all()
    few = dataclasses.replace(images.picked(np.arange(9)), name="few", labels=np.full(9, -1))
    assert draw_dataset(few, Output(tmp_path, ("png",), 60, 0))  # again and again


def test_pictures_of_digits_are_grey(drawn):
    out, _ = drawn
    colours = np.asarray(Image.open(out / "a" / "samples.png").convert("RGB")).astype(int)
    assert np.abs(colours - colours.mean(axis=2, keepdims=True)).max() < 2


def test_imported_state_dicts_have_figures_too(tmp_path):
    (tmp_path / "gan" / "0").mkdir(parents=True)
    networks = build("mlp", {}).networks()
    state = {f"{n}.{key}": t for n, m in networks.items() for key, t in m.state_dict().items()}
    torch.save(state, tmp_path / "gan" / "0" / "model_0.pt")
    catalog = Catalog(tmp_path / "store")
    import_run(catalog, tmp_path / "gan", "paper", lambda total: lambda: None)
    made = export_figures(catalog, "paper", Output(tmp_path / "out", ("png",), 60, 0))
    assert {figure for figure, _ in made} == {"samples", "lineage"}


def test_a_folder_that_cannot_be_written_is_named(trained, tmp_path):
    (tmp_path / "file").touch()
    output = Output(tmp_path / "file", ("png",), 60, 0)
    with pytest.raises(WorkFailed, match="file"):
        list(export_figures(Catalog(trained), "a", output))
