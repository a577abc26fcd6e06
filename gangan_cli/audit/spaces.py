"""The spaces in which an audit looks for copies: all weights, principal components, images.

A copy can hide in one of them. In the space of weights, hidden units can be permuted; among components,
what lies outside of them is not seen; and images say nothing of a network's weights, so that a rotation
of the latent, which a normal distribution does not notice, changes all of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gangan_cli.evaluation.reference import to_bytes
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.weightspace.least import Matched
from gangan_cli.weightspace.matched_index import MatchedIndex
from gangan_cli.weightspace.snapshot_index import Neighbours, SnapshotIndex
from gangan_cli.weightspace.snapshots import Matrix, Snapshots
from store.keys import Keys

PICTURES = 64
"""Number of noise vectors from which the images of two GANs are compared."""

PICTURE_BYTES = 1 << 30
"""Bytes of images of all snapshots in memory: of large images there are fewer than PICTURES."""

RENDERED = 32
"""GANs rendered at a time."""


@dataclass(frozen=True)
class Near:
    """The training snapshots `keys` (n, 2) nearest to n weight vectors, and their distances (n,)."""

    keys: Keys
    distances: NDArray[np.float64]


class Space(Protocol):
    """A space of weight vectors with the training snapshots in it."""

    @property
    def epoch_step(self) -> float:
        """The median distance of consecutive snapshots of a GAN."""

    def nearest(self, vectors: Matrix) -> Near:
        """Return the training snapshots nearest to vectors (n, P)."""

    def of_other_gans(self, rows: NDArray[np.int64]) -> Near:
        """Return the snapshots of other GANs nearest to the training snapshots of these rows (n,)."""


@dataclass(frozen=True)
class PointSpace:
    """A space in which snapshots are points."""

    index: SnapshotIndex

    @property
    def epoch_step(self) -> float:
        """The median distance of consecutive snapshots of a GAN."""
        return self.index.epoch_step

    def nearest(self, vectors: Matrix) -> Near:
        """Return the training snapshots nearest to vectors (n, P)."""
        return self._near(self.index.neighbours(vectors))

    def of_other_gans(self, rows: NDArray[np.int64]) -> Near:
        """Return the snapshots of other GANs nearest to the training snapshots of these rows (n,)."""
        return self._near(self.index.of_snapshots(rows, other_gans=True))

    def _near(self, found: Neighbours) -> Near:
        return Near(self.index.keys[found.rows], found.distances)


@dataclass(frozen=True)
class MatchedSpace:
    """The space of all weights, in which hidden units are matched before distances are measured."""

    index: MatchedIndex

    @property
    def epoch_step(self) -> float:
        """The median distance of consecutive snapshots of a GAN."""
        return self.index.epoch_step

    def nearest(self, vectors: Matrix) -> Near:
        """Return the training snapshots nearest to vectors (n, P)."""
        return self._near(self.index.nearest(vectors))

    def of_other_gans(self, rows: NDArray[np.int64]) -> Near:
        """Return the snapshots of other GANs nearest to the training snapshots of these rows (n,)."""
        own = self.index.keys[rows, 0]
        return self._near(self.index.nearest(self.index.snapshots(rows), without=own))

    def _near(self, found: Matched) -> Near:
        return Near(self.index.keys[found.rows], found.distances)


class ImageIndex(SnapshotIndex):
    """Snapshots as images from the same noise. A distance is the root mean square, over the noise, of
    the Euclidean distance of two images with pixels in [0, 1]."""

    def __init__(self, lineage: Lineage, view: Snapshots, keys: Keys, seed: int) -> None:
        """Render the snapshots `keys` (m, 2) of `view`, on which the GAN-GAN on top was trained.

        Raises:
            WorkFailed: one of them generates values that are not finite.
        """
        self._lineage = lineage
        dataset = lineage.on_images.dataset or {}
        size = dataset["height"] * dataset["width"] * dataset.get("channels", 1)
        count = max(1, min(PICTURES, PICTURE_BYTES // (len(keys) * size)))
        self._noises = lineage.fixed_noise(count, seed, generated=True)
        blocks = (view.matrix(keys[rows])[0] for rows in _blocks(len(keys)))
        pixels = np.concatenate([self._render(block) for block in blocks])
        scale = np.float32(1 / (255 * count**0.5))
        self._scale = scale
        super().__init__(keys, pixels.shape[1], lambda place: pixels[:, place] * scale)

    def points(self, vectors: Matrix) -> Matrix:
        """Return the images of GANs with weights (n, P)."""
        images = [self._render(vectors[rows]) for rows in _blocks(len(vectors))]
        return np.concatenate(images) * self._scale

    def _render(self, vectors: Matrix) -> NDArray[np.uint8]:
        pictures = self._lineage.render(vectors, self._noises)
        return to_bytes(pictures.reshape(len(vectors), -1))


def _blocks(count: int) -> Iterator[slice]:
    return (slice(first, min(first + RENDERED, count)) for first in range(0, count, RENDERED))
