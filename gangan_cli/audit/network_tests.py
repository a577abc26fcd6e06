"""Tests of networks of any kind for novelty: distances after matching of hidden units, and mixtures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangan_cli.audit.network_records import Mixing, Nearness, Suspect
from gangan_cli.interchange.state_dicts import NetworkSet
from gangan_cli.metrics.copies import Copies, share_of_copies
from gangan_cli.metrics.data_copying import z_u, z_u_by_cell, z_u_floor
from gangan_cli.metrics.distances import Distances, Reference, tenths_by_length
from gangan_cli.metrics.mixtures import OF
from gangan_cli.metrics.nearest_mixtures import nearest_mixtures
from gangan_cli.progress import ProgressCallback
from gangan_cli.weightspace.least import Matched
from gangan_cli.weightspace.matched_index import MatchedIndex
from gangan_cli.weightspace.snapshots import Matrix
from store.keys import Keys

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

AROUND = 12
"""Training networks around a vector of which mixtures are tried."""

MOST = 1000
"""Most training snapshots, evenly spaced, whose distance to the nearest other network is measured."""

MOST_MIXED = 200
"""Most held-out, and training, snapshots, evenly spaced, whose mixtures are tried."""

LEVEL = 0.05
"""Chance that any test of a set of new networks says that it is not."""

TESTS = 5
"""Tests of each set that share LEVEL (Bonferroni): names by distance to a network, and to a mixture of
two, share of copies, Z_U, Z_U of mixtures."""

EXPLAINED = 0.5
"""A named network is a mixture, not a copy, if two training networks leave this share of its
distance."""

NEARER = 0.8
"""A network is named only if it is nearer than this share of the least distance of any network known to
be new, in the same tenth of training: p-values of single distances rest on their being log-normal."""

SAME = 0.1
"""Share of the held-out networks' median distance up to which a named network is a copy; one that is
farther off is a near copy, if it is no mixture."""


@dataclass(frozen=True)
class Measured:
    """Networks as they were measured: their `keys` (n, 2), `found`, tenths of training `cells` (n,), and
    `residuals` (k, n) to mixtures of OF training networks, for the `mixed` rows (n',)."""

    keys: Keys
    found: Matched
    cells: Whole
    residuals: Numbers
    mixed: Whole
    pairs: list[Whole]
    """For each mixed row the rows of the two training snapshots whose mixture lies nearest."""

    @property
    def distances(self) -> Distances:
        """The distances to the nearest training network."""
        return Distances(self.found.distances, self.cells, self.keys[:, 0])

    def residuals_of(self, place: int) -> Distances:
        """The distances to mixtures of OF[place]."""
        return Distances(self.residuals[place], self.cells[self.mixed], self.keys[self.mixed, 0])


class NetworkTests:
    """Training networks, and held-out ones if there are any, for tests of others."""

    def __init__(
        self,
        index: MatchedIndex,
        training: NetworkSet,
        held_out: NetworkSet | None,
        on_progress: ProgressCallback,
    ) -> None:
        """Measure the held-out networks, and the training networks against each other."""
        self.index, self._training, self._on_progress = index, training, on_progress
        firsts = np.flatnonzero(training.keys[:, 1] == 1)
        self._centre = training.vectors[firsts].mean(axis=0, dtype=np.float64)
        epochs = np.bincount(training.keys[:, 0])[training.keys[:, 0]]
        self._tenths = np.minimum(10 * (training.keys[:, 1] - 1) // np.maximum(epochs, 1), 9)
        self._lengths = self._length(training.vectors)
        rows = _evenly(len(training.keys), MOST)
        self.between = self.measure(training.vectors[rows], training.keys[rows], own=True)
        self.held_out = self._reference = None
        if held_out is not None:
            self.held_out = self.measure(held_out.vectors, held_out.keys)
            self._reference = Reference.of(self.held_out.distances, self.between.distances)
            self._mixing = [
                Reference.of(self.held_out.residuals_of(place), self.between.residuals_of(place))
                for place in range(len(OF))
            ]

    def measure(self, vectors: Matrix, keys: Keys, own: bool = False) -> Measured:
        """Return networks as measured; with `own` they are training networks, each left out itself."""
        without = keys[:, 0] if own else np.full(len(keys), -1, np.int64)
        found = self.index.nearest(vectors, without, self._on_progress)
        if self._training.networks == len(self._training.keys):  # without epochs there are no tenths
            cells = np.zeros(len(vectors), np.int64)
        else:
            cells = tenths_by_length(self._length(vectors), self._lengths, self._tenths)
        mixed = _evenly(len(vectors), MOST_MIXED)
        balanced = self.index.units.balance(vectors[mixed])
        framed = self.index.framed(vectors[mixed], found.picked(mixed))
        around = self.index.around(vectors[mixed], AROUND, without[mixed])
        residuals, pairs = np.empty((len(OF), len(mixed))), []
        for place, theirs in enumerate(self.index.in_units_of(balanced, around)):
            self._on_progress("mixing networks", place, len(mixed))
            of_several, chosen = nearest_mixtures(balanced[place], theirs)
            nearest = int(found.rows[mixed[place]])
            residuals[:, place] = np.minimum(of_several, self._of_one(framed[place], nearest))
            pairs.append(around[place][chosen[:2]])
        residuals = np.minimum(residuals, found.distances[mixed])
        self._on_progress("mixing networks", len(mixed), len(mixed))
        return Measured(keys, found, cells, residuals, mixed, pairs)

    def nearness(self, of: Measured) -> tuple[Nearness, Copies]:
        """Return how near networks lie beside held-out ones, and which may be copies.

        Raises:
            ValueError: fewer than three networks in every tenth of training.
        """
        assert self.held_out is not None and self._reference is not None
        z = z_u_by_cell(of.distances, self._reference)
        copies = share_of_copies(of.distances, self._reference)
        ours, theirs = of.found.distances, self.held_out.found.distances
        found = Nearness(
            float(np.median(ours) / np.median(theirs)),
            z.interval, z.null_low, z.null_high, z.floor, z.p_near, z.p_far,
            z_u(ours, theirs), z_u_floor(len(ours), len(theirs)),
            copies.share, copies.usual, copies.p,
        )  # fmt: skip
        return found, copies

    def mixing(self, of: Measured) -> list[Mixing]:
        """Return how far networks lie from mixtures of training networks, beside held-out ones."""
        assert self.held_out is not None
        found = []
        for place, k in enumerate(OF):
            z = z_u_by_cell(of.residuals_of(place), self._mixing[place])
            theirs = np.median(self.held_out.residuals[place])
            ratio = float(np.median(of.residuals[place]) / theirs)
            found.append(Mixing(k, ratio, z.interval.estimate, z.p_near))
        return found

    def suspects(self, of: Measured, copies: Copies, files: Sequence[str]) -> list[Suspect]:
        """Return the networks that are named, nearest first; `files` (n) are their names."""
        assert self.held_out is not None and self._reference is not None
        unit = float(np.median(self.held_out.found.distances))
        distances, residuals = of.distances, of.residuals_of(0)
        mixtures = share_of_copies(residuals, self._mixing[0])
        chance = copies.each.copy()
        named = _named(distances, self._reference, copies)
        mixed = dict(zip(of.mixed.tolist(), range(len(of.mixed)), strict=True))
        named[of.mixed] |= _named(residuals, self._mixing[0], mixtures)
        chance[of.mixed] = np.minimum(chance[of.mixed], mixtures.each)
        found = []
        for row in np.flatnonzero(named).tolist():
            distance = float(distances.values[row])
            residual = residuals.values[mixed[row]] if row in mixed else distance
            near = "mixture" if residual < EXPLAINED * distance else "near copy"
            kind = "copy" if distance <= SAME * unit else near
            rows = of.pairs[mixed[row]] if kind == "mixture" else of.found.rows[row : row + 1]
            names = [self._training.files[one] for one in rows]
            found.append(Suspect(files[row], kind, names, distance / unit, float(chance[row])))
        return sorted(found, key=lambda suspect: suspect.distance)

    def _length(self, vectors: Matrix) -> Numbers:
        """Return distances (n,) of vectors (n, P) from the mean of the first snapshots."""
        return np.array([np.linalg.norm(vector - self._centre) for vector in vectors])

    def _of_one(self, framed: Matrix, row: int) -> Numbers:
        """Return residuals (k,) of a vector (P,), in the units of its nearest network, to mixtures of
        that network's snapshots around the nearest."""
        near = np.arange(max(row - AROUND, 0), min(row + AROUND + 1, len(self._training.keys)))
        rows = near[self._training.keys[near, 0] == self._training.keys[row, 0]]
        if len(rows) == 1:
            return np.full(len(OF), np.inf)
        if len(rows) == 1:
            return np.full(len(OF), np.inf)
        return nearest_mixtures(framed, self.index.snapshots(rows))[0]


def _named(some: Distances, reference: Reference, copies: Copies) -> NDArray[np.bool_]:
    """Return which networks (n,) are named."""
    pool, cells = reference.pool, reference.numbered(some).cells
    least = np.array([pool.values[pool.cells == cell].min() for cell in range(reference.cells)])
    found: NDArray[np.bool_] = (copies.each <= LEVEL / TESTS) & (some.values < NEARER * least[cells])
    return found


def _evenly(count: int, most: int) -> Whole:
    """Return at most so many of `count` rows, evenly spaced."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
