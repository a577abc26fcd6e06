"""GANs of numbers from the command line: densities instead of pictures."""

import json

import numpy as np
import pytest
from PIL import Image

from store import Catalog
from tests.commands import SIXTY, gangan
from tests.runs import contents


def test_the_family_brings_its_own_dataset_and_settings():
    result = gangan("train-gans", "--family", "gaussian", "--dry-run", "--json")
    settings = json.loads(result.out)
    assert settings["dataset"] == "normal:4,0.5,100000"
    assert [settings[name] for name in ("batch_size", "epochs", "epoch_steps")] == [20, 50, 100]


def test_bytes_do_not_depend_on_the_number_of_workers(numbers_store, tmp_path):
    for workers in (1, 2):
        result = gangan(*SIXTY, "--workers", workers, "--store", tmp_path / str(workers))
        assert result.code == 0, result.err
        assert contents(tmp_path / str(workers) / "n") == contents(numbers_store / "n")


def test_the_same_command_again_finds_the_run_and_another_one_is_refused(numbers_store):
    assert "complete" in gangan(*SIXTY, "--store", numbers_store).err
    other = gangan(*SIXTY[:-1], 6, "--store", numbers_store)
    assert other.code == 2 and "epoch-steps is 5 in the run and 6 here" in other.err


@pytest.mark.parametrize("command", ["evaluate", "runs best", "audit"])
@pytest.mark.parametrize("run", ["n", "over"])
def test_what_needs_pictures_refuses_with_a_sentence(numbers_store, command, run):
    result = gangan(*command.split(), run, "--store", numbers_store)
    assert result.code == 2
    assert "numbers, not pictures" in result.err or "was trained on images" in result.err


def test_samples_are_numbers_or_a_figure_of_their_densities(numbers_store, tmp_path):
    for run, gans in (("n", 1), ("over", 3)):
        out = tmp_path / f"{run}-npz"
        more = ["--images", 200, "--out", out, "--format", "npz", "--store", numbers_store]
        count = ["--count", gans] if run == "over" else []
        result = gangan("sample", run, *count, *more)
        assert result.code == 0, result.err
        assert np.load(out / "numbers.npz")["numbers"].shape == (gans, 200)
    out = tmp_path / "png"
    result = gangan("sample", "n", "--images", 200, "--out", out, "--store", numbers_store)
    assert result.code == 0 and "densities of 1 GAN are in" in result.err
    with Image.open(out / "densities.png") as picture:
        assert picture.width > 300


def test_figures_are_densities(numbers_store, tmp_path):
    result = gangan(
        "export-figures", "n", "over", "--out", tmp_path, "--dpi", 40, "--store", numbers_store
    )
    assert result.code == 0, result.err
    drawn = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png")}
    assert drawn == {f"{run}/{name}.png" for run in ("n", "over")
                     for name in ("densities", "losses", "lineage")}  # fmt: skip
    facts = json.loads((tmp_path / "n" / "densities.json").read_text())
    assert facts["panels"] == ["epoch 1", "epoch 2"] and len(facts["mean"]) == 2


def test_the_manifest_says_that_examples_are_numbers(numbers_store):
    with Catalog(numbers_store).open("n") as run:
        dataset = run.manifest.dataset
    assert dataset["name"] == "normal:4,0.5,100000" and "height" not in dataset
