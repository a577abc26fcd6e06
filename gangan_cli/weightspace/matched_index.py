"""Nearest snapshots of weight vectors, whatever the order of their hidden units.

A network is the same with its hidden units in another order (and, between leaky ReLUs, at other scales),
but far away as a vector. So each vector is matched to the GANs that it may come from before it is
measured:

1. Sketches are kept of all snapshots (sketches.py), as they are and whatever the order of their units.
2. A vector's sketches name the snapshots that may be nearest, of a few GANs.
3. It is matched to each of these snapshots, and measured against all snapshots of that GAN. Matching
   begins with what the first layers say, and for the GAN that is nearest as they are with the order as
   it is. Distances of sketches that no order changes are, but for their noise, below the least over all
   orders: a GAN whose sketch is farther than the nearest as it is cannot be nearer, and is left out.

The least distance of all is returned. It is an upper bound of the least over all orders, which nobody
can compute; but a copy is matched in full.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gangan_cli.progress import ProgressCallback
from gangan_cli.threads import one_blas_thread
from gangan_cli.weightspace.blocks import BLOCK, Blocks, Numbers, Rows, nearest_rows
from gangan_cli.weightspace.hidden_units import HiddenUnits, Orders
from gangan_cli.weightspace.least import Least
from gangan_cli.weightspace.least import Matched as Matched
from gangan_cli.weightspace.sketches import Sketcher, distances
from gangan_cli.weightspace.snapshots import Matrix, epoch_step
from gangan_cli.weightspace.unit_matching import UnitMatcher, match_each
from store.keys import Keys

CANDIDATES = 3
"""Maximum number of GANs to which a vector is matched from what the first layers say."""

FARTHEST = 1.5
"""A GAN is no candidate if it is this many times as far as the nearest: matching further brings other
GANs nearer by a tenth, and the right one by more."""


NOISE = 1.2
"""A GAN whose sketched distance over all orders is so many times the least as they are is left out."""


class Vectors(Protocol):
    """The protocol of what is indexed: a population's snapshots, or vectors of other networks."""

    def matrix(self, of: Keys | None = None) -> tuple[Matrix, Keys]:
        """Return vectors (n, P), and their keys (n, 2)."""


class _Task(NamedTuple):
    """A vector to be matched to the snapshot of a row, and the orders with which matching begins; None
    for what the layers say from the first to the last."""

    vector: int
    row: int
    start: Orders | None


class MatchedIndex:
    """Snapshots of GANs, for distances that no order of hidden units fools."""

    def __init__(
        self,
        units: HiddenUnits,
        view: Vectors,
        keys: Keys,
        on_progress: ProgressCallback = lambda *_: None,
    ) -> None:
        """Read the snapshots `keys` (m, 2) of `view`, a GAN at a time; `units` are of their layout.

        Raises:
            UnknownSnapshot, Damaged: as `Run.matrix`.
        """
        self.units, self.view, self.keys = units, view, keys
        self.gans = np.array(list(dict.fromkeys(keys[:, 0].tolist())), np.int64)
        self._rows = {int(gan): np.flatnonzero(keys[:, 0] == gan) for gan in self.gans}
        self._sketcher = Sketcher(units)
        self._scales = [np.ones((len(keys), group.units), np.float32) for group in units.groups]
        sketches = []
        for done, rows in enumerate(self._rows.values()):
            on_progress("reading snapshots", done, len(self.gans))
            for part in self._parts(rows):
                raw, _ = view.matrix(keys[part])
                for scales, own in zip(self._scales, units.balancing(raw), strict=True):
                    scales[part] = own
                sketches.append(self._sketched(self._scaled(raw, part)))
        on_progress("reading snapshots", len(self.gans), len(self.gans))
        place = np.argsort(np.concatenate(list(self._rows.values())))
        self._plain, self._invariant = (np.concatenate(of)[place] for of in zip(*sketches, strict=True))

    @property
    def epoch_step(self) -> float:
        """The median distance of consecutive snapshots of a GAN, with scales balanced; 1 if no GAN has
        two."""
        return epoch_step(self.keys, self.snapshots)

    def snapshots(self, rows: Rows) -> Matrix:
        """Return the snapshots of these rows of the keys, (n, P), with scales balanced where these can
        be chosen."""
        return self._scaled(self.view.matrix(self.keys[rows])[0], rows)

    def _scaled(self, snapshots: Matrix, rows: Rows) -> Matrix:
        """Return snapshots (n, P) with the scales of these rows, which balance them."""
        if self.units.scalable:
            self.units.scale_(snapshots, [scales[rows] for scales in self._scales])
        return snapshots

    def _sketched(self, balanced: Matrix) -> tuple[Matrix, Matrix]:
        """Return sketches (n, k) and (n, l) of vectors (n, P), with scales balanced: as they are, and
        whatever the order of their units."""
        plain = self._sketcher.plain(balanced)
        return plain, self._sketcher.invariant(balanced) if self.units.groups else plain

    def framed(self, vectors: Matrix, found: Matched) -> Matrix:
        """Return vectors (n, P) as they were matched: with scales balanced, in the units of their
        nearest snapshots, so that their differences to `snapshots(found.rows)` have the length of their
        distances."""
        return self._permuted(self.units.balance(vectors), found.orders)

    def around(
        self, vectors: Matrix, count: int, without: NDArray[np.int64] | None = None
    ) -> list[Rows]:
        """Return for each of vectors (n, P) a row of each of the `count` GANs that seem nearest by their
        sketches, whatever the order of units."""
        own = self._sketcher.invariant(self.units.balance(vectors))
        without = np.full(len(vectors), -1, np.int64) if without is None else without
        return [rows for rows, _ in self._near(own, self._invariant, without, count, None)]

    def in_units_of(self, vectors: Matrix, rows: Sequence[Rows]) -> Iterator[Matrix]:
        """Yield for each of vectors (n, P), with scales balanced, the snapshots of its rows (k, P),
        balanced too and each matched to it: in its units."""
        for part in self._parts(np.arange(len(vectors))):
            targets = np.unique(np.concatenate([rows[place] for place in part]))
            own = dict(zip(targets.tolist(), self.snapshots(targets), strict=True))
            pairs = [(place, row) for place in part.tolist() for row in rows[place].tolist()]
            to = {place: UnitMatcher(self.units, vectors[place]) for place in part.tolist()}
            orders = iter(
                match_each(
                    [to[place] for place, _ in pairs],
                    [own[row] for _, row in pairs],
                    [None] * len(pairs),
                )
            )
            for place in part.tolist():
                some = np.stack([own[row] for row in rows[place].tolist()])
                yield self._permuted(some, [next(orders) for _ in some])

    def nearest(
        self,
        vectors: Matrix,
        without: NDArray[np.int64] | None = None,
        on_progress: ProgressCallback = lambda *_: None,
    ) -> Matched:
        """Return the nearest snapshots of vectors (n, P). Many vectors at once cost less: the snapshots
        are read once for all.

        `without` (n,) leaves out a GAN for each vector, its own; -1 for none.

        Raises:
            UnknownSnapshot, Damaged: as `Run.matrix`.
            ValueError: a vector is not finite, or no other GAN is left for it.
        """
        without = np.full(len(vectors), -1, np.int64) if without is None else without
        tasks: dict[int, list[_Task]] = {gan: [] for gan in self._rows}
        for part in self._parts(np.arange(len(vectors))):
            for task in self._tasks(vectors, part, without[part]):
                tasks[int(self.keys[task.row, 0])].append(task)
        found = Least(len(vectors), self.units.identity)
        for done, (gan, some) in enumerate(tasks.items()):
            on_progress("matching hidden units", done, len(self.gans))
            with one_blas_thread():  # for products too small to be shared
                self._compare(vectors, gan, some, found)
        on_progress("matching hidden units", len(self.gans), len(self.gans))
        return found.result()

    def distances_as_they_are(self, vectors: Matrix) -> Numbers:
        """Return the least distances (n,) of vectors (n, P) to all snapshots, with no units moved and no
        scales balanced."""
        everything = self._parts(np.arange(len(self.keys)))
        blocks = Blocks(
            everything, self.units.layout.size, lambda rows: self.view.matrix(self.keys[rows])[0]
        )
        return np.concatenate(
            [nearest_rows(vectors[part], blocks)[0] for part in self._parts(np.arange(len(vectors)))]
        )

    def _tasks(self, vectors: Matrix, part: Rows, without: NDArray[np.int64]) -> Iterator[_Task]:
        """Yield the snapshots to which the vectors of `part` are to be matched."""
        plain, invariant = self._sketched(self.units.balance(vectors[part]))
        nearest = self._near(plain, self._plain, without, 1)
        others = self._near(invariant, self._invariant, without)
        for vector, (own, [least]), (rows, lengths) in zip(part.tolist(), nearest, others, strict=True):
            if self.units.groups:
                yield _Task(vector, int(own[0]), self.units.identity)
                rows = rows[lengths <= NOISE * least]
            for row in rows.tolist():
                yield _Task(vector, row, None)

    def _near(
        self,
        sketches: Matrix,
        of: Matrix,
        without: NDArray[np.int64],
        count: int = CANDIDATES,
        farthest: float | None = FARTHEST,
    ) -> list[tuple[Rows, Numbers]]:
        """Return for each sketch (n, k) the nearest rows of those `of` (m, k), one for each of at most
        `count` GANs, and their distances."""
        to_all = distances(sketches, of)
        if not np.isfinite(to_all).all():
            raise ValueError("vectors hold NaN or infinity")
        least = np.stack([rows[to_all[:, rows].argmin(axis=1)] for rows in self._rows.values()], axis=1)
        to_gans = np.take_along_axis(to_all, least, axis=1)
        to_gans[self.gans == without[:, None]] = np.inf
        chosen = []
        for rows, lengths in zip(least, to_gans, strict=True):
            order = np.argsort(lengths)[:count]
            order = order[np.isfinite(lengths[order])]
            if farthest is not None:
                order = order[lengths[order] <= farthest * lengths[order[:1]]]
            if not len(order):
                raise ValueError("there is no other GAN to compare with")
            chosen.append((rows[order], lengths[order]))
        return chosen

    def _permuted(self, vectors: Matrix, orders: Sequence[Orders]) -> Matrix:
        for row, order in enumerate(orders):
            vectors[row] = self.units.permute(vectors[row : row + 1], order)[0]
        return vectors

    def _compare(self, vectors: Matrix, gan: int, tasks: list[_Task], found: Least) -> None:
        """Match vectors to snapshots of a GAN, and measure them against all of its snapshots."""
        blocks = Blocks(self._parts(self._rows[gan]), self.units.layout.size, self.snapshots)
        for places in self._parts(np.arange(len(tasks))):
            some = [tasks[place] for place in places]
            of = np.array([task.vector for task in some])
            own = self.units.balance(vectors[of])
            targets = np.unique([task.row for task in some])
            to = {
                row: UnitMatcher(self.units, snapshot)
                for row, snapshot in zip(targets.tolist(), self.snapshots(targets), strict=True)
            }
            orders = match_each([to[task.row] for task in some], own, [task.start for task in some])
            found.add(of, *nearest_rows(self._permuted(own, orders), blocks), orders)

    def _parts(self, rows: Rows) -> list[Rows]:
        """Return rows in parts of BLOCK bytes of vectors, or of one row."""
        count = max(1, BLOCK // (4 * self.units.layout.size))
        return [rows[first : first + count] for first in range(0, len(rows), count)]
