"""The least distances of vectors to snapshots, as they are and matched, and how they are collected."""

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
    `plain_distances` and `plain_rows` are of the vectors as they are.
    """

    distances: Numbers
    rows: Rows
    orders: tuple[Orders, ...]
    plain_distances: Numbers
    plain_rows: Rows

    def picked(self, some: Rows) -> "Matched":
        """Return the results for some of the vectors."""
        return Matched(
            self.distances[some],
            self.rows[some],
            tuple(self.orders[row] for row in some),
            self.plain_distances[some],
            self.plain_rows[some],
        )


class Least:
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
