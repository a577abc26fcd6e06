"""The judge: one that ships, others trained once, known again by their id, honest about their limits."""

import fcntl
import threading
from dataclasses import replace

import numpy as np
import pytest

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.evaluation import judge as judges
from gangan_cli.evaluation import shipped
from gangan_cli.evaluation.classifiers import RECIPES, PaperClassifier, StandardClassifier, judged
from gangan_cli.evaluation.evaluate import doubts
from gangan_cli.evaluation.judge import Judge, id_of, judge_of
from gangan_cli.evaluation.reference import reference_of, to_bytes, to_unit
from gangan_cli.images.loading import load_images
from gangan_cli.metrics import entropy


def silent(*_: object) -> None:
    pass


@pytest.fixture
def untrained(tmp_path, monkeypatch):
    """A data set whose judge does not ship, a cache of its own, and recipes that take a moment. The
    images are the 5,000 digits, twelve times."""
    digits = load_images("mnist5k")
    many = digits.picked(np.tile(np.arange(digits.count), 12))

    def load(name, data_dir=None, part="train"):
        return digits if part == "test" else many

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for module in (judges, shipped):
        monkeypatch.setattr(module, "load_images", load)
    for kind, recipe in RECIPES.items():
        monkeypatch.setitem(RECIPES, kind, replace(recipe, steps=8, batch_size=20))
    return tmp_path / "gangan" / "judges"


def test_the_standard_judge_of_mnist_ships_and_is_as_good_as_it_says():
    judge = judge_of("mnist", None, lambda *_: pytest.fail("trained"))
    images = shipped.real_images("mnist", None)
    features, probabilities = judge.judged(images.test)
    right = (probabilities.argmax(axis=1) == images.test_labels).mean()
    assert right == pytest.approx(judge.accuracy, abs=1e-4) and right >= 0.993
    assert judge.id == id_of("standard", "mnist", judge.classifier)
    assert features.shape == (10_000, 98) and not judge.weakness
    assert np.median(features.std(axis=0)) == pytest.approx(1, abs=1e-3)
    clear = entropy.label_scores(probabilities)
    assert clear.mean < 0.03 and clear.inception_score > 9.7


def test_it_judges_the_5000_digits_by_test_images_that_are_none_of_them():
    reference = reference_of("mnist5k", None, silent)
    assert reference.judge.dataset == "mnist" and len(reference.train) == 5000
    test = set(map(bytes, reference.images.test))
    assert len(test) > 9_900 and not test & set(map(bytes, reference.train))
    assert not test & set(map(bytes, reference.images.real))


def test_the_papers_network_is_the_papers():
    shapes = {name: tuple(p.shape) for name, p in PaperClassifier().named_parameters()}
    assert shapes["conv1.weight"] == (32, 1, 5, 5) and shapes["hidden.weight"] == (1024, 3136)
    assert sum(p.numel() for p in PaperClassifier().parameters()) == 3_274_634
    weights = PaperClassifier().hidden.weight.detach().numpy()
    assert np.abs(weights).max() <= 0.2 and weights.std() == pytest.approx(0.088, abs=0.002)
    assert sum(p.numel() for p in StandardClassifier().parameters()) == 224_002


@pytest.mark.parametrize("kind", ["standard", "paper"])
def test_another_is_trained_once_and_then_read(untrained, kind):
    steps = []
    first = judge_of("kmnist", None, lambda what, done, total: steps.append((done, total)), kind)
    assert steps[-1] == (8, 8)
    again = judge_of("kmnist", None, lambda *_: pytest.fail("trained anew"), kind)
    assert (again.id, again.accuracy, again.kind) == (first.id, first.accuracy, kind)
    if kind == "standard":  # each feature counts alike
        deviations = again.judged(load_images("mnist5k").pixels)[0].std(axis=0)
        assert np.median(deviations) == pytest.approx(1, abs=1e-3)
    images = np.random.default_rng(0).integers(256, size=(5, 784), dtype=np.uint8)
    assert np.array_equal(again.judged(images)[0], first.judged(images)[0])


def test_who_finds_it_in_training_waits_and_reads_it(untrained):
    first = judge_of("kmnist", None, silent)
    (file,) = untrained.glob("*.safetensors")
    aside = file.rename(untrained.parent / "aside")
    waits, found, told = threading.Event(), [], []

    def hear(what, done, total):
        told.append(what)
        waits.set()

    other = threading.Thread(target=lambda: found.append(judge_of("kmnist", None, hear)))
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        other.start()
        assert waits.wait(60)
        aside.rename(file)
    other.join()
    assert set(told) == {"waiting for the judge that another process trains"}
    assert found[0].id == first.id


def test_where_the_cache_cannot_be_written_it_is_the_same_judge_and_says_that_it_is_not_kept(
    untrained, tmp_path, monkeypatch
):
    kept = judge_of("kmnist", None, silent)
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    judge = judge_of("kmnist", None, silent)
    assert (judge.id, judge.accuracy, kept.unkept) == (kept.id, kept.accuracy, "")
    (said,) = (doubt for doubt in doubts(judge, 10_000) if "kept" in doubt)
    assert said.startswith("the judge is not kept, and is trained again next time: the cache")


def test_other_weights_have_another_id(untrained, monkeypatch):
    first = judge_of("kmnist", None, silent)
    monkeypatch.setitem(RECIPES, "standard", replace(RECIPES["standard"], seed=1))
    assert judge_of("kmnist", None, silent).id != first.id
    assert len(list(untrained.glob("*.safetensors"))) == 2


def test_a_damaged_one_is_named(untrained):
    judge_of("kmnist", None, silent)
    (file,) = untrained.glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(WorkFailed, match=f"{file.name} is damaged: delete it"):
        judge_of("kmnist", None, silent)


@pytest.mark.parametrize(("kind", "first", "last"), [("standard", 0, 44_999), ("paper", 5_000, 59_999)])
def test_it_never_sees_what_it_is_chosen_or_tested_on(untrained, monkeypatch, kind, first, last):
    seen = []

    def spy(pixels, labels, recipe, told):
        seen.append(pixels)
        return recipe.network().eval()

    monkeypatch.setattr(judges, "train", spy)
    judge_of("kmnist", None, silent, kind)
    (pixels,) = seen
    digits = load_images("mnist5k").pixels
    assert len(pixels) == last - first + 1
    assert np.array_equal(pixels[0], digits[first % 5000])
    assert np.array_equal(pixels[-1], digits[last % 5000])


def test_a_poor_judge_and_few_samples_are_doubted():
    poor = Judge("x", "mnist", "standard", 0.98, StandardClassifier())
    assert "98.00%" in next(doubts(poor, 10_000))
    good = Judge("x", "mnist", "standard", 0.9922, StandardClassifier())
    assert not list(doubts(good, 10_000))
    assert "100 samples are few for 98 features" in next(doubts(good, 100))


def test_pictures_are_rounded_as_in_a_file_and_numbers_that_are_none_are_refused():
    pictures = np.linspace(-1, 1, 784, dtype=np.float32).reshape(1, 28, 28)
    pixels = to_bytes(pictures)
    assert (pixels.min(), pixels.max(), pixels.dtype) == (0, 255, np.uint8)
    assert np.abs(to_unit(pixels) * 2 - 1 - pictures.reshape(1, -1)).max() <= 1 / 255 + 1e-6
    pictures[0, 0, 5] = np.nan
    with pytest.raises(WorkFailed, match="not finite"):
        to_bytes(pictures)


def test_there_is_none_for_other_images_and_no_other_kind():
    with pytest.raises(ConfigurationError, match="grey images of 28 × 28 pixels, these have 4,096"):
        judge_of("mnist", None, silent).judged(np.zeros((49, 4096), np.uint8))
    with pytest.raises(ConfigurationError, match="no judge for 'imagenet', only for mnist"):
        judge_of("imagenet", None, silent)
    with pytest.raises(ConfigurationError, match="no judge 'best': choose from standard, paper"):
        judge_of("mnist", None, silent, "best")


def test_blocks_do_not_matter(monkeypatch):
    classifier = judge_of("mnist", None, silent).classifier
    images = np.random.default_rng(0).integers(256, size=(7, 784), dtype=np.uint8)
    whole = judged(classifier, images)
    monkeypatch.setattr("gangan_cli.evaluation.classifiers.BLOCK", 3)
    for one, other in zip(whole, judged(classifier, images), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
