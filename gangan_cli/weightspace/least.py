"""The least distances of vectors to snapshots, whatever the order of hidden units, and how they are
collected."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gangan_cli.weightspace.blocks import Numbers, Rows
from gangan_cli.weightspace.hidden_units import Orders


@dataclass(frozen=True)
class Matched:
    """The nearest snapshot of each of n vectors.

    `distances` (n,) and `rows` (n,) of the index's keys are the least over orders of hidden units, with
    scales balanced where these can be chosen; `orders` bring each vector into the units of its snapshot.
    """

    distances: Numbers
    rows: Rows
    orders: tuple[Orders, ...]

    def picked(self, some: Rows) -> "Matched":
        """Return the results for some of the vectors."""
        orders = tuple(self.orders[row] for row in some)
        return Matched(self.distances[some], self.rows[some], orders)


class Least:
    """The least distances found so far."""

    def __init__(self, count: int, identity: Orders) -> None:
        self._distances = np.full(count, np.inf)
        self._rows = np.zeros(count, np.int64)
        self._orders = [identity] * count

    def add(self, of: Rows, distances: Numbers, rows: Rows, orders: Sequence[Orders]) -> None:
        """Take the distances of the vectors `of` (n,), where one may be twice, in these orders."""
        for vector, distance, row, order in zip(of, distances, rows, orders, strict=True):
            if distance < self._distances[vector]:
                self._distances[vector], self._rows[vector] = distance, row
                self._orders[vector] = order

    def result(self) -> Matched:
        """Return what was found."""
        return Matched(self._distances, self._rows, tuple(self._orders))
