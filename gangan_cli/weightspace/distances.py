"""How far generated weights lie from the snapshots that a GAN-GAN was trained on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangan_cli.weightspace.pca import PrincipalComponents
from gangan_cli.weightspace.snapshots import Matrix, Snapshots
from store.keys import Keys

BLOCK = 256
"""Snapshots held in memory at a time: 117 MB at the paper's size."""


@dataclass(frozen=True)
class Nearest:
    """For each of n vectors the nearest snapshot: `keys` (n, 2), `distances` (n,), Euclidean.

    `spacing` is the median distance of consecutive snapshots of the same GAN: the unit in which to
    read the distances. NaN when no GAN has two.
    """

    keys: Keys
    distances: NDArray[np.float64]
    spacing: float


def nearest(vectors: Matrix, run: Snapshots, keys: Keys) -> Nearest:
    """Hold weight vectors (n, P) against the snapshots `keys` (m, 2) of `run`."""
    best = np.full(len(vectors), np.inf)
    where = np.zeros(len(vectors), np.int64)
    squares = np.einsum("np,np->n", vectors, vectors, dtype=np.float64)
    gaps: list[NDArray[np.float64]] = []
    for first, block, steps in _blocks(run, keys):
        of_block = np.einsum("mp,mp->m", block, block, dtype=np.float64)
        distances = squares[:, None] + of_block - 2 * (vectors @ block.T).astype(np.float64)
        closest = distances.argmin(axis=1)
        closer = distances[np.arange(len(vectors)), closest] < best
        where[closer] = first + closest[closer]
        best = np.minimum(best, distances.min(axis=1))
        gaps.append(steps)
    return Nearest(keys[where], np.sqrt(np.maximum(best, 0)), _median(gaps))


class Landmarks:
    """Snapshots held as coordinates among components, so that one weight vector is compared at once.

    What is made of components lies in their space, so its squared distance to a snapshot is the one
    within the space plus the snapshot's own distance to the space: exact, for k numbers a snapshot, not
    P.
    """

    def __init__(self, run: Snapshots, keys: Keys, components: PrincipalComponents) -> None:
        """Read the snapshots `keys` (m, 2) of `run` once."""
        self._keys, self._components = keys, components
        coordinates, outside = [], []
        gaps: list[NDArray[np.float64]] = []
        for _, block, steps in _blocks(run, keys):
            within = components.project(block).astype(np.float64)
            coordinates.append(within)
            centred = block - components.mean
            squares = np.einsum("mp,mp->m", centred, centred, dtype=np.float64)
            outside.append(np.maximum(squares - (within**2).sum(axis=1), 0))
            gaps.append(steps)
        self._coordinates, self._outside = np.concatenate(coordinates), np.concatenate(outside)
        self._spacing = _median(gaps)

    def nearest(self, vectors: Matrix) -> Nearest:
        """Hold weight vectors (n, P) that the components make against the snapshots."""
        points = self._components.project(vectors).astype(np.float64)
        away = ((points[:, None] - self._coordinates) ** 2).sum(axis=2) + self._outside
        where = away.argmin(axis=1)
        return Nearest(self._keys[where], np.sqrt(away.min(axis=1)), self._spacing)


def _blocks(run: Snapshots, keys: Keys) -> Iterator[tuple[int, Matrix, NDArray[np.float64]]]:
    """Yield snapshots a block at a time: the first one's place, the block, and the steps along GANs."""
    before: Matrix | None = None
    for first in range(0, len(keys), BLOCK):
        block, _ = run.matrix(keys[first : first + BLOCK])
        chain = block if before is None else np.concatenate([before, block])
        same = np.diff(keys[first + len(block) - len(chain) : first + len(block), 0]) == 0
        yield first, block, np.linalg.norm(np.diff(chain, axis=0)[same], axis=1).astype(np.float64)
        before = block[-1:].copy()


def _median(gaps: list[NDArray[np.float64]]) -> float:
    steps = np.concatenate(gaps)
    return float(np.median(steps)) if len(steps) else float("nan")
