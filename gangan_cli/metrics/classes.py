"""Pearson's chi-square tests of class counts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

Counts = NDArray[np.integer]


@dataclass(frozen=True)
class ChiSquare:
    """The `statistic`, and the probability `p` of one as large or larger if both distributions are the
    same. p is exact for many images: five or more expected in each class."""

    statistic: float
    degrees: int
    p: float


def against_uniform(counts: Counts) -> ChiSquare:
    """Test whether counts (k,) of images by class come from a uniform distribution.

    Raises:
        ValueError: fewer than two classes, a negative count, or no image.
    """
    checked = _checked(counts)
    return _tested(checked, np.full(len(checked), checked.mean()), len(checked) - 1)


def against_counts(counts: Counts, others: Counts) -> ChiSquare:
    """Test whether two sets of images, with counts (k,) and (k,) by class, come from one distribution.

    Classes that neither set has are left out.

    Raises:
        ValueError: as `against_uniform`, or different numbers of classes.
    """
    if len(counts) != len(others):
        raise ValueError(f"there are {len(counts)} and {len(others)} classes")
    table = np.stack([_checked(counts), _checked(others)])
    table = table[:, table.sum(axis=0) > 0]
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    return _tested(table, expected, table.shape[1] - 1)


def _tested(counts: NDArray[np.float64], expected: NDArray[np.float64], degrees: int) -> ChiSquare:
    statistic = float((np.square(counts - expected) / expected).sum())
    return ChiSquare(statistic, degrees, float(chdtrc(degrees, statistic)) if degrees else 1.0)


def _checked(counts: Counts) -> NDArray[np.float64]:
    if counts.ndim != 1 or len(counts) < 2 or (counts < 0).any() or not counts.any():
        raise ValueError(f"counts must be those of images in two or more classes, not {counts.tolist()}")
    return counts.astype(np.float64)
