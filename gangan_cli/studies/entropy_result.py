"""What the study of label entropy finds (entropy.py), and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.metrics.statistics import Interval, difference_interval, mean_interval
from gangan_cli.metrics.verdicts import all_hold, at_least, at_most, shown
from gangan_cli.records import Verdict
from gangan_cli.studies.answers import Finding
from gangan_cli.studies.study import Table

SAME = 0.02
"""Mean label entropies (nats) that differ by less count as equal: a tenth of the baseline's."""

NEAR = 0.05
"""How near a figure of ours must be to the paper's to count as reproduced (nats)."""

PAPER = {"accuracy": 0.9923, "real": 0.0062, "initial": 0.482, "baseline": 0.208, "random": 2.115}
"""The paper's accuracy of the classifier, and its mean label entropies."""

PAPERS_STEPS, PAPERS_WIDTH = 10_938, 64
"""Generator steps of the paper's ten epochs, and channels of its convolutions."""

TEST_IMAGES = 10_000


@dataclass(frozen=True)
class Scores:
    """Label entropies of one GAN's images: mean and standard deviation over images, the entropy of all
    images together, and counts in 100 bins over [0, ln 10]; and the Fréchet distance, by the same
    judge."""

    entropy: float
    std: float
    marginal: float
    frechet: float
    counts: Sequence[int]


@dataclass(frozen=True)
class Arm:
    """The GANs of one run after `steps` generator steps, and untrained (`initial`, empty if not kept).

    `update` and `share` are those of shared-wgan, "" of a baseline; `rate` is the learning rate.
    """

    run: str
    update: str
    share: str
    width: int
    loss: str
    dataset: str
    steps: int
    rate: float
    seed: int
    gans: Sequence[Scores]
    initial: Sequence[Scores]

    @property
    def title(self) -> str:
        """What is shared, in words."""
        if not self.update:
            return "nothing shared"
        how = {"critic": "critic updates", "both": "both update", "frozen": "frozen at random"}
        return f"layer {self.share}: {how[self.update]}"

    @property
    def scale(self) -> str:
        """How far below the paper's settings it was trained."""
        return (
            f"width {self.width} of {PAPERS_WIDTH}, {self.steps:,} of {PAPERS_STEPS:,} generator steps, "
            f"{self.dataset}, loss {self.loss}, rate {self.rate:g}"
        )

    @property
    def entropies(self) -> NDArray[np.float64]:
        """Mean label entropy of each GAN (n,)."""
        return np.array([one.entropy for one in self.gans], np.float64)

    def compares_with(self, other: "Arm") -> bool:
        """Return whether the two differ in nothing but what is shared."""
        return (self.width, self.loss, self.dataset, self.steps, self.rate) == (
            other.width, other.loss, other.dataset, other.steps, other.rate,
        )  # fmt: skip


@dataclass(frozen=True)
class Entropies:
    """The result of the study. `real` are the scores of real images, `accuracy` is the judge's on test
    images, `random_mean` and `random_std` those of vectors of ten random numbers."""

    arms: Sequence[Arm]
    real: Scores
    accuracy: float
    random_mean: float
    random_std: float

    def arm(self, update: str, share: str = "") -> Arm | None:
        """Return the first arm of that kind; None if there is none."""
        kinds = ((arm, (arm.update, arm.share)) for arm in self.arms)
        return next((arm for arm, kind in kinds if kind == (update, share)), None)

    @property
    def baseline(self) -> Arm | None:
        """The arm that shares nothing."""
        return self.arm("")


def tables(found: Entropies) -> list[Table]:
    """Return a row for each arm, and one for real images."""
    rows = [
        [arm.run, arm.title, *_row(arm.gans), str(len(arm.gans)), f"{arm.steps:,}"] for arm in found.arms
    ]
    untrained = next((arm for arm in found.arms if arm.initial), None)
    if untrained:
        rows.append(["", "untrained", *_row(untrained.initial), str(len(untrained.initial)), "0"])
    rows.append(["", "real images", *_row([found.real]), "", ""])
    columns = ["run", "arm", "label entropy", "std", "all images", "Fréchet distance", "GANs", "steps"]
    return [Table("Means over GANs, 1,000 images each", columns, rows, right=range(2, 8))]


def _row(some: Sequence[Scores]) -> list[str]:
    means = np.array([[one.entropy, one.std, one.marginal, one.frechet] for one in some]).mean(axis=0)
    return [*(f"{value:.4f}" for value in means[:3]), f"{means[3]:.1f}"]


def findings(found: Entropies) -> list[Finding]:
    """Return what follows."""
    about = [_accuracy(found), _real(found), _random(found)]
    baseline = found.baseline
    if baseline and len(baseline.initial) > 1:
        about.append(_untrained(baseline))
    if baseline and len(baseline.gans) > 1:
        about.append(_trained(baseline))
    shared = found.arm("critic", "2")
    for claim, first, second, decide, statement in (
        ("C1.5", shared, baseline, _equal, "A shared layer does not change the label entropy"),
        (
            "C1.10", found.arm("both", "2"), shared, _larger,
            "It is better if the critic alone updates the shared layer than if both do",
        ),
        (
            "C1.12", found.arm("frozen", "2"), shared, _larger,
            "Sharing works because the networks are alike: a layer that stays random does worse",
        ),
    ):  # fmt: skip
        if first and second and first.compares_with(second) and min(map(_count, (first, second))) > 1:
            about.append(_between(claim, statement, first, second, decide))
    about += _layers(found, shared)
    return about


def _count(arm: Arm) -> int:
    return len(arm.gans)


def _accuracy(found: Entropies) -> Finding:
    error = (found.accuracy * (1 - found.accuracy) / TEST_IMAGES) ** 0.5
    ours = Interval(found.accuracy, found.accuracy - 1.96 * error, found.accuracy + 1.96 * error)
    return Finding(
        "The paper's classifier is right on 99.23 % of the test images",
        _reproduced(ours, PAPER["accuracy"], 0.003),
        f"{shown(ours, '.2%')} (within 0.3 %)",
        1, "classifier", "the paper's recipe", claim="C1.1",
    )  # fmt: skip


def _real(found: Entropies) -> Finding:
    error = found.real.std / sum(found.real.counts) ** 0.5
    ours = Interval(
        found.real.entropy, found.real.entropy - 1.96 * error, found.real.entropy + 1.96 * error
    )
    return Finding(
        "Real images have a label entropy of 0.0062",
        _reproduced(ours, PAPER["real"], SAME),
        f"{shown(ours, '.4f')}, std {found.real.std:.4f} (within {SAME})",
        sum(found.real.counts), "images", "the paper's recipe", claim="C1.2",
    )  # fmt: skip


def _random(found: Entropies) -> Finding:
    near = abs(found.random_mean - PAPER["random"]) < 0.005 and abs(found.random_std - 0.0865) < 0.005
    return Finding(
        "Ten random numbers that add up to 1 have a label entropy of 2.115 ± 0.0865",
        "holds" if near else "does not hold",
        f"{found.random_mean:.4f} ± {found.random_std:.4f} (within 0.005)",
        20_000, "vectors", "as in the paper", claim="C1.6",
    )  # fmt: skip


def _untrained(baseline: Arm) -> Finding:
    ours = mean_interval(np.array([one.entropy for one in baseline.initial]))
    return Finding(
        "An untrained generator has a label entropy of 0.482",
        _reproduced(ours, PAPER["initial"], NEAR),
        f"{shown(ours, '.3f')} (within {NEAR})",
        len(baseline.initial), "GANs", f"width {baseline.width} of {PAPERS_WIDTH}",
        seeds=f"seed {baseline.seed}", claim="C1.3",
    )  # fmt: skip


def _trained(baseline: Arm) -> Finding:
    ours = mean_interval(baseline.entropies)
    return Finding(
        "The baseline has a label entropy of 0.208 after ten epochs",
        _reproduced(ours, PAPER["baseline"], NEAR),
        f"{shown(ours, '.3f')} (within {NEAR}); Fréchet distance "
        f"{np.mean([one.frechet for one in baseline.gans]):.0f}",
        **_facts(baseline), claim="C1.4",
    )  # fmt: skip


def _between(claim: str, statement: str, first: Arm, second: Arm, decide: Any) -> Finding:
    """Decide a claim about the difference of two arms."""
    more = difference_interval(first.entropies, second.entropies)
    return Finding(
        statement,
        decide(more),
        f"{first.title} {first.entropies.mean():.3f}, {second.title} {second.entropies.mean():.3f}: "
        f"difference {shown(more, '+.3f')} (margin {SAME})",
        min(_count(first), _count(second)),
        "GANs an arm",
        first.scale,
        seeds=f"seed {first.seed}",
        null="no difference",
        claim=claim,
    )


def _layers(found: Entropies, shared: Arm | None) -> list[Finding]:
    """Decide C1.11: an early layer is better to share than a late one, and one than all."""
    late, several = found.arm("critic", "4"), found.arm("critic", "1,2,3,4")
    early = found.arm("critic", "1")
    arms = [arm for arm in (early, late, several) if arm and _count(arm) > 1]
    if len(arms) < 3 or not (late and several and early and early.compares_with(late)):
        return []
    later = difference_interval(late.entropies, early.entropies)
    more = difference_interval(several.entropies, early.entropies)
    return [
        Finding(
            "An early layer is better to share than a late one, and than all of them",
            all_hold(_larger(later), _larger(more)),
            f"layer 4 less layer 1: {shown(later, '+.3f')}; all less layer 1: {shown(more, '+.3f')} "
            f"(margin {SAME})",
            **_facts(early),
            null="no difference",
            claim="C1.11",
        )
    ]


def _facts(arm: Arm) -> dict[str, Any]:
    return {"n": len(arm.gans), "unit": "GANs", "scale": arm.scale, "seeds": f"seed {arm.seed}"}


def _larger(found: Interval) -> Verdict:
    """Return whether a difference is at least SAME."""
    return at_least(found, SAME)


def _equal(found: Interval) -> Verdict:
    """Return whether a difference is smaller than SAME, either way."""
    return all_hold(at_most(found, SAME), at_least(found, -SAME))


def _reproduced(ours: Interval, published: float, margin: float) -> Verdict:
    """Return whether a figure lies within `margin` of the published one."""
    return all_hold(at_least(ours, published - margin), at_most(ours, published + margin))
