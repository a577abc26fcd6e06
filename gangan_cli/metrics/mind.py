"""MIND (Monge Inception Distance): the sliced 2-Wasserstein distance of two sets of features.

arXiv 2605.06797, as implemented in torch-fidelity: 3 d times the mean, over random directions, of the
squared 2-Wasserstein distance of the projections. Unlike a Fréchet distance it fits no normal
distribution.
"""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from gangan_cli.metrics import pairwise

DIRECTIONS = 1000
"""Number of directions."""

SEED = 0
"""Of the directions, which are always the same."""

AT_ONCE = 100
"""Directions at a time: 10,000 projections on each take 4 MB."""


@cache
def directions(width: int) -> NDArray[np.float32]:
    """Return DIRECTIONS random unit vectors (DIRECTIONS, width), which are not to be changed."""
    drawn = np.random.default_rng(SEED).standard_normal((DIRECTIONS, width))
    units: NDArray[np.float32] = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return units.astype(np.float32)


@dataclass(frozen=True)
class Projections:
    """Features (n, d), to be compared with others on each of the directions."""

    features: NDArray[np.float32]

    @cached_property
    def sorted(self) -> NDArray[np.float32]:
        """The projections on each direction (DIRECTIONS, n), sorted; 40 MB for 10,000.

        Raises:
            ValueError: no features, or some that are not finite.
        """
        return self._along(slice(DIRECTIONS))

    def _along(self, rows: slice) -> NDArray[np.float32]:
        features = pairwise.checked(self.features, "features")
        along: NDArray[np.float32] = directions(features.shape[1])[rows] @ features.T
        along.sort(axis=1)
        return along

    def mind(self, other: "Projections") -> float:
        """Return the MIND of two sets of features, at least 0; the projections of this one are kept, to
        be compared with others.

        In one dimension a squared 2-Wasserstein distance is the mean squared difference of quantiles.
        Sets of different sizes are compared exactly, at all steps of both quantile functions.

        Raises:
            ValueError: the two sets have different numbers of features.
        """
        pairwise.same_width(self.features[:1], other.features[:1], "the two sets of features")
        n, m = len(self.features), len(other.features)
        # Between these levels, in units of 1 / (n m), both quantile functions are constant.
        levels = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
        weights = np.diff(levels, prepend=0) / (n * m)
        mine, theirs = (levels - 1) // m, (levels - 1) // n
        total = 0.0
        for first in range(0, DIRECTIONS, AT_ONCE):
            rows = slice(first, first + AT_ONCE)
            one, two = self.sorted[rows], other._along(rows)
            apart = one - two if n == m else one[:, mine] - two[:, theirs]
            total += float((np.square(apart) @ weights.astype(np.float32)).sum(dtype=np.float64))
        return 3 * int(self.features.shape[1]) * total / DIRECTIONS
