"""Distances to the nearest training GAN, with what they may be compared by: their GANs and cells."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

LEAST_GANS = 3
"""Held-out GANs that a cell needs; one with fewer is merged with its neighbour."""


@dataclass(frozen=True, eq=False)
class Distances:
    """Distances of snapshots or samples to the nearest training GAN, with their owners.

    `values` (n,): distances, in any unit, 0 or more. `cells` (n,): where in training each lies, a whole
    number of 0 or more (its tenth of training, `tenths_by_length`); only within cells are distances
    compared. `gans` (n,): number of the independent GAN that each belongs to: the samples of a generator
    have one each. For a training GAN's snapshots the nearest training GAN is the nearest other one.

    Raises:
        ValueError: lengths that differ, no distance, or one that is negative or not finite.
    """

    values: Numbers
    cells: Whole
    gans: Whole

    def __post_init__(self) -> None:
        if self.values.ndim != 1 or not self.values.shape == self.cells.shape == self.gans.shape:
            shapes = f"{self.values.shape}, {self.cells.shape} and {self.gans.shape}"
            raise ValueError(f"distances, cells and GANs must be of one length, not {shapes}")
        if not len(self.values):
            raise ValueError("there are no distances")
        if not (np.isfinite(self.values) & (self.values >= 0)).all():
            raise ValueError("distances must be finite, and 0 or more")
        if self.cells.min() < 0:
            raise ValueError("cells must be 0 or more")

    def __len__(self) -> int:
        return len(self.values)

    def picked(self, rows: NDArray[np.bool_]) -> "Distances":
        """Return the distances of some rows (n,)."""
        return Distances(self.values[rows], self.cells[rows], self.gans[rows])


def tenths_by_length(lengths: Numbers, of_training: Numbers, tenths: Whole) -> Whole:
    """Return the tenth of training (n,) that vectors are like, by their `lengths` (n,): distances from
    the mean of the training GANs' first snapshots, from which GANs move away throughout training.

    That is the tenth whose median length is nearest, among training snapshots of lengths `of_training`
    (m,) and `tenths` (m,). The epoch of the nearest training snapshot would not do: that is an early
    one of another GAN for nearly all snapshots of a GAN that was held out, so that there would be none
    to compare a copy of a late snapshot with.
    """
    names = np.unique(tenths)
    medians = np.array([np.median(of_training[tenths == name]) for name in names])
    found: Whole = names[np.abs(lengths[:, None] - medians).argmin(axis=1)]
    return found


@dataclass(frozen=True, eq=False)
class Reference:
    """What the distances of samples are compared with: those of held-out GANs, and, for nulls, those of
    held-out and of training GANs together, GANs numbered from 0 in each.

    Cells are numbered anew, from 0, so that each holds LEAST_GANS held-out GANs (or all, if these are
    fewer): a cell with fewer is merged with the next ones, the last with the one before it. `bounds` are
    the first cells of what became one. Compare many samplers with one reference: nulls are kept.
    """

    bounds: Whole
    held_out: Distances
    pool: Distances

    @classmethod
    def of(cls, held_out: Distances, training: Distances) -> "Reference":
        """Merge and number the distances of held-out GANs, and of training GANs to the nearest other.

        Raises:
            ValueError: fewer than two held-out GANs, or training GANs.
        """
        for name, some in (("held-out", held_out), ("training", training)):
            if (some.gans == some.gans[0]).all():
                raise ValueError(f"one {name} GAN: at least two are needed")
        enough = min(LEAST_GANS, len(np.unique(held_out.gans)))
        bounds = [0]
        for cell in np.unique(held_out.cells)[:-1]:
            inside = (held_out.cells >= bounds[-1]) & (held_out.cells <= cell)
            after = held_out.cells > cell
            if all(len(np.unique(held_out.gans[part])) >= enough for part in (inside, after)):
                bounds.append(int(cell) + 1)
        starts = np.array(bounds)
        mine = _numbered(held_out, starts)
        return cls(starts, mine, _together(mine, _numbered(training, starts)))

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return len(self.bounds)

    @property
    def held_out_gans(self) -> int:
        """How many GANs were held out."""
        return int(self.held_out.gans.max()) + 1

    def numbered(self, samples: Distances) -> Distances:
        """Return samples with this reference's cells, and GANs numbered from 0."""
        return _numbered(samples, self.bounds)

    @cached_property
    def sizes(self) -> Whole:
        """The number of snapshots (cells, GANs) of each GAN of the pool in each cell."""
        return counts(self.pool, self.cells)

    @cached_property
    def nearer(self) -> Numbers:
        """How many snapshots of each GAN of the pool lie nearer than each snapshot of the pool."""
        return nearer_in_cell(self.pool, self.pool)


def counts(some: Distances, cells: int) -> Whole:
    """Return how many distances (cells, GANs) each GAN, numbered from 0, has in each cell."""
    found = np.zeros((cells, int(some.gans.max()) + 1), np.int64)
    np.add.at(found, (some.cells, some.gans), 1)
    return found


def nearer(values: Numbers, others: Numbers) -> Numbers:
    """Return how many of `others` lie nearer (n,) than each value; those as near count one half."""
    others = np.sort(others)
    found: Numbers = (np.searchsorted(others, values) + np.searchsorted(others, values, "right")) / 2
    return found


def nearer_in_cell(samples: Distances, others: Distances) -> Numbers:
    """Return how many snapshots of each other GAN lie nearer (n, GANs) than each sample, in its cell."""
    found = np.zeros((len(samples), int(others.gans.max()) + 1))
    for cell in np.unique(samples.cells):
        rows, theirs = samples.cells == cell, others.cells == cell
        for gan in np.unique(others.gans[theirs]):
            found[rows, gan] = nearer(samples.values[rows], others.values[theirs & (others.gans == gan)])
    return found


def _numbered(some: Distances, bounds: Whole) -> Distances:
    cells = np.searchsorted(bounds, some.cells, side="right") - 1
    return Distances(some.values, cells, np.unique(some.gans, return_inverse=True)[1])


def _together(one: Distances, other: Distances) -> Distances:
    return Distances(
        np.concatenate([one.values, other.values]),
        np.concatenate([one.cells, other.cells]),
        np.concatenate([one.gans, other.gans + one.gans.max() + 1]),
    )
