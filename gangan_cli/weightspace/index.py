"""Nearest snapshots of weight vectors, for pictures: in one pass over the snapshots, or from their
principal components. For audits see snapshot_index.py."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangan_cli.weightspace.pca import PrincipalComponents
from gangan_cli.weightspace.snapshots import Matrix, Snapshots
from store.keys import Keys

Numbers = NDArray[np.float64]

ROWS = 256
"""Snapshots in memory at a time: 117 MB at the paper's size."""


@dataclass(frozen=True)
class Nearest:
    """The nearest snapshot of each of n vectors: `keys` (n, 2), Euclidean `distances` (n,).

    `epoch_step` is the unit of the distances, the median distance of consecutive snapshots of a GAN; NaN
    if no GAN has two.
    """

    keys: Keys
    distances: Numbers
    epoch_step: float


def nearest(vectors: Matrix, run: Snapshots, keys: Keys) -> Nearest:
    """Return the nearest of the snapshots `keys` (m, 2) of `run` to each weight vector (n, P).

    The snapshots are read once, a few at a time.
    """
    best = np.full(len(vectors), np.inf)
    rows = np.zeros(len(vectors), np.int64)
    squares = np.einsum("np,np->n", vectors, vectors, dtype=np.float64)
    steps: list[Numbers] = []
    for first, block, of_block in _blocks(run, keys):
        block_squares = np.einsum("mp,mp->m", block, block, dtype=np.float64)
        distances = squares[:, None] + block_squares - 2 * (vectors @ block.T).astype(np.float64)
        closest = distances.argmin(axis=1)
        closer = distances[np.arange(len(vectors)), closest] < best
        rows[closer] = first + closest[closer]
        best = np.minimum(best, distances.min(axis=1))
        steps.append(of_block)
    return Nearest(keys[rows], np.sqrt(np.maximum(best, 0)), _median(steps))


class DecodedIndex:
    """Snapshots as coordinates in the space of principal components, for vectors that were decoded from
    components, one at a time.

    A decoded vector lies in that space. So its squared distance to a snapshot is the one within the
    space plus the snapshot's own squared distance to the space: exact, from k numbers a snapshot instead
    of P.
    """

    def __init__(self, run: Snapshots, keys: Keys, components: PrincipalComponents) -> None:
        """Read the snapshots `keys` (m, 2) of `run` once."""
        self._keys, self._components = keys, components
        coordinates, outside = [], []
        steps: list[Numbers] = []
        for _, block, of_block in _blocks(run, keys):
            within = components.project(block).astype(np.float64)
            coordinates.append(within)
            centred = block - components.mean
            squares = np.einsum("mp,mp->m", centred, centred, dtype=np.float64)
            outside.append(np.maximum(squares - (within**2).sum(axis=1), 0))
            steps.append(of_block)
        self._coordinates, self._outside = np.concatenate(coordinates), np.concatenate(outside)
        self._epoch_step = _median(steps)

    def nearest(self, vectors: Matrix) -> Nearest:
        """Return the nearest snapshot to each weight vector (n, P) that was decoded from the
        components."""
        return self.nearest_to(self._components.project(vectors))

    def nearest_to(self, coordinates: Matrix) -> Nearest:
        """Return the nearest snapshot to each point with these coordinates (n, k)."""
        points = coordinates.astype(np.float64)
        squared = np.stack([((point - self._coordinates) ** 2).sum(axis=1) for point in points])
        squared += self._outside
        rows = squared.argmin(axis=1)
        return Nearest(self._keys[rows], np.sqrt(squared.min(axis=1)), self._epoch_step)


def _blocks(run: Snapshots, keys: Keys) -> Iterator[tuple[int, Matrix, Numbers]]:
    """Yield snapshots a block at a time: the first one's row, the block, and the lengths of the epoch
    steps in it."""
    last: Matrix | None = None
    for first in range(0, len(keys), ROWS):
        block, _ = run.matrix(keys[first : first + ROWS])
        chain = block if last is None else np.concatenate([last, block])
        same = np.diff(keys[first + len(block) - len(chain) : first + len(block), 0]) == 0
        yield first, block, np.linalg.norm(np.diff(chain, axis=0)[same], axis=1).astype(np.float64)
        last = block[-1:].copy()


def _median(parts: list[Numbers]) -> float:
    steps = np.concatenate(parts)
    return float(np.median(steps)) if len(steps) else float("nan")
