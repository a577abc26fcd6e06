"""Statistics of few GANs: rank correlation, bootstrap intervals, expected best of k, many claims."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import comb
from typing import Literal

import numpy as np
from numpy.typing import NDArray


def spearman(x: NDArray[np.floating], y: NDArray[np.floating]) -> float:
    """Return Spearman's rank correlation of x (n,) and y (n,), in [-1, 1]; ties share a mean rank.

    Not that of scipy.stats, whose import takes half a second, also for a list of runs.

    Raises:
        ValueError: fewer than three pairs, lengths that differ, NaN, or one side constant.
    """
    if x.ndim != 1 or x.shape != y.shape or len(x) < 3:
        raise ValueError(f"three or more pairs are needed, not {x.shape} against {y.shape}")
    for name, values in (("x", x), ("y", y)):
        if np.isnan(values).any():
            raise ValueError(f"{name} holds NaN")
        if (values == values[0]).all():
            raise ValueError(f"{name} is {values[0]:g} throughout: there is no order to compare")
    return float(np.corrcoef(_ranks(x), _ranks(y))[0, 1])


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return ranks


@dataclass(frozen=True)
class Interval:
    """An `estimate`, and the 95 % interval from `low` to `high` around it."""

    estimate: float
    low: float
    high: float


def bootstrap(
    values: NDArray[np.generic],
    statistic: Callable[[NDArray[np.generic]], float],
    groups: NDArray[np.generic] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return the percentile bootstrap interval of a statistic of values (n, ...).

    Rows are drawn with replacement. With `groups` (n,), such as each snapshot's GAN, whole groups are
    drawn instead: rows of a group resemble each other, so drawing single rows would give intervals that
    are too narrow. Exceptions of `statistic` are not caught, and one NaN makes both ends NaN.

    Efron & Tibshirani, "An introduction to the bootstrap" (1993), chapter 13.

    Raises:
        ValueError: fewer than two rows, or groups, to draw; lengths that differ; no resample.
    """
    if resamples < 1:
        raise ValueError(f"{resamples} resamples: at least 1 is needed")
    if groups is not None and groups.shape != (len(values),):
        raise ValueError(f"{len(values)} values but groups of shape {groups.shape}")
    names = np.arange(len(values)) if groups is None else np.unique(groups)
    if len(names) < 2:
        what = "value" if groups is None else "group"
        raise ValueError(f"{len(names)} {what}: two or more are needed to resample them")
    members = [] if groups is None else [np.flatnonzero(groups == name) for name in names]
    found = np.empty(resamples)
    drawn = np.random.default_rng(seed).integers(len(names), size=(resamples, len(names)))
    for place, draw in enumerate(drawn):
        rows = np.concatenate([members[name] for name in draw]) if members else draw
        found[place] = statistic(values[rows])
    low, high = np.quantile(found, (0.025, 0.975))
    return Interval(float(statistic(values)), float(low), float(high))


def expected_best(values: NDArray[np.floating], of: int) -> NDArray[np.float64]:
    """Return the expected minimum (...) of `of` values drawn without replacement from values (..., n).

    The minimum of all n would be a single draw, and nothing would show how much of it is luck. Dodge et
    al., "Show your work: improved reporting of experimental results" (2019).

    Raises:
        ValueError: more draws than values, or none.
    """
    count = values.shape[-1]
    if not 1 <= of <= count:
        raise ValueError(f"the best of {of} cannot be had from {count} values")
    found: NDArray[np.float64] = np.sort(values, axis=-1) @ _chances(count, of)
    return found


@cache
def _chances(count: int, of: int) -> NDArray[np.float64]:
    """Return each rank's probability (count,) to be a draw's best: all others drawn rank behind it."""
    return np.array([comb(count - rank, of - 1) / comb(count, of) for rank in range(1, count + 1)])


def difference_of_bests(
    ours: NDArray[np.floating],
    theirs: NDArray[np.floating],
    of: int,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return the expected best of `of` values drawn from `ours` (n,) minus that from `theirs` (m,), with
    its percentile bootstrap interval.

    For two samples of the same distribution, of 16 to 256 values each and with `of` a quarter of that,
    the interval excludes 0 in 6 to 10 of 100 cases.

    Raises:
        ValueError: as `expected_best`.
    """
    random = np.random.default_rng(seed)

    def bests(values: NDArray[np.floating]) -> tuple[float, NDArray[np.float64]]:
        again = random.integers(len(values), size=(resamples, len(values)))
        return float(expected_best(values, of)), expected_best(values[again], of)

    (our, our_again), (their, their_again) = bests(ours), bests(theirs)
    low, high = np.quantile(our_again - their_again, (0.025, 0.975))
    return Interval(our - their, float(low), float(high))


def holm(p_values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return p-values (k,) adjusted for being k: with all those up to 0.05 taken for true, any of them
    is false in at most 5 of 100 cases, however they depend on each other.

    Holm, "A simple sequentially rejective multiple test procedure" (1979).

    Raises:
        ValueError: a p-value that is not from 0 to 1.
    """
    if not ((p_values >= 0) & (p_values <= 1)).all():
        raise ValueError("p-values must be from 0 to 1")
    order = np.argsort(p_values)
    found = np.empty(len(p_values))
    grown = p_values[order] * np.arange(len(p_values), 0, -1)
    found[order] = np.minimum(np.maximum.accumulate(grown), 1)
    return found


def equivalent(difference: Interval, margin: float) -> Literal["holds", "does not hold", "undecided"]:
    """Return whether two are as good as each other: whether the interval of their difference lies within
    ±margin. It does not hold if the interval lies outside; otherwise it is undecided.

    That no difference is seen says nothing by itself: of few samples none ever is. A 95 % interval
    makes this two one-sided tests at 2.5 %: Schuirmann, "A comparison of the two one-sided tests
    procedure …" (1987).

    Raises:
        ValueError: a margin that is not above 0.
    """
    if not margin > 0:
        raise ValueError(f"margin {margin:g}: it must be above 0")
    if -margin <= difference.low and difference.high <= margin:
        return "holds"
    outside = difference.low > margin or difference.high < -margin
    return "does not hold" if outside else "undecided"
