"""The reference for generated images: real images, and the judge's features of them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.evaluation.classifiers import SIDE, Features, Pixels
from gangan_cli.evaluation.judge import Judge, judge_of
from gangan_cli.evaluation.shipped import RealImages, judged_by, real_images
from gangan_cli.images.loading import is_available, load_images
from gangan_cli.metrics import frechet, prdc
from gangan_cli.metrics.mind import Projections
from gangan_cli.progress import ProgressCallback

Moments = frechet.Reference

AT_ONCE = 1000
"""Pictures converted at a time."""

APART = 1000
"""Test images that stand for images which no GAN has seen."""


@dataclass(frozen=True)
class Reference:
    """The images that GANs of `dataset` are compared with, and what scores need of them. `rows` says
    which of the dataset's images the GANs were trained on; "" for all."""

    judge: Judge
    images: RealImages
    dataset: str
    data_dir: Path | None
    rows: str = ""

    @cached_property
    def judged(self) -> tuple[Features, Features]:
        """The judge's features (n, width) and class probabilities (n, 10) of the test images."""
        return self.judge.judged(self.images.test)

    @property
    def features(self) -> Features:
        """The judge's features (n, width) of the test images."""
        return self.judged[0]

    @cached_property
    def class_counts(self) -> NDArray[np.int64]:
        """How many test images (10,) the judge counts to each class, right or wrong, as it does with
        those of GANs."""
        return np.bincount(self.judged[1].argmax(axis=1), minlength=10)

    @cached_property
    def frechet(self) -> frechet.Reference:
        """The moments of `features`, for Fréchet distances to them."""
        return frechet.Reference(frechet.moments(self.features))

    @cached_property
    def class_frechet(self) -> list[Moments]:
        """The moments of the features of each class's test images."""
        labels = self.images.test_labels
        return [
            frechet.Reference(frechet.moments(self.features[labels == digit])) for digit in range(10)
        ]

    @cached_property
    def manifold(self) -> prdc.Manifold:
        """The manifold of `features`, for precision, recall, density and coverage; takes some
        seconds."""
        return prdc.Manifold(self.features)

    @cached_property
    def projections(self) -> Projections:
        """The features' sorted projections, for sliced Wasserstein distances."""
        return Projections(self.features)

    @cached_property
    def train(self) -> Pixels | None:
        """The images (n, 784) of 0 to 255 that the GANs were trained on; None if they are not on this
        machine. Nothing is downloaded for this."""
        try:
            if not is_available(self.dataset, self.data_dir):
                return None
            images = load_images(self.dataset, self.data_dir).part(self.rows)
        except (ConfigurationError, WorkFailed):
            return None
        return images.pixels if (images.height, images.width) == (SIDE, SIDE) else None

    @cached_property
    def apart(self) -> tuple[Pixels, Pixels]:
        """The test images in two random parts: APART that stand for images which no GAN has seen, and
        the others."""
        rows = np.random.default_rng(0).permutation(len(self.images.test))
        return self.images.test[rows[:APART]], self.images.test[rows[APART:]]

    @cached_property
    def equally_many(self) -> tuple[Pixels, Pixels]:
        """Random training images, and as many test images of the second part of `apart`: as many as
        there are of both.

        Raises:
            ConfigurationError: the training images are not on this machine.
        """
        if self.train is None:
            raise ConfigurationError(self.lack)
        test = self.apart[1]
        rows = np.random.default_rng(0).permutation(len(self.train))[: len(test)]
        return self.train[rows], test[: len(rows)]

    @property
    def lack(self) -> str:
        """Which scores are missing without `train`, and how to get them."""
        return (
            f"the images of {self.dataset} are not on this machine: distances to the nearest training "
            "image are left out (--data-dir names their folder)"
        )

    def some(self, count: int) -> Features:
        """Return the features (n, width) of up to `count` random test images: the first half of MNIST's
        were written by other people than the second."""
        rows = np.random.default_rng(0).permutation(len(self.features))[:count]
        chosen: Features = self.features[rows]
        return chosen

    def real(self, count: int, seed: int) -> Pixels:
        """Return up to `count` real images (n, 784) that the judge did not learn from, drawn without
        repeats: what a perfect GAN would generate."""
        drawn: Pixels = self.images.real[self._rows(count, seed)]
        return drawn

    def real_labels(self, count: int, seed: int) -> NDArray[np.uint8]:
        """Return the classes (n,) of the same images."""
        drawn: NDArray[np.uint8] = self.images.real_labels[self._rows(count, seed)]
        return drawn

    def _rows(self, count: int, seed: int) -> NDArray[np.int64]:
        return np.random.default_rng(seed).permutation(len(self.images.real))[:count]


def reference_of(
    dataset: str,
    data_dir: Path | None,
    on_progress: ProgressCallback,
    kind: str = "standard",
    rows: str = "",
) -> Reference:
    """Return the reference of `dataset`, of which GANs were trained on `rows`, with its judge, which is
    trained if it does not ship.

    Raises:
        ConfigurationError, WorkFailed: as `judge_of`.
    """
    judge = judge_of(dataset, data_dir, on_progress, kind)
    return Reference(judge, real_images(judged_by(dataset), data_dir), dataset, data_dir, rows)


def to_bytes(pictures: Features) -> Pixels:
    """Return pictures (n, height, width) in [-1, 1], as GANs generate them, as images (n, height ·
    width) of 0 to 255: rounded as in a file, so that the same pictures have the same scores from a GAN,
    as PNG and as an array.

    Raises:
        WorkFailed: a pixel is not finite.
    """
    if not np.isfinite(pictures).all():
        raise WorkFailed("these images have pixels that are not finite: the GAN has diverged")
    flat = pictures.reshape(len(pictures), -1)
    pixels = np.empty(flat.shape, np.uint8)
    for first in range(0, len(flat), AT_ONCE):
        scaled = (flat[first : first + AT_ONCE] + np.float32(1)) * np.float32(127.5)
        pixels[first : first + AT_ONCE] = np.rint(scaled).clip(0, 255)
    return pixels


def to_unit(pixels: Pixels) -> Features:
    """Return images of 0 to 255 in [0, 1], float32."""
    scaled: Features = pixels.astype(np.float32) / np.float32(255)
    return scaled
