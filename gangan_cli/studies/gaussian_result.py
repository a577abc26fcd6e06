"""What the study of GANs of numbers finds (gaussian.py), and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangan_cli.metrics.statistics import bootstrap, difference_interval
from gangan_cli.metrics.verdicts import all_hold, at_least, at_most, shown
from gangan_cli.studies.answers import Finding
from gangan_cli.studies.study import Table

Values = NDArray[np.float64]

PUBLISHED = (3.783, 0.295)
"""Mean and standard deviation of the one shared net that 001 reports, at these settings."""

OUTSIDE = 4.0
"""Standard deviations from the data's mean beyond which numbers are in a tail: [2, 6] for N(4, 0.5)."""

NEAR_MEAN, NEAR_STD = 1.0, 0.5
"""A GAN has learned the distribution if its mean and its standard deviation are as near to the data's,
in standard deviations of the data: 0.5 and 0.25 for N(4, 0.5)."""

LESS_TAIL, MORE_LEARN = 0.01, 0.05
"""By how much less mass must lie in the tail, and by how much more GANs must have learned, to matter."""

COLLAPSED = 0.2
"""A GAN has collapsed if its standard deviation is less than this share of the data's."""

RELEASED = "as released"
"""Of a pair of arms: they differ as the paper's two nets do, also in minibatch discrimination."""


@dataclass(frozen=True)
class Arm:
    """The GANs of one run, n of them at its last epoch, and their densities.

    `means`, `stds`, `outside` (share of numbers in a tail) and `distances` (Wasserstein-1 to the data's
    distribution) are (n,). `hit` (n,) counts steps until the mean was first near the data's, `hit_both`
    until mean and standard deviation were so together; 0 if they never were. `x`, `real`, `made` and
    `judged` (b,) are the densities and the discriminator of the GAN `typical`, whose distance is the
    median.
    """

    run: str
    shared: bool
    minibatch: bool
    settings: str
    sample: int
    """How many numbers the data set has."""
    batch: int
    steps: int
    seed: int
    mean: float
    std: float
    diverged: int
    means: Values
    stds: Values
    outside: Values
    distances: Values
    hit: NDArray[np.int64]
    hit_both: NDArray[np.int64]
    x: Values
    real: Values
    made: Values
    judged: Values
    typical: int

    @property
    def title(self) -> str:
        """What distinguishes it from other arms, in words."""
        kind = "shared" if self.shared else "native"
        beside = ", minibatch disc." if self.minibatch else ""
        return f"{kind}{beside}, {'fixed' if self.is_fixed else 'redrawn'}"

    @property
    def is_fixed(self) -> bool:
        """Whether each batch is all of the data, as in the released code."""
        return self.sample <= self.batch

    @property
    def as_released(self) -> bool:
        """Whether it has minibatch discrimination if and only if the released code has it by default."""
        return self.minibatch == self.shared

    @property
    def learned(self) -> NDArray[np.bool_]:
        """Whether each GAN has the data's mean and standard deviation at its end, (n,)."""
        near: NDArray[np.bool_] = np.abs(self.means - self.mean) < NEAR_MEAN * self.std
        return near & (np.abs(self.stds - self.std) < NEAR_STD * self.std)

    @property
    def collapsed(self) -> NDArray[np.bool_]:
        """Whether each GAN makes nearly the same number always, (n,)."""
        few: NDArray[np.bool_] = self.stds < COLLAPSED * self.std
        return few


@dataclass(frozen=True)
class Gaussians:
    """The result of the study."""

    arms: Sequence[Arm]


def table(found: Gaussians) -> Table:
    """Return a row for each arm, and what 001 reports of one net."""
    rows = [_row(arm) for arm in found.arms]
    mean, std = PUBLISHED
    rows.append(["001, one shared net", "1", f"{mean:.3f}", f"{std:.3f}", *[""] * 5])
    arm = found.arms[0]
    rows.append(["data", "", f"{arm.mean:.3f}", f"{arm.std:.3f}", "0.0%", "0", *[""] * 3])
    return Table(
        f"GANs of N({arm.mean:g}, {arm.std:g}) at their end: medians [quartiles] over GANs",
        [
            "arm",
            "GANs",
            "mean",
            "std",
            "in tail",
            "Wasserstein",
            "learned",
            "collapsed",
            "steps to learn",
        ],
        rows,
        right=range(1, 9),
    )


def _row(arm: Arm) -> list[str]:
    return [
        arm.title,
        f"{len(arm.means)}",
        _quartiles(arm.means),
        _quartiles(arm.stds),
        f"{arm.outside.mean():.1%}",
        _quartiles(arm.distances),
        f"{arm.learned.mean():.0%}",
        f"{arm.collapsed.mean():.0%}",
        _steps(arm.hit_both),
    ]


def _quartiles(values: Values) -> str:
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    return f"{middle:.3f} [{low:.2f}, {high:.2f}]"


def _steps(hit: NDArray[np.int64]) -> str:
    """Return the median of steps until something happened, and in which share of GANs it did."""
    there = hit[hit > 0]
    return f"{np.median(there):.0f} in {len(there) / len(hit):.0%}" if len(there) else "never"


def findings(found: Gaussians) -> list[Finding]:
    """Return what follows: for the paper's two nets, for two that differ by the shared layer alone, and
    for a fixed sample. What the paper's nets do on most numbers answers C1.9."""
    about: list[Finding] = []
    for name, pair in _pairs(found.arms):
        about.append(_tail(name, *pair, claim="C1.9" if name == RELEASED and not about else ""))
    return about + [_published(arm) for arm in found.arms if arm.shared and arm.as_released]


def _pairs(arms: Sequence[Arm]) -> list[tuple[str, tuple[Arm, Arm]]]:
    """Return pairs of a shared and a native arm on the same data, with what they are."""
    both = [
        (shared, native)
        for shared in arms
        for native in arms
        if shared.shared and not native.shared and shared.sample == native.sample
    ]
    both.sort(key=lambda pair: -pair[0].sample)
    released = [pair for pair in both if pair[0].as_released and pair[1].as_released]
    alike = [pair for pair in both if pair[0].minibatch == pair[1].minibatch]
    return [(RELEASED, pair) for pair in released] + [("alike but for it", pair) for pair in alike]


def _tail(name: str, shared: Arm, native: Arm, claim: str) -> Finding:
    """Decide whether a shared layer avoids the tail, and whether it helps to learn mean and std."""
    tail = difference_interval(shared.outside, native.outside)
    more = difference_interval(shared.learned.astype(float), native.learned.astype(float))
    data = "a fixed sample" if shared.is_fixed else "redrawn numbers"
    return Finding(
        statement=f"With a shared layer ({name}, {data}) GANs of numbers have less mass in a tail, and "
        "more of them have the data's mean and standard deviation",
        verdict=all_hold(at_most(tail, -LESS_TAIL), at_least(more, MORE_LEARN)),
        figures=f"in the tail {shared.outside.mean():.1%} instead of {native.outside.mean():.1%}, "
        f"difference {shown(tail, '+.1%')}; learned {shared.learned.mean():.0%} instead of "
        f"{native.learned.mean():.0%}, difference {shown(more, '+.0%')}; median of steps until then "
        f"{_steps(shared.hit_both)} of GANs instead of {_steps(native.hit_both)}",
        n=min(len(shared.means), len(native.means)),
        unit="GANs an arm" + (", which share one sample" if shared.is_fixed else ""),
        seeds=f"seed {shared.seed}, all GANs of a run",
        scale=f"the paper's; {shared.settings}",
        null=f"arms that differ by less than {LESS_TAIL:.0%} and {MORE_LEARN:.0%}",
        passes_too=f"a GAN that collapsed to a number has no tail: {shared.collapsed.mean():.0%} of the "
        f"shared, {native.collapsed.mean():.0%} of the native",
        claim=claim,
    )


def _published(arm: Arm) -> Finding:
    """Say where the paper's one net lies among ours."""
    mean, std = PUBLISHED
    near = (np.abs(arm.means - mean) < 0.25) & (np.abs(arm.stds - std) < 0.15)
    share = bootstrap(near.astype(float), lambda drawn: drawn.mean(axis=-1))
    return Finding(
        statement=f"{arm.run}: a net like the published one (mean {mean}, std {std}) is one in twenty "
        "or more",
        verdict=at_least(share, 0.05),
        figures=f"{shown(share, '.0%')} of the nets have a mean within 0.25 and a std within 0.15 of "
        f"it; medians {np.median(arm.means):.3f} and {np.median(arm.stds):.3f}",
        n=len(arm.means),
        unit="GANs",
        seeds=f"seed {arm.seed}",
        scale=arm.settings,
    )
