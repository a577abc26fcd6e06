"""How far generated weights lie from the snapshots that a GAN-GAN was trained on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangan_cli.data.weights import Matrix
from store import Run
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


def nearest(vectors: Matrix, run: Run, keys: Keys) -> Nearest:
    """Hold weight vectors (n, P) against the snapshots `keys` (m, 2) of `run`."""
    best = np.full(len(vectors), np.inf)
    where = np.zeros(len(vectors), np.int64)
    squares = np.einsum("np,np->n", vectors, vectors, dtype=np.float64)
    gaps: list[NDArray[np.float64]] = []
    before: Matrix | None = None
    for first in range(0, len(keys), BLOCK):
        block, _ = run.matrix(keys[first : first + BLOCK])
        of_block = np.einsum("mp,mp->m", block, block, dtype=np.float64)
        distances = squares[:, None] + of_block - 2 * (vectors @ block.T).astype(np.float64)
        closest = distances.argmin(axis=1)
        closer = distances[np.arange(len(vectors)), closest] < best
        where[closer] = first + closest[closer]
        best = np.minimum(best, distances.min(axis=1))
        chain = block if before is None else np.concatenate([before, block])
        same = np.diff(keys[first + len(block) - len(chain) : first + len(block), 0]) == 0
        gaps.append(np.linalg.norm(np.diff(chain, axis=0)[same], axis=1).astype(np.float64))
        before = block[-1:].copy()
    steps = np.concatenate(gaps)
    spacing = float(np.median(steps)) if len(steps) else float("nan")
    return Nearest(keys[where], np.sqrt(np.maximum(best, 0)), spacing)
