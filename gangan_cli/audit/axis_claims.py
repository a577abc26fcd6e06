"""Claims about the latent axis of a GAN-GAN: does training, or quality, go along it in order?"""

import numpy as np
from numpy.typing import NDArray

from gangan_cli.audit.audit import Audit, Claim
from gangan_cli.audit.finding import LEVEL, Finding
from gangan_cli.metrics.order import order_test
from gangan_cli.metrics.statistics import Interval, bootstrap, spearman
from gangan_cli.metrics.verdicts import shown

ORDERED = 0.9
"""Absolute rank correlation from which samples count as ordered along an axis."""

POINTS = 8
"""Minimum number of points for a verdict."""


def claims(audit: Audit) -> list[Claim]:
    """Return the claims about the axis."""
    count = len(audit.walk.projections)
    samples = audit.generator
    epochs, frechet = samples.keys[:count, 1].astype(np.float64), samples.frechet
    return [
        _claim(
            "axis_follows_training",
            "training goes along the latent axis in order",
            audit,
            audit.walk.keys[:, 1].astype(np.float64),
            epochs,
        ),
        _claim(
            "axis_follows_quality",
            "quality goes along the latent axis in order",
            audit,
            audit.walk.frechet,
            frechet,
        ),
    ]


def _claim(
    id: str, claim: str, audit: Audit, along: NDArray[np.float64], of_samples: NDArray[np.float64]
) -> Claim:
    found = ordered(audit, along, of_samples)
    return Claim(id, claim, found.verdict, found.figures, found.value)


def ordered(audit: Audit, along: NDArray[np.float64], of_samples: NDArray[np.float64]) -> Finding:
    """Whether a figure is in order along the axis: of samples (count,), none of which was used to choose
    the axis; and of points (n,) along it, more than a smooth random curve would be.

    Both are needed: samples on a curve that is smooth and has one turn are often in order, too.
    """
    walk = audit.walk
    of = _correlation(walk.projections, of_samples)
    figures = f"Spearman of samples {shown(of, '+.2f')}"
    if len(walk.positions) < POINTS:
        return Finding("undecided", f"{figures}; too few points along the axis", of.estimate)
    test = order_test(walk.positions, along)
    figures += f"; along the axis {test.rho:+.2f}, smooth random curves reach {test.usual:.2f}"
    size = Interval(abs(of.estimate), *sorted((abs(of.low), abs(of.high))))
    if size.high < ORDERED:
        return Finding("does not hold", figures, of.estimate)
    sure = size.low >= ORDERED and of.low * of.high > 0 and test.p < 1 - LEVEL
    return Finding("holds" if sure else "undecided", figures, of.estimate)


def _correlation(places: NDArray[np.float64], values: NDArray[np.float64]) -> Interval:
    """Return the rank correlation of independent samples, 0 if they are all alike, with its interval."""

    def of(rows: NDArray[np.floating]) -> np.float64:
        x, y = places[rows.astype(np.int64)], values[rows.astype(np.int64)]
        return np.float64(spearman(x, y) if np.ptp(x) and np.ptp(y) else 0.0)

    def of_each(rows: NDArray[np.floating]) -> NDArray[np.float64] | np.float64:
        return of(rows) if rows.ndim == 1 else np.array([of(some) for some in rows])

    return bootstrap(np.arange(len(places), dtype=np.float64), of_each, level=LEVEL)
