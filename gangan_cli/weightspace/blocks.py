"""Snapshots a block of rows at a time, and the nearest of them."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from gangan_cli.weightspace.snapshots import Matrix

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]

BLOCK = 64 << 20
"""Bytes of vectors, and of snapshots, that are compared at once."""

KEPT = 4 * BLOCK
"""Bytes of one GAN's snapshots that are kept while vectors are compared with them."""


COLUMNS = 4096
"""Columns of a block that are compared at once: of 100 snapshots they take 1.6 MB."""


class Blocks:
    """Some snapshots by parts of their rows: kept if they have at most KEPT bytes, else read each
    time."""

    def __init__(self, parts: list[Rows], size: int, read: Callable[[Rows], Matrix]) -> None:
        self._parts, self._read = parts, read
        self._keeps = 4 * size * sum(map(len, parts)) <= KEPT
        self._kept: list[Matrix] = []

    def __iter__(self) -> Iterator[tuple[Rows, Matrix]]:
        if self._kept:
            yield from zip(self._parts, self._kept, strict=True)
            return
        read = []
        for part in self._parts:
            block = self._read(part)
            if self._keeps:
                read.append(block)
            yield part, block
        self._kept = read


def nearest_rows(vectors: Matrix, blocks: Blocks) -> tuple[Numbers, Rows]:
    """Return the distances of vectors (n, P) to the nearest of some snapshots, and the rows of these.

    Products find the nearest; its distance is computed from the difference, so that a copy's is 0.
    """
    best, rows = np.full(len(vectors), np.inf), np.zeros(len(vectors), np.int64)
    for part, block in blocks:
        closest = _squared(vectors, block).argmin(axis=1)
        differences = vectors - block[closest]
        lengths = np.sqrt(np.einsum("np,np->n", differences, differences, dtype=np.float64))
        less = lengths < best
        best[less], rows[less] = lengths[less], part[closest[less]]
    return best, rows


def _squared(vectors: Matrix, block: Matrix) -> Numbers:
    """Return squared distances (n, m) of vectors (n, P) to those of a block (m, P), each less the same
    number for all of the block. Some columns at a time stay in the cache: four times as fast."""
    squared = np.zeros((len(vectors), len(block)))
    for first in range(0, block.shape[1], COLUMNS):
        theirs = block[:, first : first + COLUMNS]
        # Around their mean, trajectories are short, and so are the errors of products.
        centre = theirs.mean(axis=0)
        theirs = theirs - centre
        squared += np.einsum("mp,mp->m", theirs, theirs)
        squared -= 2 * ((vectors[:, first : first + COLUMNS] - centre) @ theirs.T)
    return squared
