"""Runs judged: what comes out, what is kept, what is not done twice."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from gangan_cli.audit.audit import check
from gangan_cli.audit.options import Options
from gangan_cli.errors import ConfigurationError
from gangan_cli.evaluation import evaluate as evaluation
from gangan_cli.evaluation.evaluate import EvaluationRequest, Warned, evaluate
from gangan_cli.evaluation.measures import METRICS
from gangan_cli.evaluation.reference import Reference, reference_of
from gangan_cli.evaluation.scores import SCORES
from gangan_cli.records import Evaluated, comparable, evaluations
from gangan_cli.sampling.lineage import Lineage
from store import Catalog, Run

pytestmark = pytest.mark.xdist_group("evaluation")


def silent(*_: object) -> None:
    pass


def judged(catalog, name, **request):
    found = list(
        evaluate(
            catalog, name, EvaluationRequest(**{"samples": 250, "latents": 2, **request}), None, silent
        )
    )
    return [one for one in found if isinstance(one, Evaluated)], [
        one.message for one in found if isinstance(one, Warned)
    ]


@pytest.fixture
def catalog(trained, tmp_path):
    """A copy of the trained runs, whose results are nobody else's."""
    shutil.copytree(trained, tmp_path / "store")
    return Catalog(tmp_path / "store")


def test_each_gan_is_judged_at_its_last_epoch_beside_real_images(catalog):
    found, warnings = judged(catalog, "a")
    assert [(one.subject.gan, one.subject.epoch) for one in found] == [(None, None), (0, 3), (1, 3)]
    real, *gans = found
    for gan in gans:
        assert set(gan.scored.values) == set(SCORES) - {"agreement", "information"}
        for lower in ("frechet", "mind", "kernel", "entropy"):
            assert gan.scored.values[lower] > real.scored.values[lower]
        for higher in ("coverage", "inception", "parzen"):
            assert gan.scored.values[higher] < real.scored.values[higher]
        measured = {
            "frechet",
            "mind",
            "entropy_std",
            "entropy_lowest",
            "entropy_highest",
            "parzen_sigma",
            "class_chi2",
            "class_p",
        }
        assert set(gan.scored.errors) == set(gan.scored.values) - measured
        assert all(gan.scored.errors[name] > 0 for name in ("kernel", "inception", "nearest"))
        assert sum(gan.scored.classes) == sum(gan.scored.entropies) == 250
    assert any("250 samples are few" in warning for warning in warnings)


def test_real_digits_are_clearer_to_the_judge_than_what_gans_make(catalog):
    (real, gan), _ = judged(catalog, "a", gans="0", quick=True)
    assert real.scored.values["entropy"] < 0.6 < gan.scored.values["entropy"]


def test_the_floor_of_nearest_images_is_no_image_itself(catalog):
    (real, _), _ = judged(catalog, "a", gans="0")
    assert 3 < real.scored.values["nearest"] < 10  # 4.4 between MNIST's test and training images


def test_fewer_real_images_than_were_asked_for_are_counted_and_warned_of(catalog):
    (real, gan), warnings = judged(catalog, "a", gans="0", samples=10_500, quick=True)
    assert (real.images, gan.images) == (10_000, 10_500)
    assert any(text.startswith("real images: there are 10,000 images, not 10,500") for text in warnings)


def test_a_second_call_takes_what_is_known_and_does_what_is_missing(catalog, monkeypatch):
    first, _ = judged(catalog, "a", gans="0")
    calls = []
    plain = evaluation.scored
    monkeypatch.setattr(evaluation, "scored", lambda *a, **k: calls.append(a) or plain(*a, **k))
    again, _ = judged(catalog, "a")
    assert len(calls) == 1  # GAN 1
    assert again[1].known and again[1].scored == first[1].scored and not again[2].known
    judged(catalog, "a")
    assert len(calls) == 1
    judged(catalog, "a", seed=1, gans="1")
    assert len(calls) == 2  # other noise is another result
    with catalog.open("a") as run:
        kept = evaluations(run)
    assert {one.subject.gan for one in kept} == {None, 0, 1}


def test_a_metric_of_another_version_is_computed_again_and_nothing_else(catalog, monkeypatch):
    first, _ = judged(catalog, "a", gans="0")
    done = []

    def as_before(name):
        plain = METRICS[name]
        return replace(plain, compute=lambda sample: done.append(name) or plain.compute(sample))

    for name in METRICS:
        monkeypatch.setitem(METRICS, name, as_before(name))
    changed = replace(METRICS["spots"], version=1_000, compute=lambda sample: ({"spots": 7.0}, {}))
    monkeypatch.setitem(METRICS, "spots", changed)
    again, _ = judged(catalog, "a", gans="0")
    assert done == [] and [one.known for one in again] == [False, False]
    for before, now in zip(first, again, strict=True):
        assert now.scored.values == {**before.scored.values, "spots": 7.0}
        assert now.scored.versions == {**before.scored.versions, "spots": 1_000}
        assert now.scored.classes == before.scored.classes
    with catalog.open("a") as run:
        assert [one.scored for one in evaluations(run)] == [one.scored for one in again[::-1]]
    once_more, _ = judged(catalog, "a", gans="0")
    assert [one.known for one in once_more] == [True, True]


def test_results_from_before_metrics_had_versions_are_completed(catalog):
    first, _ = judged(catalog, "a", gans="0")
    with catalog.open("a", write=True) as run:
        for key, document in run.results("evaluation/").items():
            older = {**document, "version": 4}
            del older["versions"], older["values"]["spots"], older["values"]["class_p"]
            run.add_results({key: older})
    again, _ = judged(catalog, "a", gans="0")
    assert [one.scored.values for one in again] == [one.scored.values for one in first]


def test_results_of_other_definitions_are_readable_and_not_compared(catalog, monkeypatch):
    judged(catalog, "a", quick=True)
    monkeypatch.setitem(METRICS, "frechet", replace(METRICS["frechet"], version=1_000))
    judged(catalog, "a", gans="0", quick=True)
    with catalog.open("a") as run:
        groups = comparable(evaluations(run))
    assert [{one.subject.gan for one in group} for group in groups] == [{None, 0}, {1}]
    assert [group[0].definitions for group in groups] == [(1_000, 4), (4, 4)]


def test_only_what_the_machine_lacks_is_missing(catalog, monkeypatch):
    """A run that was judged where the training images are keeps the distances to them elsewhere."""
    first, _ = judged(catalog, "a", gans="0")
    monkeypatch.setattr(Reference, "train", property(lambda _: None))
    there, warnings = judged(catalog, "a", gans="0,1")
    assert any("nearest training image are left out" in text for text in warnings)
    assert there[1].known and there[1].scored == first[1].scored
    assert {"nearest", "nearest_train", "nearest_test"}.isdisjoint(there[2].scored.values)
    monkeypatch.undo()
    back, _ = judged(catalog, "a", gans="0,1")
    assert "nearest_test" in back[2].scored.values


def test_the_kernel_distance_is_to_test_images_from_all_over():
    """MNIST's first 5,000 were written by others than its last, and lie apart."""
    reference = reference_of("mnist5k", None, silent)
    some = reference.some(200)
    rows = [np.flatnonzero((reference.features == one).all(axis=1))[0] for one in some]
    assert len(set(rows)) == 200
    assert np.median(rows) == pytest.approx(len(reference.features) / 2, rel=0.2)


def test_a_glance_is_the_same_as_a_long_look(catalog):
    full, _ = judged(catalog, "a", gans="0")
    quick, _ = judged(catalog, "a", gans="0", quick=True)
    for name, value in quick[1].scored.values.items():
        assert value == pytest.approx(full[1].scored.values[name], rel=1e-3)
    assert set(quick[1].scored.values) < set(SCORES)


def test_gans_drawn_from_a_gangan_are_judged(catalog):
    found, _ = judged(catalog, "g", epochs="8", quick=True)
    assert [one.subject.drawn for one in found] == [None, 0, 1]
    more, _ = judged(catalog, "g", epochs="8", quick=True, latents=3)
    assert [one.known for one in more] == [True, True, True, False]
    assert more[1].scored == found[1].scored


def test_gans_of_gans_of_gans_are_judged(catalog):
    found, _ = judged(catalog, "gg", samples=70, latents=1, quick=True)
    assert np.isfinite(found[1].scored.values["frechet"])


def test_other_images_than_it_learnt_from_are_warned_of(catalog, monkeypatch):
    monkeypatch.setattr("gangan_cli.sampling.datasets.images_of", lambda manifest: "kmnist")
    _, warnings = judged(catalog, "a", gans="0", quick=True, dataset="mnist5k")
    assert "a was trained on kmnist, and is compared with mnist5k" in warnings


def test_imported_state_dicts_must_be_told_their_images(catalog, monkeypatch):
    monkeypatch.setattr("gangan_cli.sampling.datasets.images_of", lambda manifest: "")
    with pytest.raises(ConfigurationError, match=r"imported .*--dataset"):
        judged(catalog, "a")
    with Lineage.open(catalog, "g") as lineage:
        with pytest.raises(ConfigurationError, match=r"imported .*--dataset"):
            check(lineage, Options(count=3))
        check(lineage, Options(count=3, dataset="mnist5k"))


def test_what_cannot_be_written_is_judged_and_warned_of(catalog, monkeypatch):
    plain = evaluation.Lineage.open

    def readable(where, name, *, write=False):
        if write:
            raise evaluation.StoreError("read only")
        return plain(where, name)

    monkeypatch.setattr(evaluation.Lineage, "open", readable)
    found, warnings = judged(catalog, "a", gans="0", quick=True)
    assert len(found) == 2 and "a cannot be written: results are not stored" in warnings


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"samples": 1}, "samples is 1: give 10 to 100,000"),
        ({"latents": 0}, "latents is 0: give 1 to 1024"),
        ({"gans": "7"}, "no snapshot of GAN 7"),
    ],
)
def test_what_makes_no_sense_is_refused(catalog, wish, message):
    with pytest.raises(ConfigurationError, match=message):
        judged(catalog, "a", **wish)


def test_a_run_without_snapshots_is_refused(catalog):
    with catalog.open("a") as run:
        manifest = run.manifest
    Run.create(catalog.path("empty"), manifest).close()
    with pytest.raises(ConfigurationError, match="no snapshots yet"):
        judged(catalog, "empty")
