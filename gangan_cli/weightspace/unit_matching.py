"""Matches the hidden units of one weight vector to those of another: weight matching.

Hungarian matching group by group, each given the orders of its neighbours, until nothing changes ("Git
Re-Basin", Ainsworth, Hayase and Srinivasa, 2023, algorithm 1). It minimises the squared distance, which
for permuted units is to maximise the inner product; no step makes it worse than where it began.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from gangan_cli import limits
from gangan_cli.threads import one_blas_thread
from gangan_cli.weightspace.hidden_units import HiddenUnits, Orders
from gangan_cli.weightspace.snapshots import Matrix

ROUNDS = 30
"""Maximum number of rounds of descent. It converges after about five, except for ties."""

LEAST_GAIN = 1e-3
"""Share of the squared distance that a change must gain. Descent would spend half its time on less; and
of a copy, whose distance falls to 0, every unit is found."""

THREADS_FROM = 48
"""Units of a group from which matching takes so long that threads share it."""

ROUNDING = 1e-9
"""Share of the squared lengths below which a gain may be rounding."""


class UnitMatcher:
    """Matches vectors to one vector, whose values are laid out once."""

    def __init__(self, units: HiddenUnits, reference: Matrix) -> None:
        """`reference` (P,) has the units in the order that is wanted; balanced, if scales are to be."""
        self.units, self.reference = units, reference
        self.by_units = [part.by_units(reference) for part in units.parts]
        self.neighbours: list[set[int]] = [set() for _ in units.groups]
        for part in units.parts:
            for group in part.groups:
                self.neighbours[group] |= set(part.groups) - {group}

    def match(self, vector: Matrix, start: Orders | None = None) -> Orders:
        """Return the orders in which the units of `vector` (P,) lie nearest to the reference, as far as
        descent leads from `start`.

        Without it, it begins with what the layers say from the first to the last, each given those
        before it, by their incoming weights."""
        pair = _Pair(self, vector)
        return pair.descend(pair.sweep() if start is None else start)


class _Pair:
    """Two vectors, and how much each unit of the first is like each of the second."""

    def __init__(self, to: UnitMatcher, vector: Matrix) -> None:
        self._neighbours = to.neighbours
        self._fixed = [np.zeros((group.units, group.units), np.float32) for group in to.units.groups]
        self._incoming = [fixed.copy() for fixed in self._fixed]
        self._between = []
        # The squared distance is this, less twice the similarity of the units.
        self._least = ROUNDING * float(np.linalg.norm(to.reference) * np.linalg.norm(vector))
        rest = to.reference.astype(np.float64) - vector
        self._most = float(rest @ rest)
        for part, ours in zip(to.units.parts, to.by_units, strict=True):
            theirs = part.by_units(vector)
            self._most += 2 * float(np.vdot(to.reference[part.place], vector[part.place]))
            if len(part.groups) == 2:
                self._between.append((part.groups, part.incoming, ours, theirs))
                continue
            similarities = ours @ theirs.T
            self._fixed[part.groups[0]] += similarities
            if part.incoming[0]:
                self._incoming[part.groups[0]] += similarities

    def sweep(self) -> Orders:
        """Match the groups in their order, each by its incoming weights alone."""
        orders: list[NDArray[np.int64] | None] = [None] * len(self._fixed)
        for number in range(len(orders)):
            orders[number] = _assigned(self._incoming[number] + self._given(number, orders, True))
        return tuple(order for order in orders if order is not None)

    def descend(self, start: Orders) -> Orders:
        """Improve one group after the other until all orders stay."""
        orders, squared = list(start), self._most - 2 * self._similarity(start)
        stale = set(range(len(orders)))
        for _ in range(ROUNDS):
            for number in sorted(stale):
                stale.discard(number)
                similarities = self._fixed[number] + self._given(number, orders)
                order, rows = _assigned(similarities), np.arange(len(similarities))
                gain = similarities[rows, order] - similarities[rows, orders[number]]
                less = 2 * float(gain.sum(dtype=np.float64))
                if less > max(LEAST_GAIN * squared, self._least):
                    orders[number], squared = order, squared - less
                    stale |= self._neighbours[number]
            if not stale:
                break
        return tuple(orders)

    def _given(
        self, number: int, orders: Sequence[NDArray[np.int64] | None], incoming: bool = False
    ) -> Matrix:
        """Return how alike units of a group are by the weights between them and other groups, in these
        orders; with `incoming` by incoming weights only."""
        total = np.zeros_like(self._fixed[number])
        for groups, roles, ours, theirs in self._between:
            if number not in groups:
                continue
            mine = groups.index(number)
            other = orders[groups[1 - mine]]
            if other is None or (incoming and not roles[mine]):
                continue
            if mine == 0:
                total += _flat(ours) @ _flat(theirs[:, other]).T
            else:
                total += _flat(ours.swapaxes(0, 1)) @ _flat(theirs[other].swapaxes(0, 1)).T
        return total

    def _similarity(self, orders: Orders) -> float:
        total = 0.0
        for fixed, order in zip(self._fixed, orders, strict=True):
            total += float(fixed[np.arange(len(order)), order].sum(dtype=np.float64))
        for groups, _, ours, theirs in self._between:
            first, second = (orders[group] for group in groups)
            total += float(np.vdot(ours, theirs[first[:, None], second]))
        return total


def _flat(values: Matrix) -> Matrix:
    return values.reshape(len(values), -1)


def _assigned(similarities: Matrix) -> NDArray[np.int64]:
    """Return for each of our units (rows) the one of theirs such that the similarities' sum is
    largest."""
    # Among near vectors each unit is most like its own counterpart, and nothing is left to solve.
    favourites: NDArray[np.int64] = similarities.argmax(axis=1)
    if np.bincount(favourites, minlength=len(similarities)).max(initial=1) == 1:
        return favourites
    from scipy.optimize import linear_sum_assignment

    _, columns = linear_sum_assignment(similarities, maximize=True)
    return np.asarray(columns, np.int64)


def match_each(
    to: Sequence[UnitMatcher], vectors: Sequence[Matrix] | Matrix, starts: Sequence[Orders | None]
) -> list[Orders]:
    """Return the orders of vectors (n, P), each matched to its own.

    Matching mostly runs without Python's lock, so threads share it; its products are so small that a
    second thread for each would cost more than it gives.
    """
    with one_blas_thread():
        if max((group.units for group in to[0].units.groups), default=0) < THREADS_FROM:
            return list(map(UnitMatcher.match, to, vectors, starts))
        with ThreadPoolExecutor(limits.cores()) as threads:
            return list(threads.map(UnitMatcher.match, to, vectors, starts))
