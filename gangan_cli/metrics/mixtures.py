"""How far vectors lie from all mixtures of the snapshots around them: averages and interpolations.

Everything is computed from inner products, so that no two weight vectors are looked at together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

OF = (2, 4, 8)
"""Numbers of snapshots that are mixed."""

RIDGE = 1e-12
"""Added to the squares of differences, as a share of their mean, lest equal snapshots divide by 0."""

AT_ONCE = 256
"""Vectors at a time."""


@dataclass(frozen=True, eq=False)
class Residuals:
    """Distances of n vectors to affine hulls of `of` (k,) snapshots, in the unit of the weights.

    `of_one` (k, n): of the nearest snapshots of one GAN; the least over all GANs. `of_several` (k, n):
    of one snapshot each of several GANs; the lesser of two choices. These are the nearest snapshots of
    the nearest GANs, and those that point from the origin in the vector's direction, which are the
    parts of a vector halfway between two GANs although others lie nearer. Where there are fewer
    snapshots of a GAN, or fewer GANs, all of them are mixed. Tests for copies test for mixtures if they
    are given residuals for distances.
    """

    of: tuple[int, ...]
    of_one: Numbers
    of_several: Numbers


def residuals_to_hull(
    products: Numbers,
    squares: Numbers,
    gram: Numbers,
    gans: Whole,
    of: Sequence[int] = OF,
    own: Whole | None = None,
) -> Residuals:
    """Return the distances of n vectors to the affine hulls of the snapshots around them.

    `products` (n, m) are the vectors' inner products with m snapshots, `squares` (n,) their squared
    lengths, `gram` (m, m) the snapshots' inner products, `gans` (m,) the snapshots' GANs. All must be
    computed in float64, of differences from one origin: the mean of the training GANs' first snapshots,
    from which GANs go their own ways. Residuals are roots of differences of squares, and have half
    their digits. For snapshots of the training GANs `own` (n,) is each one's GAN, which is
    left out; a number that is no GAN's leaves out none.

    An affine hull, all combinations with weights that sum to 1, holds moving averages, interpolations
    and extrapolations. Its least-squares weights are those of `numpy.linalg.lstsq`, up to RIDGE.

    Raises:
        ValueError: shapes that do not fit, a number to mix below 1, or nothing left to mix.
    """
    n, m = products.shape
    if squares.shape != (n,) or gram.shape != (m, m) or gans.shape != (m,):
        shapes = f"{squares.shape}, {gram.shape} and {gans.shape}"
        raise ValueError(f"products are {n} × {m}, which do not fit {shapes}")
    if not of or min(of) < 1:
        raise ValueError(f"{of}: at least one snapshot must be mixed")
    names = np.unique(gans)
    left_out = np.full(n, -1)
    if own is not None:
        left_out = np.where(np.isin(own, names), np.searchsorted(names, own), -1)
    if len(names) == 1 and (left_out == 0).any():
        raise ValueError("one GAN, which is left out: there is nothing to mix")
    rows_of = [np.flatnonzero(gans == name) for name in names]
    found = np.empty((2, len(of), n))
    for first in range(0, n, AT_ONCE):
        rows = slice(first, first + AT_ONCE)
        some = _Vectors(
            products[rows], squares[rows, None] + np.diagonal(gram) - 2 * products[rows], gram
        )
        found[:, :, rows] = _of_one_and_several(some, rows_of, of, left_out[rows])
    return Residuals(tuple(of), found[0], found[1])


@dataclass(frozen=True)
class _Vectors:
    """Vectors' `products` (n, m) with snapshots, squared distances `apart` (n, m), and their `gram`."""

    products: Numbers
    apart: Numbers
    gram: Numbers

    def residuals(self, rows: NDArray[np.bool_], near: Whole) -> Numbers:
        """Return the distance of some `rows` (n,) to the affine hull of their snapshots (rows, k)."""
        first, others = near[:, :1], near[:, 1:]
        mine = np.flatnonzero(rows)[:, None]
        to_first = self.gram[others, first]
        square = self.gram[first, first]
        # Inner products of the snapshots' differences from the first, and of the vector's with them.
        between = (
            self.gram[others[:, :, None], others[:, None]] - to_first[:, :, None] - to_first[:, None]
        )
        between += square[:, :, None]
        along = self.products[mine, others] - self.products[mine, first] - to_first + square
        weights = _solved(between, along)
        # The square at these weights, and not the least one's formula: its error is the ridge's squared.
        squares = self.apart[mine, first][:, 0] - 2 * np.einsum("nk,nk->n", weights, along)
        squares += np.einsum("nk,nkl,nl->n", weights, between, weights)
        found: Numbers = np.sqrt(np.maximum(squares, 0))
        return found


def _of_one_and_several(some: _Vectors, rows_of: list[Whole], of: Sequence[int], own: Whole) -> Numbers:
    """Return residuals (2, k, n): of snapshots of one GAN, and of several."""
    n, gans = len(own), len(rows_of)
    found = np.full((2, len(of), n), np.inf)
    nearest, distance = np.empty((n, gans), np.int64), np.full((n, gans), np.inf)
    for gan, its in enumerate(rows_of):
        rows = own != gan
        near = its[_smallest(some.apart[rows][:, its], max(of))]
        nearest[rows, gan] = near[:, 0]
        distance[rows, gan] = some.apart[rows, near[:, 0]]
        for place, k in enumerate(of):
            least = np.minimum(found[0, place, rows], some.residuals(rows, near[:, :k]))
            found[0, place, rows] = least
    by_distance = np.take_along_axis(nearest, _smallest(distance, gans), axis=1)
    numbers = np.empty(some.gram.shape[0], np.int64)
    for gan, its in enumerate(rows_of):
        numbers[its] = gan
    for rows, there in ((own < 0, gans), (own >= 0, gans - 1)):
        if rows.any():
            by_direction = _pursued(some, rows, numbers, own[rows], min(max(of), there))
            for place, k in enumerate(min(k, there) for k in of):
                choices = by_distance[rows, :k], by_direction[:, :k]
                found[1, place, rows] = np.minimum(*(some.residuals(rows, near) for near in choices))
    return found


def _pursued(some: _Vectors, rows: NDArray[np.bool_], gans: Whole, own: Whole, count: int) -> Whole:
    """Return `count` snapshots (rows, count), each of another GAN: one after the other that whose
    direction is most like that of what the ones before it leave of the vector.

    Pati, Rezaiifar, Krishnaprasad, "Orthogonal matching pursuit" (1993).
    """
    lengths = np.sqrt(np.maximum(np.diagonal(some.gram), np.finfo(float).tiny))
    free = gans != own[:, None]
    left, chosen = some.products[rows], np.empty((len(own), 0), np.int64)
    for _ in range(count):
        best = np.where(free, np.abs(left) / lengths, -1).argmax(axis=1)
        free &= gans != gans[best][:, None]
        chosen = np.column_stack([chosen, best])
        between = some.gram[chosen[:, :, None], chosen[:, None]]
        along = np.take_along_axis(some.products[rows], chosen, axis=1)
        weights = _solved(between, along)
        left = some.products[rows] - np.einsum("nk,nkm->nm", weights, some.gram[chosen])
    return chosen


def _solved(squares: Numbers, along: Numbers) -> Numbers:
    """Return least-squares weights (n, k) of normal equations (n, k, k) and (n, k)."""
    k = along.shape[1]
    scale = np.trace(squares, axis1=1, axis2=2) / max(k, 1) * RIDGE + np.finfo(float).tiny
    found: Numbers = np.linalg.solve(squares + scale[:, None, None] * np.eye(k), along[:, :, None])
    return found[:, :, 0]


def _smallest(values: Numbers, count: int) -> Whole:
    """Return the columns (n, count) of each row's smallest values (n, m), in order; all, if fewer."""
    if count < values.shape[1]:
        some = np.argpartition(values, count - 1, axis=1)[:, :count]
    else:
        some = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    order = np.argsort(np.take_along_axis(values, some, axis=1), axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1)
