"""What follows from label entropies of arms: by differences of few GANs, and beside the paper's."""

import numpy as np
import pytest

from gangan_cli.errors import ConfigurationError
from gangan_cli.records import Evaluated, Scored, Subject
from gangan_cli.studies import entropy
from gangan_cli.studies.entropy_result import Arm, Entropies, Scores, findings, tables
from gangan_cli.studies.study import StudyContext
from store import Catalog, Run
from tests.runs import small_manifest


def scores(value):
    return Scores(value, 0.3, 2.2, 50.0, [10] * 100)


def arm(values, update="", share="", width=16, initial=()):
    numbers = [scores(value) for value in values]
    untrained = [scores(value) for value in initial]
    how = {"width": width, "loss": "code", "dataset": "mnist", "steps": 10_938, "rate": 5e-5}
    return Arm(run="r", update=update, share=share, seed=0, gans=numbers, initial=untrained, **how)


def verdicts(*arms, accuracy=0.9923, random=(2.116, 0.0861)):
    found = Entropies(arms, scores(0.006), accuracy, *random)
    assert tables(found)[0].rows
    return {one.claim: one.verdict for one in findings(found)}


BASE = (0.20, 0.21, 0.205)


def test_what_needs_no_arm_is_decided_without():
    assert verdicts() == {"C1.1": "holds", "C1.2": "holds", "C1.6": "holds"}
    assert verdicts(accuracy=0.98)["C1.1"] == "does not hold"
    assert verdicts(random=(2.2, 0.09))["C1.6"] == "does not hold"


@pytest.mark.parametrize(
    ("shared", "verdict"),
    [
        ((0.203, 0.208, 0.206), "holds"),  # within 0.02, all of the interval
        ((0.30, 0.31, 0.305), "does not hold"),
        ((0.15, 0.26, 0.21), "undecided"),  # the mean is the same, but nothing is known
    ],
)
def test_a_shared_layer_costs_nothing_if_the_interval_says_so(shared, verdict):
    found = verdicts(arm(BASE, initial=(0.48, 0.49, 0.47)), arm(shared, "critic", "2"))
    assert found["C1.5"] == verdict
    assert found["C1.4"] == "holds" and found["C1.3"] == "holds"


def test_a_frozen_layer_that_does_as_well_speaks_against_similarity():
    shared = arm(BASE, "critic", "2")
    assert verdicts(shared, arm(BASE, "frozen", "2"))["C1.12"] == "does not hold"
    worse = arm((0.40, 0.41, 0.42), "frozen", "2")
    assert verdicts(shared, worse)["C1.12"] == "holds"
    assert "C1.12" not in verdicts(shared, arm(BASE, "frozen", "2", width=8))  # not comparable
    assert "C1.12" not in verdicts(shared, arm(BASE[:1], "frozen", "2"))  # one GAN has no interval


def test_layers_are_compared_when_all_three_are_there():
    early, late = arm(BASE, "critic", "1"), arm((0.4, 0.41, 0.42), "critic", "4")
    assert "C1.11" not in verdicts(early, late)
    assert verdicts(early, late, arm((0.9, 0.8, 0.85), "critic", "1,2,3,4"))["C1.11"] == "holds"


def test_arms_are_judged_at_their_last_epoch_and_untrained(tmp_path, monkeypatch):
    hparams = {"width": 16, "loss": "code", "critic_steps": 5}
    config = {"seed": 0, "dataset": "mnist5k", "batch_size": 64, "lr": 5e-5}
    manifest = small_manifest(
        family="wgan", hparams=hparams, config=config, keeps_initial=True, losses=("c_loss", "g_loss"),
        dataset={"name": "mnist5k", "height": 28, "width": 28, "sha256": "", "examples": 5000},
    )  # fmt: skip
    with Run.create(tmp_path / "base", manifest) as run:
        run.acquire()
        run.commit_initial([0, 1], np.zeros((2, 10), np.float32))
        for epoch in (1, 2, 3):
            run.commit(epoch, [0, 1], np.zeros((2, 2, 2)), np.zeros((2, 10), np.float32))
        run.release("complete")
    asked = []

    def evaluate(catalog, name, request, data_dir, on_progress):
        asked.append(request)
        for subject in (Subject(), *(Subject(gan, epoch) for gan in (0, 1) for epoch in (0, 3))):
            names = ("entropy", "entropy_std", "marginal_entropy", "frechet")
            scored = Scored(dict.fromkeys(names, 0.5), {}, [1] * 10, [1] * 100, {})
            yield Evaluated(subject, "mnist", "paper", 0.9923, 1000, 0, scored)

    monkeypatch.setattr(entropy, "evaluate", evaluate)
    catalog = Catalog(tmp_path)
    context = StudyContext(catalog, "entropy", 1, ["base"], None, print, pytest.fail)
    found = entropy.EntropyStudy().measure(context)
    assert (asked[0].epochs, asked[0].judge, asked[0].samples) == ("0,3", "paper", 1000)
    [base] = found.arms
    assert (len(base.gans), len(base.initial), base.steps) == (2, 2, 3 * 15)
    assert found.random_mean == pytest.approx(2.116, abs=0.002)
    assert found.random_std == pytest.approx(0.0861, abs=0.001)
    with Run.create(tmp_path / "other", small_manifest()):
        pass
    with pytest.raises(ConfigurationError, match="of the family mlp: the study compares"):
        entropy.EntropyStudy().measure(
            StudyContext(catalog, "entropy", 1, ["other"], None, print, pytest.fail)
        )
