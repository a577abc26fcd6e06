"""Which samples are copies, and how many: memorisation is partial, and medians hide it."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gangan_cli.metrics.distances import Distances, Numbers, Reference, Whole
from gangan_cli.metrics.statistics import Interval

SIMULATIONS = 4000
"""Of the null: the least p-value, 1 / 4001, may then be corrected for 200 claims."""


TAIL = 0.25
"""Share of the pool's distances that tell how the nearest are distributed."""


@dataclass(frozen=True)
class Copies:
    """Which samples (n,) lie nearer to the training GANs than nearly all held-out snapshots do.

    `share` is theirs, with the exact (Clopper-Pearson) interval for these very bars. New GANs have a
    share of `expected`, and in 95 of 100 cases at most `usual`; that is not the bars' quantile, since a
    quantile of few GANs is not that of all. `p` is the chance that new GANs have as large a share.

    `each` (n,) is the chance that any of n new GANs lies as near: who names the samples with 0.05 or
    less names none in 95 of 100 sets of new GANs. So a single exact copy is found, which the share
    hides, and a large share of near ones, each of which may be too far for a name.
    """

    share: Interval
    which: NDArray[np.bool_]
    expected: float
    usual: float
    p: float
    each: Numbers


def share_of_copies(
    samples: Distances,
    reference: Reference,
    quantile: float = 0.01,
    level: float = 0.95,
    seed: int = 0,
) -> Copies:
    """Return the share of samples nearer than a quantile of the held-out distances of the same cell.

    Ten held-out GANs of ten snapshots each in a cell have no 1 % quantile: the least of them stands for
    it, and another GAN's least is below that in 1 of 11 cases. So the share is judged against its null,
    which is simulated: of the reference's pool, held-out and training GANs, as many as were held out are
    drawn without replacement to make the bars, and the others give the samples, in the cells of the
    true ones. Samples that share a GAN share one there too.

    Few GANs tell nothing of a 1 / 1,000 quantile either, by which one of many samples might be named. So
    `each` takes the nearest of a cell's distances, those up to the pool's TAIL quantile, for a power law
    (Hill, "A simple general approach to inference about the tail of a distribution", 1975), as heavy as
    the pool has it, allows for how few GANs say so, and multiplies by n (Bonferroni).

    Raises:
        ValueError: a quantile not between 0 and 1.
    """
    if not 0 < quantile < 1:
        raise ValueError(f"quantile {quantile:g}: it must lie between 0 and 1")
    held_out, samples = reference.held_out, reference.numbered(samples)
    by_cell = (held_out.values[held_out.cells == cell] for cell in range(reference.cells))
    bars = np.array([np.quantile(values, quantile, method="inverted_cdf") for values in by_cell])
    which = samples.values < bars[samples.cells]
    found, n = int(which.sum()), len(which)
    null = _null(np.random.default_rng(seed), samples, reference, quantile)
    return Copies(
        clopper_pearson(found, n, level),
        which,
        expected=float(null.mean() / n),
        usual=float(np.quantile(null, 0.95, method="inverted_cdf") / n),
        p=float((1 + (null >= found).sum()) / (1 + len(null))),
        each=_each(samples, reference),
    )


def clopper_pearson(found: int, of: int, level: float = 0.95) -> Interval:
    """Return a share with its exact interval: the one that covers in at least `level` of all cases.

    Clopper & Pearson, "The use of confidence or fiducial limits illustrated in the case of the
    binomial" (1934).

    Raises:
        ValueError: `found` is negative or larger than `of`, or `of` is 0.
    """
    from scipy.stats import beta

    if not 0 <= found <= of or not of:
        raise ValueError(f"{found} of {of} is no share")
    edge = (1 - level) / 2
    low = beta.ppf(edge, found, of - found + 1) if found else 0.0
    high = beta.ppf(1 - edge, found + 1, of - found) if found < of else 1.0
    return Interval(found / of, float(low), float(high))


@dataclass(frozen=True)
class _Bars:
    """SIMULATIONS bars, made of GANs that are drawn at random, and how many snapshots lie below them.

    `order` (r, GANs): the GANs of the pool, those first that the bars are made of. `below` (r, cells,
    GANs): the number of each GAN's snapshots below, and `rates` (r, cells) the share of all others'.
    """

    order: Whole
    below: Whole
    rates: Numbers


@lru_cache(maxsize=8)
def _bars(reference: Reference, quantile: float) -> _Bars:
    pool, sizes = reference.pool, reference.sizes
    gans = sizes.shape[1]
    order = np.argsort(np.random.default_rng(0).random((SIMULATIONS, gans)), axis=1)
    chosen = np.zeros((SIMULATIONS, gans), bool)
    np.put_along_axis(chosen, order[:, : reference.held_out_gans], True, axis=1)
    below = np.zeros((SIMULATIONS, *sizes.shape), np.int64)
    for cell in range(reference.cells):
        rows = np.flatnonzero(pool.cells == cell)
        rows = rows[np.argsort(pool.values[rows])]
        values, owners = pool.values[rows], pool.gans[rows]
        up_to = np.cumsum(chosen[:, owners], axis=1, dtype=np.int32)
        # Of nothing there is no quantile: the bar is then the least of all, which nothing lies below.
        bars = values[(up_to >= np.ceil(quantile * up_to[:, -1:])).argmax(axis=1)]
        for gan in np.unique(owners):
            below[:, cell, gan] = np.searchsorted(values[owners == gan], bars)
    rates = np.einsum("rcg,rg->rc", below, ~chosen) / np.maximum(~chosen @ sizes.T, 1)
    return _Bars(order, below, rates)


def _null(
    random: np.random.Generator, samples: Distances, reference: Reference, quantile: float
) -> Whole:
    """Return how many of the samples (SIMULATIONS,) lie below the bars, if all are new GANs."""
    bars, found = _bars(reference, quantile), np.zeros(SIMULATIONS, np.int64)
    rates, each = bars.rates, np.arange(SIMULATIONS)
    _, owners, of_owner = np.unique(samples.gans, return_inverse=True, return_counts=True)
    for cell, number in enumerate(_by_cell(samples.cells[of_owner[owners] == 1], reference)):
        found += random.binomial(number, rates[:, cell])
    for owner in np.flatnonzero(of_owner > 1):
        # One of the GANs that are left. It may have nothing in a cell; then all of them stand in.
        gan = bars.order[
            each, random.integers(reference.held_out_gans, bars.order.shape[1], SIMULATIONS)
        ]
        for cell, number in enumerate(_by_cell(samples.cells[owners == owner], reference)):
            there = reference.sizes[cell, gan]
            its = bars.below[each, cell, gan] / np.maximum(there, 1)
            found += random.binomial(number, np.where(there > 0, its, rates[:, cell]))
    return found


def _each(samples: Distances, reference: Reference) -> Numbers:
    """Return the chance (n,) that any of n new GANs, in the cells of the samples, lies as near."""
    pool, found = reference.pool, np.ones(len(samples))
    for cell in np.unique(samples.cells):
        rows, there = samples.cells == cell, pool.cells == cell
        start = np.quantile(pool.values[there], TAIL)
        tail = there & (pool.values < start)
        if not tail.any() or not pool.values[tail].min() > 0:
            continue  # new GANs are as near as can be, too
        # Logarithms of a power law are exponential: with k of them for their mean, one more of them over
        # that mean has the F distribution of 2 and 2 k. Only GANs are independent.
        mean = np.log(start / pool.values[tail]).mean()
        gans = len(np.unique(pool.gans[tail]))
        with np.errstate(divide="ignore"):  # an exact copy lies infinitely far off
            beyond = np.maximum(np.log(start / samples.values[rows]), 0) / mean
        found[rows] = np.where(beyond > 0, TAIL * (1 + beyond / gans) ** -gans, 1)
    probabilities: Numbers = np.minimum(found * len(samples), 1)
    return probabilities


def _by_cell(cells: Whole, reference: Reference) -> Whole:
    return np.bincount(cells, minlength=reference.cells)
