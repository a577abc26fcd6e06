"""GANs trained on a part of a dataset: what is stored of it, and what looks at it later."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from gangan_cli.evaluation import evaluate as evaluation
from gangan_cli.evaluation.evaluate import EvaluationRequest, evaluate
from gangan_cli.evaluation.floor import file_name, floor
from gangan_cli.evaluation.measures import Sample
from gangan_cli.evaluation.reference import reference_of
from gangan_cli.evaluation.scores import scored
from gangan_cli.images.loading import load_images
from gangan_cli.sampling.datasets import rows_of, training_images
from store import Catalog, Run
from tests.commands import gangan, made_once

pytestmark = pytest.mark.xdist_group("evaluation")

ROWS = "0-299,500-799"
COMMAND = [
    "train-gans", "--run", "part", "--dataset", "mnist5k", "--gans", 1, "--epochs", 1,
    "--batch-size", 50, "--no-compile", "--workers", 1,
]  # fmt: skip


@pytest.fixture(scope="module")
def store(shared, tmp_path_factory):
    """A store with a GAN that was trained on 600 of the digits."""

    def make(folder):
        result = gangan(*COMMAND, "--examples", ROWS, "--store", folder)
        assert result.code == 0, result.err
        assert "have no image of class 2, 3, 4, 5, 6, 7, 8, 9" in result.err

    folder = tmp_path_factory.mktemp("part") / "store"
    shutil.copytree(made_once(shared / "part", make), folder)
    return folder


def test_a_run_is_trained_on_these_rows_and_says_so(store):
    every = load_images("mnist5k")
    rows = np.r_[0:300, 500:800]
    with Run.open(store / "part") as run:
        described = run.manifest.dataset
        assert described == every.part(ROWS).describe()
        assert (described["examples"], described["rows"]) == (600, ROWS)
        assert run.manifest.config["examples"] == ROWS
        assert rows_of(run.manifest, "mnist5k") == ROWS
        assert rows_of(run.manifest, "mnist") == ""
        assert np.array_equal(training_images(run.manifest).pixels, every.pixels[rows])


@pytest.mark.parametrize("other", [[], ["--examples", "0-599"]])
def test_on_other_rows_it_is_another_run(store, other):
    result = gangan(*COMMAND, *other, "--store", store)
    assert result.code == 2
    assert f"examples is '{ROWS}' in the run" in result.err


def test_on_the_same_rows_it_is_the_same_run(store):
    assert gangan(*COMMAND, "--examples", ROWS, "--store", store).code == 0


def test_nearest_training_images_are_among_those_that_were_trained_on(store, monkeypatch):
    asked = []
    monkeypatch.setattr(evaluation, "reference_of", lambda *given: asked.append(given) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        next(evaluate(Catalog(store), "part", EvaluationRequest(), None, lambda *_: None))
    [(dataset, *_, rows)] = asked
    assert (dataset, rows) == ("mnist5k", ROWS)
    whole = reference_of(dataset, None, lambda *_: None)
    part = reference_of(dataset, None, lambda *_: None, rows=rows)
    assert np.array_equal(part.train, load_images("mnist5k").part(ROWS).pixels)
    images = whole.train[5:25]
    near, far = (scored(Sample(images, one), ["nearest"]).values for one in (whole, part))
    assert near["nearest"] == far["nearest"] == 0
    images = whole.train[1000:1020]  # of a class that was left out
    near, far = (scored(Sample(images, one), ["nearest"]).values for one in (whole, part))
    assert near["nearest"] == 0 < far["nearest"]


def test_the_scores_of_real_images_that_ship_serve_a_part_too():
    whole = reference_of("mnist", None, lambda *_: None)
    part = replace(whole, rows="0-49999")
    assert file_name(part, 10_000, 0, False) != file_name(whole, 10_000, 0, False)
    found, shipped = floor(part, 10_000, 0, quick=True), floor(whole, 10_000, 0, quick=True)
    assert json.dumps(found.values) == json.dumps(shipped.values)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("0-5000", "mnist5k has the images 0 to 4,999"),
        ("7-3", "the range 7-3 is empty"),
        ("some", "give numbers and ranges, as in 0,3-7 or 50-"),
        ("0-20", "batch-size is 50, but mnist5k has 21 images"),
    ],
)
def test_rows_that_there_are_not_are_an_error_of_usage_and_leave_nothing(tmp_path, rows, message):
    result = gangan(*COMMAND, "--examples", rows, "--store", tmp_path)
    assert result.code == 2
    assert message in " ".join(result.err.split())
    assert not (tmp_path / "part").exists()
