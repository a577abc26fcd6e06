"""How evenly samples are spread over GANs, or over tenths of training."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangan_cli.metrics.copies import clopper_pearson
from gangan_cli.metrics.statistics import Interval

SIMULATIONS = 4000
"""Of the null."""


@dataclass(frozen=True)
class Coverage:
    """How the `counts` (k,) of n samples in k groups compare with those of equal probabilities.

    `chi_square` is Pearson's statistic with its p-value, `chi_square_p`. `variation` is the total
    variation distance of the shares from 1 / k each: the share of samples that would have to be in
    other groups, from 0 to 1 - 1 / k. Equal probabilities give one above `usual_variation` in at most 5
    of 100 cases, and one as large as this with probability `p`.

    `smallest` is the smallest share, with an interval that holds for all k shares at once, since the
    smallest was chosen for being so; `usual_smallest` is the smallest share below which even chances
    come in at most 5 of 100 cases. That no unevenness is found is not yet evenness: a group is covered
    if even the low end of `smallest` is a fair part of 1 / k. `missed` groups have no sample.
    """

    counts: NDArray[np.int64]
    chi_square: float
    chi_square_p: float
    variation: float
    usual_variation: float
    p: float
    smallest: Interval
    usual_smallest: float
    missed: int


def coverage(counts: NDArray[np.int64], seed: int = 0) -> Coverage:
    """Compare counts (k,) of independent samples with the same chance of 1 / k for each group.

    The chi-square p-value is that of large samples, which is near enough from n² of about 10 k, for even
    chances (Koehler & Larntz, "An empirical investigation of goodness-of-fit statistics for sparse
    multinomials", 1980). The total variation is held against SIMULATIONS of even chances.

    Chances are even for a sampler of training snapshots. New GANs have no equal chance of being nearest
    to each training GAN: some GANs lie in the middle of the others.

    Raises:
        ValueError: fewer than two groups, negative counts, or no samples.
    """
    from scipy.stats import chisquare

    k, n = len(counts), int(counts.sum())
    if k < 2:
        raise ValueError(f"{k} group: there is no spread over fewer than two")
    if counts.min() < 0 or not n:
        raise ValueError("counts must be 0 or more, and some above 0")
    pearson = chisquare(counts)
    null = np.random.default_rng(seed).multinomial(n, np.full(k, 1 / k), size=SIMULATIONS)
    variations, variation = _variation(null), _variation(counts)
    return Coverage(
        counts,
        float(pearson.statistic),
        float(pearson.pvalue),
        float(variation),
        usual_variation=float(np.quantile(variations, 0.95, method="inverted_cdf")),
        # Counts are whole, but shares of them are rounded.
        p=float((1 + (variations >= variation - 1e-9).sum()) / (1 + SIMULATIONS)),
        smallest=clopper_pearson(int(counts.min()), n, level=1 - 0.05 / k),
        usual_smallest=float(np.quantile(null.min(axis=1), 0.05, method="inverted_cdf") / n),
        missed=int((counts == 0).sum()),
    )


def _variation(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the total variation distance of shares (..., k) from even ones."""
    shares = counts / counts.sum(axis=-1, keepdims=True)
    found: NDArray[np.float64] = np.abs(shares - 1 / counts.shape[-1]).sum(axis=-1) / 2
    return found
