"""The mixtures of a few vectors that lie nearest to one vector, all in one frame."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gangan_cli.metrics.mixtures import OF

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

ROUNDING = 1e-6
"""Others that are nearer to each other than this share of their distance to the vector are the same:
what is between them is rounding, and points anywhere."""


def nearest_mixtures(
    vector: NDArray[np.floating], others: NDArray[np.floating], of: Sequence[int] = OF
) -> tuple[Numbers, Whole]:
    """Return the distances (k,) of a vector (P,) to affine hulls of `of` others (m, P), or of all if
    they are fewer, and the numbers of these, best first.

    The nearest line through two of them is the first choice, of all pairs; then one after the other is
    added that leaves the least.

    Raises:
        ValueError: `of` is not increasing from 2 on, or there are no others.
    """
    if not len(others) or list(of) != sorted(set(of)) or of[0] < 2:
        raise ValueError(f"mixtures of {list(of)} from {len(others)}: give numbers from 2 on, in order")
    apart = others.astype(np.float64) - vector
    gram = apart @ apart.T
    if len(others) == 1:
        return np.full(len(of), np.sqrt(gram[0, 0])), np.zeros(1, np.int64)
    # The same vectors in as many dimensions as there are of them, with `vector` as the origin.
    values, directions = np.linalg.eigh(gram)
    points = directions * np.sqrt(np.maximum(values, 0))
    chosen = _nearest_pair(gram)
    left = {2: _residual(points[chosen])}
    while len(chosen) < min(of[-1], len(others)):
        rest = [place for place in range(len(others)) if place not in chosen]
        residuals = [_residual(points[[*chosen, place]]) for place in rest]
        chosen.append(rest[int(np.argmin(residuals))])
        left[len(chosen)] = min(residuals)
    return np.array([left[min(k, len(others))] for k in of]), np.array(chosen, np.int64)


def _nearest_pair(gram: Numbers) -> list[int]:
    """Return the two vectors whose line passes nearest to the origin."""
    squares = gram.diagonal()
    lengths = squares[:, None] + squares - 2 * gram
    along = squares[:, None] - gram  # from the first towards the second, to the perpendicular's foot
    apart = lengths > (ROUNDING**2) * squares.max()
    along = np.divide(along**2, lengths, out=np.zeros_like(gram), where=apart)
    squared = squares[:, None] - along
    np.fill_diagonal(squared, np.inf)
    first, second = np.unravel_index(squared.argmin(), squared.shape)
    near, far = sorted((int(first), int(second)), key=lambda place: float(squares[place]))
    return [near, far]


def _residual(points: Numbers) -> float:
    """Return the distance of the origin to the affine hull of points (k, d)."""
    directions, sizes, _ = np.linalg.svd((points[1:] - points[0]).T, full_matrices=False)
    directions = directions[:, sizes > ROUNDING * np.linalg.norm(points, axis=1).max()]
    return float(np.linalg.norm(points[0] - directions @ (directions.T @ points[0])))
