"""Nearest snapshots of weight vectors: in the space of all weights, or of principal components.

`nearest` and `DecodedIndex` find the nearest snapshot alone, for pictures. A `SnapshotIndex` also finds
the nearest of another GAN and the nearest segment between two snapshots, for which it computes the
distances of all pairs of snapshots once.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from gangan_cli.weightspace.pca import PrincipalComponents
from gangan_cli.weightspace.snapshots import Matrix, Snapshots
from store.keys import Keys

Numbers = NDArray[np.float64]

ROWS = 256
"""Snapshots in memory at a time: 117 MB at the paper's size."""

COLUMN_BYTES = 64 << 20
"""Bytes of columns of all snapshots in memory at a time."""

MIN_PRECISION = 1e-3
"""Share of the squared length of vectors (from their mean). A squared epoch step below it keeps too few
of the seven digits of float32 products; then products are float64, which takes twice the time."""

N_SEGMENT_ENDS = 64
"""Number of nearest snapshots from which segments to all others are tried, so that the residual may be
slightly too large."""

N_REFERENCE = 256
"""Number of snapshots, evenly spaced, that are compared with all the others."""


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


@dataclass(frozen=True)
class Neighbours:
    """For n vectors: rows of the nearest snapshots (n,), their distances (n,), the ratios (n,) of these
    to the distance of the nearest snapshot of another GAN (0 without one), and the residuals (n,) to the
    nearest segment between two snapshots."""

    rows: NDArray[np.int64]
    distances: Numbers
    ratios: Numbers
    residuals: Numbers

    @classmethod
    def concatenate(cls, parts: Sequence["Neighbours"]) -> "Neighbours":
        """Return several results as one."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


class SnapshotIndex:
    """Snapshots `keys` (m, 2) as points, with the distances of all pairs. They are read once, some
    columns at a time."""

    def __init__(self, keys: Keys, size: int, columns: Callable[[slice], Matrix]) -> None:
        """Index points of `size` numbers; `columns` returns some of these as a new array (m, width)."""
        self.keys, self._size, self._read = keys, size, columns
        self._compute_pairs(np.float32)
        if self.epoch_step**2 < MIN_PRECISION * np.median(self._squares):
            self._compute_pairs(np.float64)

    def _compute_pairs(self, kind: type[np.floating]) -> None:
        """Compute the products and distances of all pairs in numbers of this `kind`."""
        self._kind = kind
        self._mean = np.zeros(self._size, kind)
        self._products = np.zeros((len(self.keys), len(self.keys)))
        for place, part in self._columns():
            self._mean[place] = part.mean(axis=0, dtype=np.float64)
            part -= self._mean[place]
            self._products += part @ part.T
        self._squares = self._products.diagonal().copy()
        squared = self._squares[:, None] + self._squares - 2 * self._products
        self.distances = np.sqrt(np.maximum(squared, 0))

    @property
    def epoch_step(self) -> float:
        """The median distance of consecutive snapshots of a GAN; NaN if no GAN has two."""
        steps = self.distances[np.arange(len(self.keys) - 1), np.arange(1, len(self.keys))]
        same = np.diff(self.keys[:, 0]) == 0
        return float(np.median(steps[same])) if same.any() else float("nan")

    @property
    def between_gans(self) -> float:
        """The median distance of a snapshot to the nearest of another GAN; NaN if there is one GAN."""
        gans = self.keys[:, 0]
        others = np.where(gans[:, None] == gans, np.inf, self.distances).min(axis=1)
        return float(np.median(others)) if np.isfinite(others).all() else float("nan")

    def among_themselves(self) -> Neighbours:
        """Return the neighbours of some snapshots, each among all the others."""
        rows = np.unique(np.linspace(0, len(self.keys) - 1, N_REFERENCE).round().astype(np.int64))
        return _together(
            [
                self._neighbours(
                    self._products[row], self._squares[row], np.delete(np.arange(len(self.keys)), row)
                )
                for row in rows
            ]
        )

    def neighbours(self, vectors: Matrix) -> Neighbours:
        """Return the neighbours of vectors (n, P) among the snapshots."""
        everyone = np.arange(len(self.keys))
        products = np.zeros((len(vectors), len(self.keys)))
        squares = np.zeros(len(vectors))
        for place, part in self._columns(len(vectors)):
            part -= self._mean[place]
            centred = vectors[:, place] - self._mean[place]
            products += centred @ part.T
            squares += np.einsum("ij,ij->i", centred, centred, dtype=np.float64)
        return _together(
            [
                self._neighbours(row, square, everyone)
                for row, square in zip(products, squares, strict=True)
            ]
        )

    def _columns(self, others: int = 0) -> Iterator[tuple[slice, NDArray[np.floating]]]:
        """Yield columns of the snapshots (m, w) with their slices, so narrow that as many columns of
        `others` vectors fit too."""
        width = max(1, COLUMN_BYTES // (np.dtype(self._kind).itemsize * max(len(self.keys), others)))
        for first in range(0, self._size, width):
            place = slice(first, min(first + width, self._size))
            yield place, self._read(place).astype(self._kind, copy=False)

    def _neighbours(
        self, products: Numbers, square: float, among: NDArray[np.int64]
    ) -> tuple[int, float, float, float]:
        """Return the nearest row, distance, ratio and residual of a point, from its squared length and
        its products with the snapshots; only the rows `among` count."""
        squared = np.maximum(square + self._squares[among] - 2 * products[among], 0)
        order = np.argsort(squared)[:N_SEGMENT_ENDS]
        ends = among[order]
        nearest, distance = int(ends[0]), float(np.sqrt(squared[order[0]]))
        others = squared[self.keys[among, 0] != self.keys[nearest, 0]]
        of_another = float(np.sqrt(others.min(initial=np.inf)))
        ratio = distance / of_another if of_another else 1.0
        if len(among) < 2:
            return nearest, distance, ratio, distance
        # From each end s towards every other snapshot t: `along` is the foot of the perpendicular as a
        # share of the segment, `off` the squared distance to it.
        lengths = self.distances[np.ix_(ends, among)] ** 2
        dots = (
            products[among]
            - products[ends][:, None]
            - self._products[np.ix_(ends, among)]
            + self._squares[ends][:, None]
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            along = np.where(lengths > 0, np.clip(dots / lengths, 0, 1), 0)
        off = squared[order][:, None] - 2 * along * dots + along**2 * lengths
        residual = float(np.sqrt(max(off.min(), 0)))
        return nearest, distance, ratio, residual


class WeightIndex(SnapshotIndex):
    """Snapshots in the space of all weights."""

    def __init__(self, view: Snapshots, keys: Keys) -> None:
        """Index the snapshots `keys` (m, 2) of `view`.

        Raises:
            UnknownSnapshot: `view` lacks one.
        """
        self.view = view
        super().__init__(
            keys, view.manifest.layout.size, lambda place: self.view.columns(self.keys, place)
        )


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

    def neighbours(self, vectors: Matrix) -> Neighbours:
        """Return the neighbours of weight vectors (n, P) among the snapshots, all projected."""
        return super().neighbours(self.components.project(vectors))


def _together(found: list[tuple[int, float, float, float]]) -> Neighbours:
    rows, *numbers = (np.array(part) for part in zip(*found, strict=True))
    return Neighbours(rows.astype(np.int64), *numbers)
