"""What follows from populations of GANs of numbers, and from their four moments."""

import numpy as np
import pytest

from gangan_cli.studies.gaussian import _first
from gangan_cli.studies.gaussian_result import Arm, Gaussians, findings, table
from gangan_cli.studies.optimum_result import FourPanels, Optimum, Panel
from gangan_cli.studies.optimum_result import findings as findings_of_optimum


def arm(run, shared, outside=0.0, mean=4.0, std=0.5, minibatch=None, sample=100_000, n=40):
    """An arm whose GANs differ a little."""
    random = np.random.default_rng(n + sample + shared)
    some = np.zeros(3)
    return Arm(
        run=run, shared=shared, minibatch=shared if minibatch is None else minibatch, settings="made up",
        sample=sample, batch=20, steps=5000, seed=0, mean=4.0, std=0.5, diverged=0,
        means=random.normal(mean, 0.05, n), stds=np.abs(random.normal(std, 0.02, n)),
        outside=random.uniform(0.8, 1.2, n) * outside, distances=random.uniform(0, 1, n),
        hit=np.full(n, 100), hit_both=np.zeros(n, np.int64), x=some, real=some, made=some, judged=some,
        typical=0,
    )  # fmt: skip


def claimed(*arms):
    found = Gaussians(arms)
    assert len(table(found).rows) == len(arms) + 2  # the paper's net and the data stand below
    return {one.claim: one for one in findings(found) if one.claim}


@pytest.mark.parametrize(
    ("shared", "native", "verdict"),
    [
        ({}, {"outside": 0.2, "mean": 6.0}, "holds"),
        ({"outside": 0.2}, {"mean": 6.0}, "does not hold"),  # more mass in the tail
        ({}, {"outside": 0.2}, "does not hold"),  # no tail, but the others learn as often
        ({}, {"outside": 0.01, "mean": 6.0}, "undecided"),  # hardly less tail
    ],
)
def test_less_tail_and_more_that_learn_decide_the_claim(shared, native, verdict):
    found = claimed(arm("s", True, **shared), arm("n", False, **native))["C1.9"]
    assert found.verdict == verdict
    assert found.n == 40 and "collapsed" in found.passes_too


def test_the_claim_is_about_the_papers_nets_on_redrawn_numbers():
    fixed = arm("s", True, sample=20), arm("n", False, outside=0.2, mean=6.0, sample=20)
    redrawn = arm("s", True), arm("n", False, minibatch=True)
    found = findings(Gaussians([*fixed, *redrawn]))
    assert [one.claim for one in found if "With a shared" in one.statement] == ["C1.9", ""]
    assert "fixed sample" in found[0].statement and "alike but for it" in found[1].statement
    assert not claimed(*redrawn)  # none is as released


def test_a_gan_that_collapsed_has_no_tail_but_has_not_learned():
    found = arm("s", True, std=0.01)
    assert found.collapsed.all() and not found.learned.any() and not found.outside.any()


def test_steps_are_counted_until_it_is_first_so():
    there = np.array([[False, False, True], [True, False, False], [True, False, True]])
    assert _first(there, np.array([100, 200, 300])).tolist() == [200, 0, 100]


def panel(error=0.01, to_half=0.3, value=-1.0, divergence=0.2, liked=0.3, judged=0.5):
    """A panel at two places: the densities are equal at the second."""
    curves = np.array([0.1, 0.4]), np.array([0.8, judged]), np.zeros(20)
    return Panel(*curves, error, 0.25, to_half, value, divergence, liked)


def optimum(error=0.02, at_end=None, liked=0.4, where_equal=0.5):
    end = at_end or panel(to_half=0.01, value=-1.386, divergence=0.001)
    best = panel(error, judged=where_equal)
    gans = [FourPanels(gan, 5, panel(), best, panel(liked=liked), end) for gan in range(4)]
    found = Optimum("r", "made up", 0, np.zeros(2), np.array([0.4, 0.4]), gans)
    return {one.claim: one.verdict for one in findings_of_optimum(found)}


def test_each_mark_of_figure_one_counts():
    assert optimum() == {"C2.12": "holds", "C3.4": "holds", "C3.5": "holds"}
    assert optimum(error=0.1) == {"C2.12": "does not hold", "C3.4": "holds", "C3.5": "does not hold"}
    assert optimum(where_equal=0.7)["C2.12"] == "does not hold"
    assert optimum(liked=0.2)["C3.5"] == "does not hold"  # the generator moved the wrong way
    stuck = panel(to_half=0.001, value=-1.386, divergence=0.05)  # a discriminator that has died
    assert optimum(at_end=stuck)["C3.4"] == "does not hold"
