"""Tests for copies: whether samples lie nearer to the training GANs than GANs do that were held out.

Meehan, Chaudhuri, Dasgupta, "A three sample hypothesis test for evaluating generative models" (2020),
arXiv 2004.05675, for populations of trajectories. Snapshots of a GAN resemble each other, so that the
independent unit is a GAN: intervals resample held-out GANs, and nulls leave whole GANs out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangan_cli.metrics.distances import (
    Distances,
    Numbers,
    Reference,
    Whole,
    counts,
    nearer,
    nearer_in_cell,
)
from gangan_cli.metrics.statistics import Interval

LEAST_SAMPLES = 3
"""Samples that a cell needs for a Z_U of its own; one with fewer is left out."""

RESAMPLES = 1000
"""For an interval."""

SIMULATIONS = 4000
"""Of the null: the least p-value, 1 / 4001, may then be corrected for 200 claims."""

AT_ONCE = 500
"""Simulations in memory at a time."""


def z_u(samples: Numbers, held_out: Numbers) -> float:
    """Return Z_U of distances of n samples and m held-out snapshots to the nearest training GAN.

    It is the Mann-Whitney statistic (pairs of which the sample lies farther; ties count one half),
    standardised: far below 0 for copies, about 0 for samples like held-out ones, far above 0 for
    samples far off. With one snapshot each of independent GANs it lies within ±2 in 95 of 100 cases; it
    scatters far more with many snapshots of few GANs, which the formula takes for independent.

    Meehan et al. 2020, section 3.1, with the correction for continuity of their program.

    Raises:
        ValueError: no samples, or no held-out snapshots.
    """
    n, m = len(samples), len(held_out)
    if not n or not m:
        raise ValueError(f"Z_U of {n} samples against {m} held-out snapshots: both are needed")
    return float(_standardised(np.array(nearer(samples, held_out).sum()), np.array(n), np.array(m)))


def z_u_floor(n: int, m: int) -> float:
    """Return the Z_U of n samples that all lie nearer than all of m: there is no lower one."""
    return float(_standardised(np.array(0.0), np.array(n), np.array(m)))


@dataclass(frozen=True)
class ZUByCell:
    """Z_U averaged over cells, of `samples` samples against `gans` held-out GANs.

    `interval` is that of the estimate. Between `null_low` and `null_high` lie 95 % of what new GANs give
    in the same cells; `p_near` is the chance that these are as near (copies), `p_far` as far off.
    `floor` is what is found if all are copies. `cells` cells were used; `left_out` samples lie in
    others, with fewer than LEAST_SAMPLES each.
    """

    interval: Interval
    null_low: float
    null_high: float
    p_near: float
    p_far: float
    floor: float
    cells: int
    left_out: int
    samples: int
    gans: int


def z_u_by_cell(
    samples: Distances, reference: Reference, level: float = 0.95, seed: int = 0
) -> ZUByCell:
    """Return Z_U within cells, averaged with the held-out snapshots' share in each cell as weights: C_T
    of Meehan et al. 2020, section 4.2.

    Within a cell m is the number of held-out GANs, not of their snapshots, over all of which the share
    of pairs is taken in which the sample lies farther.

    All cells share their GANs, so that the average is not to be held against ±2 but against its null,
    which is simulated: held-out GANs and samples, these in the same cells as the true ones, are drawn
    anew by whole GANs and with replacement from the reference's pool, held-out and training GANs.
    Samples that share a GAN share one there too. The interval, at `level`, resamples held-out GANs and
    the GANs of the samples: percentiles.

    Raises:
        ValueError: no cell with LEAST_SAMPLES samples.
    """
    held_out, of_samples = reference.held_out, reference.numbered(samples).cells
    sizes = np.bincount(of_samples, minlength=reference.cells)
    used = sizes >= LEAST_SAMPLES
    if not used.any():
        raise ValueError(f"{len(samples)} samples: no cell of training holds {LEAST_SAMPLES}")
    kept = reference.numbered(samples.picked(used[of_samples]))
    cells = [int(cell) for cell in np.flatnonzero(used)]
    random = np.random.default_rng(seed)
    per_gan = nearer_in_cell(kept, held_out)
    inside = counts(held_out, reference.cells)[cells]

    def averages(of_gans: Whole, of_samples: Whole) -> Numbers:
        won = [of_samples[:, kept.cells == cell] @ per_gan[kept.cells == cell] for cell in cells]
        drawn = [of_samples[:, kept.cells == cell].sum(axis=1) for cell in cells]
        return _averages(np.stack(won, axis=1), np.stack(drawn, axis=1), of_gans, inside)

    once = np.ones((1, inside.shape[1]), np.int64), np.ones((1, len(kept)), np.int64)
    estimate = float(averages(*once)[0])
    of_gans, of_owners = (_multiplicities(random, some) for some in (held_out, kept))
    edges = (1 - level) / 2, (1 + level) / 2
    low, high = np.nanquantile(averages(of_gans, of_owners[:, kept.gans]), edges)
    null = _null(random, kept, reference, cells)
    floors = [z_u_floor(n, m) for n, m in zip(sizes[used], (inside > 0).sum(axis=1), strict=True)]
    return ZUByCell(
        Interval(estimate, float(low), float(high)),
        null_low=float(np.quantile(null, 0.025)),
        null_high=float(np.quantile(null, 0.975)),
        p_near=_p(null <= estimate),
        p_far=_p(null >= estimate),
        floor=float(np.average(floors, weights=inside.sum(axis=1))),
        cells=len(cells),
        left_out=len(samples) - len(kept),
        samples=len(kept),
        gans=inside.shape[1],
    )


def _standardised(won: Numbers, n: NDArray[np.number], m: NDArray[np.number]) -> Numbers:
    found: Numbers = (won - n * m / 2 + 0.5) / np.sqrt(n * m * (n + m + 1) / 12)
    return found


def _averages(won: Numbers, n: NDArray[np.number], of_gans: Whole, inside: Whole) -> Numbers:
    """Return the average Z_U (r,) for GANs that were drawn `of_gans` (r, GANs) times: of the pairs won
    against each GAN (r, cells, GANs) by n (r, cells) samples, with `inside` (cells, GANs) snapshots."""
    held, m = of_gans @ inside.T, of_gans @ (inside > 0).T
    with np.errstate(invalid="ignore"):  # 0 / 0 where a resample leaves a cell empty
        share = np.einsum("rcg,rg->rc", won, of_gans) / (n * held)
        z = _standardised(share * n * m, n, m)
        weights = np.where(n > 0, held, 0)
        found: Numbers = np.where(weights > 0, z * weights, 0.0).sum(axis=1) / weights.sum(axis=1)
    return found


def _multiplicities(random: np.random.Generator, some: Distances) -> Whole:
    """Return how often each GAN is drawn (RESAMPLES, GANs), in as many draws as there are GANs."""
    gans = int(some.gans.max()) + 1
    found: Whole = random.multinomial(gans, np.full(gans, 1 / gans), size=RESAMPLES)
    return found


def _null(
    random: np.random.Generator, samples: Distances, reference: Reference, cells: list[int]
) -> Numbers:
    """Return average Z_Us, about SIMULATIONS, of samples and held-out GANs, as many and in the same
    cells, that are drawn from the GANs of the pool."""
    inside = reference.sizes[cells]
    chances = np.full(inside.shape[1], 1 / inside.shape[1])
    n = np.array([[(samples.cells == cell).sum() for cell in cells]])
    found = []
    for _ in range(0, SIMULATIONS, AT_ONCE):
        of_gans = random.multinomial(reference.held_out_gans, chances, size=AT_ONCE)
        rows = _new_samples(random, samples, reference)
        won = [reference.nearer[rows[:, samples.cells == cell]].sum(axis=1) for cell in cells]
        found.append(_averages(np.stack(won, axis=1), n, of_gans, inside))
    averages = np.concatenate(found)
    return averages[np.isfinite(averages)]  # not where no GAN was drawn that has been in these cells


def _new_samples(random: np.random.Generator, samples: Distances, reference: Reference) -> Whole:
    """Return rows of the pool (AT_ONCE, n), each in the cell of a sample. Those of samples that share a
    GAN are of one GAN, where it has any in the cell."""
    pool, sizes = reference.pool, reference.sizes
    by_owner = np.lexsort((pool.gans, pool.cells))
    starts = (np.cumsum(sizes) - sizes.ravel()).reshape(sizes.shape)
    chance = random.random((AT_ONCE, len(samples)))

    def one_of(start: Whole, size: Whole, chance: Numbers) -> Whole:
        drawn: Whole = by_owner[np.minimum(start + (chance * size).astype(np.int64), len(pool) - 1)]
        return drawn

    rows = one_of(starts[samples.cells, 0], sizes.sum(axis=1)[samples.cells], chance)
    first = np.unique(samples.gans, return_index=True)[1][samples.gans]  # of those of its GAN
    others = np.flatnonzero(first != np.arange(len(samples)))
    if len(others):
        place = samples.cells[others], pool.gans[rows[:, first[others]]]
        of_gan = one_of(starts[place], sizes[place], chance[:, others])
        rows[:, others] = np.where(sizes[place] > 0, of_gan, rows[:, others])
    return rows


def _p(as_extreme: NDArray[np.bool_]) -> float:
    """Return the p-value of a simulation: that of a value which itself counts as one more of them."""
    return float((1 + as_extreme.sum()) / (1 + len(as_extreme)))
