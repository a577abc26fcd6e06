"""The GANs that a GAN-GAN was trained on and those that it was not shown, in each space of an audit."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gangan_cli.audit.held_out import HeldOut
from gangan_cli.audit.spaces import ImageIndex, MatchedSpace, PointSpace, Space
from gangan_cli.metrics.dispersion import Spread, dispersion
from gangan_cli.metrics.distances import Distances, tenths_by_length
from gangan_cli.metrics.mixtures import residuals_to_hull
from gangan_cli.metrics.statistics import Interval
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.weightspace.alignment import training_view
from gangan_cli.weightspace.matched_index import MatchedIndex
from gangan_cli.weightspace.plain_stacks import find_hidden_units
from gangan_cli.weightspace.snapshot_index import PcaIndex, SnapshotIndex, WeightIndex
from gangan_cli.weightspace.snapshots import Matrix
from store.keys import Keys

WEIGHTS, COMPONENTS, IMAGES = "weights", "components", "images"
"""Ids of the spaces."""

TENTHS = 10
"""Parts of training within which distances are compared: early snapshots of all GANs lie together."""

NEAREST = 2, 4, 8
"""Numbers of snapshots whose mixtures are looked for."""

N_REFERENCE = 256
"""Maximum number of snapshots, evenly spaced, that are compared with all the others."""

FAR = 1e6
"""Factor of a squared length that takes a snapshot from among the nearest."""


@dataclass(frozen=True)
class UsualDistances:
    """What distances of samples are compared with, in one space.

    `other_gans` are those of training snapshots to the nearest of another GAN, and `held_out` those of
    GANs that were not shown to the nearest training snapshot; of each GAN one random snapshot per
    tenth of training. None without such GANs.
    """

    epoch_step: float
    other_gans: Distances | None
    held_out: Distances | None


@dataclass(frozen=True)
class UsualMixtures:
    """Distances to mixtures of k nearest snapshots, by id of the mixture: of some snapshots, from the
    other snapshots (m,) (`own`); and of GANs that were not shown (n,); None without such GANs."""

    own: Mapping[str, NDArray[np.float64]]
    held_out: Mapping[str, NDArray[np.float64]] | None


class Population:
    """The training snapshots `keys` (m, 2) of the GAN-GANs on top of a lineage, and GANs that these were
    not shown."""

    def __init__(self, lineage: Lineage, held_out: HeldOut | None, seed: int) -> None:
        """`seed` is that of the noise from which images are compared.

        Raises:
            Damaged: a snapshot is not what was written.
            WorkFailed: a GAN generates values that are not finite.
        """
        self.lineage, self.held_out, self._seed = lineage, held_out, seed
        self.view = training_view(lineage.top, lineage.below)
        self.keys: Keys = lineage.top.constant("keys")

    @cached_property
    def home(self) -> SnapshotIndex:
        """The space of the GAN-GAN's principal components, or that of all weights if it has none."""
        if encoder := self.lineage.encoder:
            return PcaIndex(self.view, self.keys, encoder.components)
        return WeightIndex(self.view, self.keys)

    @cached_property
    def spaces(self) -> Mapping[str, Space]:
        """The spaces by their ids; components only if the GAN-GAN has some."""
        units = find_hidden_units(self.lineage.networks_below, self.view.manifest.layout)
        found: dict[str, Space] = {WEIGHTS: MatchedSpace(MatchedIndex(units, self.view, self.keys))}
        if isinstance(self.home, PcaIndex):
            found[COMPONENTS] = PointSpace(self.home)
        found[IMAGES] = PointSpace(ImageIndex(self.lineage, self.view, self.keys, self._seed))
        return found

    @cached_property
    def tenths(self) -> NDArray[np.int64]:
        """The tenth of training of each training snapshot (m,), from 0 to 9."""
        return _tenths(self.keys, self.keys)

    def tenths_of(self, vectors: Matrix) -> NDArray[np.int64]:
        """Return the tenth of training (n,) that vectors (n, P) are like, by how far they have come from
        where training begins."""
        lengths = np.linalg.norm(vectors - self._start, axis=1).astype(np.float64)
        return tenths_by_length(lengths, self._lengths, self.tenths)

    @cached_property
    def _start(self) -> Matrix:
        """The mean (P,) of the GANs' first snapshots."""
        first = [self.keys[self.keys[:, 0] == gan][0] for gan in np.unique(self.keys[:, 0])]
        mean: Matrix = self.view.matrix(np.array(first))[0].mean(axis=0)
        return mean

    @cached_property
    def _lengths(self) -> NDArray[np.float64]:
        """How far each training snapshot (m,) has come."""
        parts = []
        for first in range(0, len(self.keys), N_REFERENCE):
            block, _ = self.view.matrix(self.keys[first : first + N_REFERENCE])
            parts.append(np.linalg.norm(block - self._start, axis=1))
        return np.concatenate(parts).astype(np.float64)

    @cached_property
    def usual(self) -> Mapping[str, UsualDistances]:
        """The usual distances by space."""
        rows = _one_per_tenth(self.keys)
        several = len(np.unique(self.keys[:, 0])) > 1
        found = {}
        for id, space in self.spaces.items():
            others = None
            if several:
                apart = space.of_other_gans(rows).distances
                others = Distances(apart, self.tenths_of(self._snapshots(rows)), self.keys[rows, 0])
            found[id] = UsualDistances(space.epoch_step, others, self._held_out_distances(id))
        return found

    def _held_out_distances(self, space: str) -> Distances | None:
        if self.held_out is None:
            return None
        rows = _one_per_tenth(self.held_out.keys)
        vectors = self.held_out.vectors(rows)
        found = self.spaces[space].nearest(vectors)
        return Distances(found.distances, self.tenths_of(vectors), self.held_out.keys[rows, 0])

    def _snapshots(self, rows: NDArray[np.int64]) -> Matrix:
        """Return the training snapshots (n, P) of these rows."""
        return self.view.matrix(self.keys[rows])[0]

    def own_distances(self) -> NDArray[np.float64]:
        """Return distances (n,) of some training snapshots to the nearest other one, among components if
        there are any."""
        return self.home.of_snapshots(_evenly(len(self.keys)), other_gans=False).distances

    def dispersion(self, points: Matrix) -> Interval | None:
        """Return the dispersion of points (n, size) of the home space: their mean distance over that of
        snapshots of two training GANs. None if there is one GAN."""
        if len(np.unique(self.keys[:, 0])) < 2:
            return None
        return dispersion(Spread(points.astype(np.float64)), self._spread)

    @cached_property
    def _spread(self) -> Spread:
        keys = self.keys[_one_per_tenth(self.keys)]
        points = self.home.points(self.view.matrix(keys)[0])
        return Spread(points.astype(np.float64), keys[:, 0])

    def mixtures(self, points: Matrix) -> dict[str, NDArray[np.float64]]:
        """Return the distances (n,) of points (n, size) of the home space to mixtures of training
        snapshots, by the id of the mixture."""
        products, squares = self.home.products(points)
        return self._mixtures(*self._from_start(products, squares))

    @cached_property
    def usual_mixtures(self) -> UsualMixtures:
        """The usual distances to mixtures."""
        if self.held_out is None:
            return UsualMixtures(self._own_mixtures(), None)
        unseen = self.held_out.vectors(_one_per_tenth(self.held_out.keys))
        return UsualMixtures(self._own_mixtures(), self.mixtures(self.home.points(unseen)))

    def _own_mixtures(self) -> dict[str, NDArray[np.float64]]:
        """Return the distances of some training snapshots to mixtures of the others."""
        gram, parts = self._gram, []
        for row in _evenly(len(self.keys)):
            square = gram[row, row]
            products = gram[row : row + 1].copy()
            gram[row, row] = FAR * square  # so it is not among the nearest
            parts.append(self._mixtures(products, np.array([square])))
            gram[row, row] = square
        return {id: np.concatenate([part[id] for part in parts]) for id in parts[0]}

    def _mixtures(
        self, products: NDArray[np.float64], squares: NDArray[np.float64]
    ) -> dict[str, NDArray[np.float64]]:
        gans, counts = np.unique(self.keys[:, 0], return_counts=True)
        of = [k for k in NEAREST if k < counts.min()] or [1]
        found = residuals_to_hull(products, squares, self._gram, self.keys[:, 0], of)
        one = {f"{k} snapshots of a GAN": of for k, of in zip(found.of, found.of_one, strict=True)}
        several = {f"{k} GANs": of for k, of in zip(found.of, found.of_several, strict=True)}
        return one | several if len(gans) > 1 else one

    @cached_property
    def _gram(self) -> NDArray[np.float64]:
        """The snapshots' inner products (m, m), from where training begins."""
        return self._from_start(self.home.gram, self.home.squares)[0]

    def _from_start(
        self, products: NDArray[np.float64], squares: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return inner products (n, m) with the snapshots, and squared lengths (n,), from the mean of
        the GANs' first snapshots: `products` and `squares` are from the mean of all."""
        first = np.flatnonzero(np.r_[True, np.diff(self.keys[:, 0]) != 0])
        of_start = self.home.gram[:, first].mean(axis=1)  # products of the snapshots with the start
        along, own = products[:, first].mean(axis=1), of_start[first].mean()
        moved: NDArray[np.float64] = products - along[:, None] - of_start + own
        return moved, squares - 2 * along + own


def _tenths(keys: Keys, training: Keys) -> NDArray[np.int64]:
    """Return the tenth of training (n,) of snapshots, from 0; `training` ends at its last epoch."""
    found: NDArray[np.int64] = (keys[:, 1] - 1) * TENTHS // int(training[:, 1].max())
    return found.clip(0, TENTHS - 1)


def _one_per_tenth(keys: Keys) -> NDArray[np.int64]:
    """Return rows of `keys` (m, 2): of each GAN a random snapshot in each tenth of training, as samples
    lie anywhere in it. They are always the same ones."""
    order = np.random.default_rng(0).permutation(len(keys))
    tenths = zip(keys[order, 0].tolist(), _tenths(keys, keys)[order].tolist(), strict=True)
    chosen = dict(zip(tenths, order.tolist(), strict=True))
    return np.array(sorted(chosen.values()), np.int64)


def _evenly(count: int) -> NDArray[np.int64]:
    """Return at most N_REFERENCE row numbers below `count`, evenly spaced."""
    return np.unique(np.linspace(0, count - 1, min(count, N_REFERENCE)).round().astype(np.int64))
