"""Whether values along an axis are in order, or only smooth: any smooth curve is, over a short way."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangan_cli.metrics.statistics import spearman

Numbers = NDArray[np.float64]

LEAST = 5
"""Positions: a length scale cannot be had from fewer."""

SCALES = np.geomspace(0.05, 1, 13)
"""Length scales that are tried, as shares of the axis. With longer ones curves are all but straight."""

NOISE = np.array([1e-6, 1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 0.9])
"""Shares of the variance that are noise, from one position to the next, that are tried."""


@dataclass(frozen=True)
class Order:
    """Spearman's `rho` of positions and values, and what it is of random curves as smooth as these.

    `p` is the chance that such a curve has as large an absolute value; `usual` is what 95 of 100 stay
    at or below. `length_scale`, in the unit of positions, and `noise`, a share of the variance, are the
    curves'.
    """

    rho: float
    p: float
    usual: float
    length_scale: float
    noise: float


def order_test(
    positions: Numbers,
    values: Numbers,
    others: Numbers | None = None,
    simulations: int = 4000,
    seed: int = 0,
) -> Order:
    """Compare the rank correlation of positions (n,) and values (n,) with that of random smooth curves.

    These are draws of a Gaussian process with a squared-exponential kernel and noise. Its length scale
    and its noise are those of the greatest likelihood for the values, among SCALES and NOISE, each
    curve with a mean and a variance of its own (restricted likelihood; Rasmussen & Williams, "Gaussian
    processes for machine learning" (2006), chapters 2.7 and 5.4). With `others` (k, n), values along k
    other axes, it is theirs.

    Smooth random curves of a length scale of half an axis or more often rise or fall throughout, so
    that a smooth rising curve cannot be told from them: its p is large, and its order is undecided. It
    is in order beyond doubt if it keeps its direction where other axes turn, or in spite of its bends.

    Raises:
        ValueError: fewer than LEAST positions, lengths that differ, numbers that are not finite, or
            positions that are not all different.
    """
    n = len(positions)
    curves = values[None] if others is None else others
    if positions.ndim != 1 or values.shape != (n,) or curves.shape[1:] != (n,) or n < LEAST:
        shapes = f"{positions.shape}, {values.shape} and {curves.shape}"
        raise ValueError(f"{LEAST} or more positions with a value each are needed, not {shapes}")
    if not all(np.isfinite(some).all() for some in (positions, values, curves)):
        raise ValueError("positions and values must be finite")
    if len(np.unique(positions)) < n:
        raise ValueError("positions must differ")
    curves = curves[(curves != curves[:, :1]).any(axis=1)]
    if not len(curves) or (values == values[0]).all():
        return Order(0.0, 1.0, 1.0, float("nan"), float("nan"))
    scale, noise = _likeliest(positions, curves)
    root = _roots(positions, np.array([scale]), np.array([noise]))[0]
    drawn = np.random.default_rng(seed).standard_normal((simulations, n)) @ root.T
    rho, null = spearman(positions, values), np.abs(_rank_correlations(positions, drawn))
    return Order(
        rho,
        p=float((1 + (null >= abs(rho) - 1e-9).sum()) / (1 + simulations)),
        usual=float(np.quantile(null, 0.95, method="inverted_cdf")),
        length_scale=scale,
        noise=noise,
    )


def _likeliest(positions: Numbers, curves: Numbers) -> tuple[float, float]:
    """Return the length scale and the share of noise of the greatest likelihood for curves (k, n)."""
    n = len(positions)
    scales, noises = (part.ravel() for part in np.meshgrid(SCALES * np.ptp(positions), NOISE))
    roots = _roots(positions, scales, noises)
    white = np.linalg.solve(roots, np.concatenate([curves, np.ones((1, n))]).T)
    values, one = white[:, :, :-1], white[:, :, -1:]
    weight = np.square(one).sum(axis=1)
    rest = values - one * (np.einsum("gn,gnk->gk", one[:, :, 0], values) / weight)[:, None]
    fit = (n - 1) * np.log(np.square(rest).sum(axis=1) / (n - 1)).sum(axis=1)
    size = 2 * np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1) + np.log(weight[:, 0])
    best = int((fit + len(curves) * size).argmin())
    return float(scales[best]), float(noises[best])


def _roots(positions: Numbers, scales: Numbers, noises: Numbers) -> Numbers:
    """Return Cholesky roots (g, n, n) of the covariances of such curves, of variance 1."""
    apart, noise = np.square(positions[:, None] - positions), noises[:, None, None]
    smooth = np.exp(-apart / (2 * np.square(scales)[:, None, None]))
    roots: Numbers = np.linalg.cholesky((1 - noise) * smooth + noise * np.eye(len(positions)))
    return roots


def _rank_correlations(positions: Numbers, values: Numbers) -> Numbers:
    """Return Spearman's rank correlation (r,) of positions with values (r, n) without ties."""
    centred = np.argsort(np.argsort(positions)) - (len(positions) - 1) / 2
    ranks = np.argsort(np.argsort(values, axis=1), axis=1)
    found: Numbers = ranks @ centred / (centred @ centred)
    return found
