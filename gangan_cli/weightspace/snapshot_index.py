"""Snapshots as points of a space: the nearest of them, and the nearest of another GAN.

The space is that of all weights, of principal components, or of images from fixed noise.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gangan_cli.weightspace.pca import PrincipalComponents
from gangan_cli.weightspace.snapshots import Matrix, Snapshots, consecutive
from store.keys import Keys

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]

COLUMN_BYTES = 64 << 20
"""Bytes of columns of all snapshots in memory at a time."""

MIN_PRECISION = 1e-3
"""Share of the squared length of vectors (from their mean). A squared epoch step below it keeps too few
of the seven digits of float32 products; then products are float64, which takes twice the time."""


@dataclass(frozen=True)
class Neighbours:
    """For n vectors: rows of the nearest snapshots (n,), their distances (n,), and the ratios (n,) of
    these to the distances of the nearest snapshot of another GAN (0 without one)."""

    rows: Rows
    distances: Numbers
    ratios: Numbers


class SnapshotIndex:
    """Snapshots `keys` (m, 2) as points, which are read some columns at a time."""

    def __init__(self, keys: Keys, size: int, columns: Callable[[slice], Matrix]) -> None:
        """Index points of `size` numbers; `columns` returns some of these as a new array (m, width)."""
        self.keys, self._size, self._read = keys, size, columns
        self._kind: np.dtype[np.floating] = np.dtype(np.float32)
        self._mean = np.zeros(size)
        self.squares = np.zeros(len(keys))
        """Squared distances (m,) of the snapshots from their mean."""
        before = consecutive(keys)
        steps = np.zeros(len(before))
        for place, part in self._columns():
            self._mean[place] = part.mean(axis=0, dtype=np.float64)
            steps += _squared_lengths(part[before + 1] - part[before])
            self.squares += _squared_lengths(part - self._mean[place].astype(np.float32))
        self.epoch_step = float(np.median(np.sqrt(steps))) if len(steps) else float("nan")
        """The median distance of consecutive snapshots of a GAN; NaN if no GAN has two."""
        if self.epoch_step**2 < MIN_PRECISION * np.median(self.squares):
            self._kind = np.dtype(np.float64)
            self.squares = np.zeros(len(keys))
            for _, centred in self._centred(0):
                self.squares += _squared_lengths(centred)

    def neighbours(self, vectors: Matrix) -> Neighbours:
        """Return the neighbours of weight vectors (n, P) among the snapshots."""
        return self.neighbours_of(self.points(vectors))

    def neighbours_of(self, points: Matrix) -> Neighbours:
        """Return the neighbours of points (n, size) among the snapshots."""
        return self._nearest(self._squared(*self.products(points)))

    def points(self, vectors: Matrix) -> Matrix:
        """Return weight vectors (n, P) as points (n, size) of the space."""
        return vectors

    def of_snapshots(self, rows: Rows, *, other_gans: bool) -> Neighbours:
        """Return the neighbours of some of the snapshots among the others; with `other_gans`, among
        those of other GANs: each GAN left out as a whole.

        Raises:
            ValueError: `other_gans`, of a single GAN.
        """
        if other_gans and (self.keys[:, 0] == self.keys[0, 0]).all():
            raise ValueError("a single GAN: there is no other one")
        squared = self._squared(self._products_of(rows), self.squares[rows])
        gans = self.keys[:, 0]
        left_out = gans[rows][:, None] == gans if other_gans else rows[:, None] == np.arange(len(gans))
        return self._nearest(np.where(left_out, np.inf, squared))

    def products(self, points: Matrix) -> tuple[Numbers, Numbers]:
        """Return the inner products (n, m) of points (n, size) with the snapshots, and their squared
        lengths (n,), all from the snapshots' mean."""
        products, squares = np.zeros((len(points), len(self.keys))), np.zeros(len(points))
        for place, part in self._centred(len(points)):
            centred = points[:, place].astype(self._kind) - self._mean[place].astype(self._kind)
            products += centred @ part.T
            squares += _squared_lengths(centred)
        return products, squares

    @cached_property
    def gram(self) -> Numbers:
        """The inner products (m, m) of all pairs of snapshots, from their mean."""
        return self._products_of(np.arange(len(self.keys)))

    def _products_of(self, rows: Rows) -> Numbers:
        products = np.zeros((len(rows), len(self.keys)))
        for _, part in self._centred(len(rows)):
            products += part[rows] @ part.T
        return products

    def _squared(self, products: Numbers, squares: Numbers) -> Numbers:
        found: Numbers = np.maximum(squares[:, None] + self.squares - 2 * products, 0)
        return found

    def _nearest(self, squared: Numbers) -> Neighbours:
        """Return the neighbours from squared distances (n, m), infinite for what does not count."""
        rows = squared.argmin(axis=1)
        nearest = np.sqrt(squared[np.arange(len(rows)), rows])
        same = self.keys[:, 0] == self.keys[rows, 0][:, None]
        others = np.sqrt(np.where(same, np.inf, squared).min(axis=1))
        ratios = np.divide(nearest, others, out=np.ones_like(nearest), where=others > 0)
        return Neighbours(rows, nearest, ratios)

    def _columns(self, others: int = 0) -> Iterator[tuple[slice, Matrix]]:
        """Yield columns of the snapshots (m, w) with their slices, so narrow that as many columns of
        `others` vectors fit too."""
        width = max(1, COLUMN_BYTES // (self._kind.itemsize * max(len(self.keys), others)))
        for first in range(0, self._size, width):
            place = slice(first, min(first + width, self._size))
            yield place, self._read(place)

    def _centred(self, others: int) -> Iterator[tuple[slice, NDArray[np.floating]]]:
        for place, part in self._columns(others):
            yield place, part.astype(self._kind, copy=False) - self._mean[place].astype(self._kind)


class WeightIndex(SnapshotIndex):
    """Snapshots in the space of all weights, as they are: hidden units are not matched."""

    def __init__(self, view: Snapshots, keys: Keys) -> None:
        """Index the snapshots `keys` (m, 2) of `view`.

        Raises:
            UnknownSnapshot: `view` lacks one.
        """
        super().__init__(keys, view.manifest.layout.size, lambda place: view.columns(keys, place))


class PcaIndex(SnapshotIndex):
    """Snapshots projected onto principal components.

    Most of an epoch step is noise, which lies outside the space of the components. What is decoded from
    components has none of that noise, and so lies about a step from every snapshot, even if it is an
    exact copy. Only within the space can a copy be told from something new.
    """

    def __init__(self, view: Snapshots, keys: Keys, components: PrincipalComponents) -> None:
        """Index the snapshots `keys` (m, 2) of `view`; `coordinates` (m, k) are their projections.

        Raises:
            Damaged: a snapshot is not what was written.
        """
        self.components = components
        self.coordinates = components.project_snapshots(view, keys)
        super().__init__(
            keys, self.coordinates.shape[1], lambda place: self.coordinates[:, place].copy()
        )

    def points(self, vectors: Matrix) -> Matrix:
        """Return weight vectors (n, P) projected."""
        return self.components.project(vectors)


def _squared_lengths(vectors: NDArray[np.floating]) -> Numbers:
    found: Numbers = np.einsum("np,np->n", vectors, vectors, dtype=np.float64)
    return found
