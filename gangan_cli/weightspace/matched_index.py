"""Nearest snapshots of weight vectors, whatever the order of their hidden units.

A network is the same with its hidden units in another order (and, between leaky ReLUs, at other scales),
but far away as a vector. So each vector is matched to the GANs that it may come from before it is
measured:

1. Sketches are kept of all snapshots (sketches.py), as they are and whatever the order of their units.
2. A vector's sketches name the snapshots that may be nearest, of a few GANs.
3. It is matched to each of these snapshots, and measured against all snapshots of that GAN. Matching
   begins with what the first layers say, and for the GAN that is nearest as they are with the order as
   it is.

The least distance of all is returned. It is an upper bound of the least over all orders, which nobody
can compute; but a copy is matched in full.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gangan_cli import limits
from gangan_cli.progress import ProgressCallback
from gangan_cli.weightspace.blocks import BLOCK, Blocks, Numbers, Rows, nearest_rows
from gangan_cli.weightspace.hidden_units import HiddenUnits, Orders
from gangan_cli.weightspace.sketches import Sketcher, distances
from gangan_cli.weightspace.snapshots import Matrix, epoch_step
from gangan_cli.weightspace.unit_matching import UnitMatcher
from store.keys import Keys

CANDIDATES = 5
"""Maximum number of GANs to which a vector is matched; as many are measured against it as it is."""

FARTHEST = 1.5
"""A GAN is no candidate if it is this many times as far as the nearest: matching further brings other
GANs nearer by a tenth, and the right one by more."""


@dataclass(frozen=True)
class Matched:
    """The nearest snapshot of each of n vectors.

    `distances` (n,) and `rows` (n,) of the index's keys are the least over orders of hidden units, with
    scales balanced where these can be chosen; `orders` bring each vector into the units of its snapshot.
    `plain_distances` and `plain_rows` are of the vectors as they are.
    """

    distances: Numbers
    rows: Rows
    orders: tuple[Orders, ...]
    plain_distances: Numbers
    plain_rows: Rows


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
        plain, invariant = [], []
        for done, rows in enumerate(self._rows.values()):
            on_progress("reading snapshots", done, len(self.gans))
            for part in self._parts(rows):
                raw, _ = view.matrix(keys[part])
                plain.append(self._sketcher.plain(raw))
                if units.groups:
                    invariant.append(self._sketcher.invariant(units.balance(raw)))
        on_progress("reading snapshots", len(self.gans), len(self.gans))
        place = np.argsort(np.concatenate(list(self._rows.values())))
        self._plain = np.concatenate(plain)[place]
        self._invariant = np.concatenate(invariant)[place] if units.groups else self._plain

    @property
    def epoch_step(self) -> float:
        """The median distance of consecutive snapshots of a GAN, with scales balanced; 1 if no GAN has
        two."""
        return epoch_step(self.keys, self.snapshots)

    def snapshots(self, rows: Rows) -> Matrix:
        """Return the snapshots of these rows of the keys, (n, P), with scales balanced where these can
        be chosen."""
        return self.units.balance(self.view.matrix(self.keys[rows])[0])

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
        return self._near(own, self._invariant, without, count, None)

    def in_units_of(self, vector: Matrix, rows: Rows) -> Matrix:
        """Return the snapshots of these rows (n, P), each matched to `vector` (P,): in its units, and
        with scales balanced, as it must be."""
        own = self.snapshots(rows)
        orders = _matched([UnitMatcher(self.units, vector)] * len(rows), own, [None] * len(rows))
        return self._permuted(own, orders)

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
        plain: dict[int, list[int]] = {gan: [] for gan in self._rows}
        tasks: dict[int, list[_Task]] = {gan: [] for gan in self._rows}
        for part in self._parts(np.arange(len(vectors))):
            self._choose(vectors, part, without[part], plain, tasks)
        found = _Least(len(vectors), self.units.identity)
        for done, gan in enumerate(self._rows):
            on_progress("comparing with GANs", done, len(self.gans))
            self._compare(vectors, gan, np.array(plain[gan], np.int64), tasks[gan], found)
        on_progress("comparing with GANs", len(self.gans), len(self.gans))
        return found.result(matched=bool(self.units.groups))

    def _choose(
        self,
        vectors: Matrix,
        part: Rows,
        without: NDArray[np.int64],
        plain: dict[int, list[int]],
        tasks: dict[int, list[_Task]],
    ) -> None:
        """Choose the GANs with which some vectors are compared as they are, and as they are matched."""
        raw = vectors[part]
        near = self._near(self._sketcher.plain(raw), self._plain, without)
        for vector, rows in zip(part.tolist(), near, strict=True):
            for row in rows:
                plain[int(self.keys[row, 0])].append(vector)
            if self.units.groups:
                tasks[int(self.keys[rows[0], 0])].append(
                    _Task(vector, int(rows[0]), self.units.identity)
                )
        if not self.units.groups:
            return
        own = self._sketcher.invariant(self.units.balance(raw))
        for vector, rows in zip(part.tolist(), self._near(own, self._invariant, without), strict=True):
            for row in rows:
                tasks[int(self.keys[row, 0])].append(_Task(vector, int(row), None))

    def _near(
        self,
        sketches: Matrix,
        of: Matrix,
        without: NDArray[np.int64],
        count: int = CANDIDATES,
        farthest: float | None = FARTHEST,
    ) -> list[Rows]:
        """Return for each sketch (n, k) the nearest rows of those `of` (m, k), one for each of at most
        `count` GANs."""
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
            chosen.append(rows[order])
        return chosen

    def _permuted(self, vectors: Matrix, orders: Sequence[Orders]) -> Matrix:
        for row, order in enumerate(orders):
            vectors[row] = self.units.permute(vectors[row : row + 1], order)[0]
        return vectors

    def _compare(
        self, vectors: Matrix, gan: int, plain: Rows, tasks: list[_Task], found: "_Least"
    ) -> None:
        """Measure vectors against all snapshots of a GAN: some as they are, others as they are
        matched."""
        parts, size = self._parts(self._rows[gan]), self.units.layout.size
        blocks = Blocks(parts, size, lambda rows: self.view.matrix(self.keys[rows])[0])
        for of in self._parts(plain):
            found.add_plain(of, *nearest_rows(vectors[of], blocks)[:2])
        if not tasks:
            return
        if self.units.scalable:
            blocks = Blocks(parts, size, self.snapshots)
        for places in self._parts(np.arange(len(tasks))):
            some = [tasks[place] for place in places]
            of = np.array([task.vector for task in some])
            own = self.units.balance(vectors[of])
            targets = np.unique([task.row for task in some])
            to = {
                row: UnitMatcher(self.units, snapshot)
                for row, snapshot in zip(targets.tolist(), self.snapshots(targets), strict=True)
            }
            orders = _matched([to[task.row] for task in some], own, [task.start for task in some])
            found.add(of, *nearest_rows(self._permuted(own, orders), blocks)[:2], orders)

    def _parts(self, rows: Rows) -> list[Rows]:
        """Return rows in parts of BLOCK bytes of vectors, or of one row."""
        count = max(1, BLOCK // (4 * self.units.layout.size))
        return [rows[first : first + count] for first in range(0, len(rows), count)]


class _Least:
    """The least distances found so far."""

    def __init__(self, count: int, identity: Orders) -> None:
        self._distances, self._plain = np.full((2, count), np.inf)
        self._rows, self._plain_rows = np.zeros((2, count), np.int64)
        self._orders = [identity] * count

    def add_plain(self, of: Rows, distances: Numbers, rows: Rows) -> None:
        """Take the distances of the vectors `of` (n,) as they are, if they are less."""
        less = distances < self._plain[of]
        self._plain[of[less]], self._plain_rows[of[less]] = distances[less], rows[less]

    def add(self, of: Rows, distances: Numbers, rows: Rows, orders: Sequence[Orders]) -> None:
        """Take the distances of the vectors `of` (n,), where one may be twice, in these orders."""
        for vector, distance, row, order in zip(of, distances, rows, orders, strict=True):
            if distance < self._distances[vector]:
                self._distances[vector], self._rows[vector] = distance, row
                self._orders[vector] = order

    def result(self, matched: bool) -> Matched:
        """Return what was found; without anything matched, as it is."""
        best = (self._distances, self._rows) if matched else (self._plain, self._plain_rows)
        return Matched(*best, tuple(self._orders), self._plain, self._plain_rows)


def _matched(
    to: Sequence[UnitMatcher], vectors: Matrix, starts: Sequence[Orders | None]
) -> list[Orders]:
    """Return the orders of vectors (n, P), each matched to its own.

    Matching mostly runs without Python's lock, so threads share it; its products are so small that a
    second thread for each would cost more than it gives.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"), ThreadPoolExecutor(limits.cores()) as threads:
        return list(threads.map(UnitMatcher.match, to, vectors, starts))
