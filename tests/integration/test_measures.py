"""Metrics beside brute force, and those of GANs with classes from training to print."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import distance

from gangan_cli.evaluation.measures import METRICS, Sample
from gangan_cli.evaluation.reference import reference_of
from gangan_cli.evaluation.scores import scored
from gangan_cli.evaluation.shipped import FOLDER
from gangan_cli.metrics.frechet import frechet_distance, moments
from gangan_cli.models.latent_codes import Categorical
from tests.commands import gangan, made_once

pytestmark = pytest.mark.xdist_group("evaluation")

FAMILIES = {
    "cgan": ("cgan", "generator=16,32", "discriminator=32,16"),
    "infogan": ("infogan", "generator=8,8,4", "discriminator=4,8"),
    "untaught": ("infogan", "generator=8,8,4", "discriminator=4,8", "categorical=0"),
}


@pytest.fixture(scope="module")
def reference():
    return reference_of("mnist5k", None, lambda *_: None)


@pytest.fixture(scope="module")
def store(shared, tmp_path_factory):
    """A store with a GAN of each of these families, after ten steps."""

    def make(folder):
        for run, (family, *options) in FAMILIES.items():
            result = gangan(
                "train-gans", "--run", run, "--family", family, "--dataset", "mnist5k", "--gans", 1,
                "--epochs", 1, "--batch-size", 500, "--no-compile", "--store", folder,
                *(part for option in options for part in ("--family-option", option)),
            )  # fmt: skip
            assert result.code == 0, result.err

    folder = tmp_path_factory.mktemp("classes") / "store"
    shutil.copytree(made_once(shared / "classes", make), folder)
    return folder


@pytest.mark.parametrize("dataset", ["mnist", "mnist5k"])
def test_the_scores_of_real_images_that_ship_are_of_todays_metrics(dataset):
    for kind, metrics in (
        ("full", METRICS),
        ("quick", {name: metric for name, metric in METRICS.items() if metric.quick}),
    ):
        [path] = FOLDER.glob(f"{dataset}-*-{kind}-10000-0.json")
        shipped = json.loads(path.read_text())
        assert shipped["versions"] == {name: metric.version for name, metric in metrics.items()}


def test_each_class_is_compared_with_its_test_images(reference):
    """Labels are those that were asked for, in turn; class 3 has the images of 7, and so on."""
    images = reference.images
    rows = [np.flatnonzero(images.real_labels == digit)[:30] for digit in range(10)]
    pixels = images.real[np.stack(rows, axis=1).ravel()]  # 0, 1, …, 9, 0, 1, …
    given = scored(Sample(pixels, reference, asked=Categorical("label", 0, 10)), ["class_frechet"])
    known = scored(Sample(pixels, reference, labels=np.arange(300) % 10), ["class_frechet"])
    assert given.values == known.values and given.errors == {}
    for digit in (3, 7):
        theirs = reference.features[images.test_labels == digit]
        ours = reference.judge.judged(pixels[digit::10])[0]
        direct = frechet_distance(moments(theirs), moments(ours))
        assert given.values[f"frechet_{digit}"] == pytest.approx(direct, rel=1e-6)
    turned = np.roll(pixels.reshape(30, 10, 784), 4, axis=1).reshape(300, 784)
    wrong = scored(Sample(turned, reference, asked=Categorical("label", 0, 10)), ["class_frechet"])
    learned = Categorical("class", 0, 10, learned=True)
    found = scored(Sample(turned, reference, asked=learned), ["class_frechet"])
    assert found.values == pytest.approx(given.values, rel=1e-4)
    assert min(wrong.values.values()) > 3 * max(given.values.values())


def test_a_class_has_an_error_from_enough_images_on(reference):
    ones = np.flatnonzero(reference.images.real_labels == 1)[:800]
    rows = np.concatenate([ones, np.flatnonzero(reference.images.real_labels == 2)[:700]])
    sample = Sample(reference.images.real[rows], reference, labels=reference.images.real_labels[rows])
    found = scored(sample, ["class_frechet"])
    assert set(found.values) == {"frechet_1", "frechet_2"} and set(found.errors) == {"frechet_1"}


def test_training_and_test_images_are_compared_with_equally_many(reference):
    some = replace(reference)
    vars(some)["train"] = reference.train[:700]
    train, test = some.equally_many
    assert len(train) == len(test) == 700
    images = reference.images.real[:50]
    found = scored(Sample(images, some), ["nearest", "copying"])
    for name, among in (("nearest", some.train), ("nearest_train", train), ("nearest_test", test)):
        direct = distance.cdist(images / 255, among / 255).min(axis=1)
        assert found.values[name] == pytest.approx(np.median(direct), rel=1e-9)
        assert found.errors[name] > 0
    copies = scored(Sample(train[:50], some), ["copying"])
    assert copies.values["nearest_train"] == 0 < copies.values["nearest_test"]
    held_out, others = some.apart
    assert len(held_out) == 1000 and not set(map(bytes, held_out)) & set(map(bytes, others))


def test_the_classes_are_those_of_real_images_or_those_that_were_asked_for(reference):
    images = reference.images
    real = scored(Sample(images.real[:3000], reference), ["classes"])
    assert real.values["class_p"] > 0.001
    assert real.values["ones_sevens_nines"] == pytest.approx(0.317, abs=0.03)
    first = [np.flatnonzero(images.real_labels == digit)[:300] for digit in range(10)]
    even = images.real[np.stack(first, axis=1).ravel()]
    labels = Categorical("label", 0, 10)
    assert scored(Sample(even, reference, asked=labels), ["classes"]).values["class_p"] > 0.9
    without = even[np.arange(3000) % 10 < 8]  # neither 8 nor 9
    assert scored(Sample(without, reference), ["classes"]).values["class_p"] < 1e-6


@pytest.mark.parametrize(("run", "bound"), [("cgan", False), ("infogan", True), ("untaught", False)])
def test_gans_with_classes_are_scored_class_by_class(store, run, bound):
    shown = gangan("evaluate", run, "--samples", 200, "--store", store)
    assert shown.code == 0, shown.err
    lines = shown.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("mutual information, at least") for line in lines) == bound
    shares = lines.index("Share of the images that the judge counts to each class:")
    distances = lines.index("Fréchet distance of each class, about 20 images, to its test images:")
    for first in (shares, distances):
        assert lines[first + 1].split() == ["class", "real", "images", "GAN", "0", "·", "1"]
        assert [line.split()[0] for line in lines[first + 3 : first + 13]] == list("0123456789")
    real, gan = gangan("evaluate", run, "--samples", 200, "--json", "--store", store).lines
    assert "information" not in real["values"] and ("information" in gan["values"]) == bound
    assert all(f"frechet_{digit}" in gan["values"] for digit in range(10))
    assert sum(gan["classes"]) == 200
    if bound:
        assert abs(gan["values"]["information"]) < 1 and gan["errors"]["information"] > 0
