"""Sketches of weight vectors: a few thousand numbers whose distances say which vectors may be near.

`plain` ones keep distances of vectors as they are: each number is the sum of every k-th weight, with
random signs (a count sketch; Charikar, Chen and Farach-Colton, 2002). `invariant` ones are the same for
all orders of the hidden units: along random directions, the projections of a layer's units in sorted
order, so that distances are sliced Wasserstein distances between sets of units (Rabin et al., 2012),
which are below the least distance over orders, and 0 for a copy.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.weightspace.hidden_units import HiddenUnits, Part
from gangan_cli.weightspace.snapshots import Matrix

WIDTH = 2048
"""Numbers of a plain sketch. Squared distances have a relative standard deviation of √(2 / WIDTH) = 3
%."""

DIRECTIONS = 8
"""Random directions for each tensor and group of units."""

QUANTILES = 64
"""Numbers kept of the sorted projections of more units: means of equal shares of them."""


class Sketcher:
    """Sketches vectors with the same signs and directions."""

    def __init__(self, units: HiddenUnits) -> None:
        rng = np.random.default_rng(0)
        size = units.layout.size
        self._parts = units.parts
        self._signs = np.where(rng.integers(0, 2, size), np.float32(1), np.float32(-1))
        self._directions = [_directions(part, rng) for part in units.parts]
        free = np.ones(size, bool)
        for part in units.parts:
            free[part.place] = False
        self._free = np.flatnonzero(free)

    def plain(self, vectors: Matrix) -> Matrix:
        """Return sketches (n, k) of vectors (n, P) as they are."""
        return _counted(vectors, self._signs)

    def invariant(self, vectors: Matrix) -> Matrix:
        """Return sketches (n, k) of vectors (n, P), which the order of hidden units does not change."""
        units = np.stack([self._of_units(vector) for vector in vectors])
        return np.concatenate([units, _counted(vectors[:, self._free], self._signs[self._free])], axis=1)

    def _of_units(self, vector: Matrix) -> Matrix:
        found = [np.empty(0, np.float32)]
        for part, directions in zip(self._parts, self._directions, strict=True):
            values = part.by_units(vector)
            if len(part.groups) == 1:
                found.append(_sorted(values @ directions[0]))
                continue
            # Weights between two groups: in sorted order, they do not depend on the other group's. Half
            # of the squared distance each.
            for of, own in zip((values, values.swapaxes(0, 1)), directions, strict=True):
                ordered = np.sort(of, axis=1).reshape(len(of), -1)
                found.append(_sorted(ordered @ own) * np.float32(0.5**0.5))
        return np.concatenate(found)


def _directions(part: Part, rng: np.random.Generator) -> list[Matrix]:
    """Return random directions (K, d) for the weights of one unit, for each group of a tensor;
    projections onto them keep the mean of squares."""
    sides = [part.size // units for units in part.units]
    counts = [min(DIRECTIONS, side) for side in sides]
    return [
        (rng.standard_normal((side, count)) / count**0.5 if side > 1 else np.ones((1, 1))).astype(
            np.float32
        )
        for side, count in zip(sides, counts, strict=True)
    ]


def _sorted(projections: Matrix) -> Matrix:
    """Return projections (U, d) in sorted order along each direction, as one row of at most QUANTILES
    for each."""
    ordered: NDArray[Any] = np.sort(projections, axis=0)
    if len(ordered) > QUANTILES:
        first = np.linspace(0, len(ordered), QUANTILES, endpoint=False).astype(np.int64)
        counts = np.diff(np.append(first, len(ordered)))
        ordered = np.add.reduceat(ordered, first, axis=0) / np.sqrt(counts, dtype=np.float32)[:, None]
    return ordered.astype(np.float32).reshape(-1)


def _counted(vectors: Matrix, signs: Matrix) -> Matrix:
    """Return count sketches (n, k) of vectors (n, P), or vectors themselves if they are short."""
    width = min(WIDTH, vectors.shape[1])
    if width < WIDTH:
        return vectors
    signed = vectors * signs
    whole = signed.shape[1] // width * width
    sums: Matrix = signed[:, :whole].reshape(len(vectors), -1, width).sum(axis=1)
    sums[:, : signed.shape[1] - whole] += signed[:, whole:]
    return sums


def distances(sketches: Matrix, others: Matrix) -> NDArray[np.float64]:
    """Return the distances (n, m) between sketches (n, k) and others (m, k)."""
    centre = others.mean(axis=0)
    ours, theirs = sketches - centre, others - centre
    squared = -2.0 * (ours @ theirs.T).astype(np.float64)
    squared += np.einsum("nk,nk->n", ours, ours, dtype=np.float64)[:, None]
    squared += np.einsum("mk,mk->m", theirs, theirs, dtype=np.float64)
    lengths: NDArray[np.float64] = np.sqrt(np.maximum(squared, 0))
    return lengths
