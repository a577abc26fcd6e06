"""The reference for generated images: a dataset's test images, and its judge's features of them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gangan_cli.evaluation.judge import Judge, judge_of, unit
from gangan_cli.images.dataset import Images
from gangan_cli.images.loading import held_out, load_images
from gangan_cli.metrics import frechet, prdc
from gangan_cli.metrics.classifier import Features
from gangan_cli.progress import ProgressCallback

VALIDATION = range(50_000, 51_000)
"""Rows of 60,000 training images on which the width of a Parzen window is chosen: the first 1,000 of the
10,000 that Goodfellow et al. (2014) held out of MNIST's."""


@dataclass(frozen=True)
class Reference:
    """The images of a dataset, with what scores need of them; images are (n, 784) in [0, 1].

    `test` are the test images, and `features` (n, 1024) the judge's features of them. `train` are all
    training images: the rows `apart` are not test images, the rows `fresh` are neither test nor
    validation images. On `validation` (1000, 784) the width of a Parzen window is chosen.
    """

    judge: Judge
    test: Features
    features: Features
    train: Features
    validation: Features
    apart: NDArray[np.int64]
    fresh: NDArray[np.int64]

    @cached_property
    def frechet(self) -> frechet.Reference:
        """The moments of `features`, for Fréchet distances to them."""
        return frechet.Reference(frechet.moments(self.features))

    @cached_property
    def manifold(self) -> prdc.Manifold:
        """The manifold of `features`, for precision, recall, density and coverage; takes some
        seconds."""
        return prdc.Manifold(self.features)

    def some(self, count: int) -> Features:
        """Return the features (n, 1024) of up to `count` random test images: the first half of MNIST's
        were written by other people than the second."""
        rows = np.random.default_rng(0).permutation(len(self.features))[:count]
        chosen: Features = self.features[rows]
        return chosen

    @property
    def others(self) -> Features:
        """The training images (n, 784) that are not test images."""
        if len(self.apart) == len(self.train):
            return self.train  # a copy of MNIST's would take 188 MB
        rest: Features = self.train[self.apart]
        return rest

    def real(self, count: int, seed: int) -> Features:
        """Return up to `count` of the `fresh` training images, drawn without repeats: what a perfect GAN
        would generate."""
        rows = np.random.default_rng(seed).permutation(self.fresh)[:count]
        drawn: Features = self.train[rows]
        return drawn


def reference_of(dataset: str, data_dir: Path | None, on_progress: ProgressCallback) -> Reference:
    """Return the reference of `dataset`, with its judge, which is trained if necessary.

    Raises:
        ConfigurationError, WorkFailed: as `judge_of`.
    """
    judge = judge_of(dataset, data_dir, on_progress)
    images = load_images(dataset, data_dir)
    train, test = unit(images.pixels), unit(load_images(dataset, data_dir, "test").pixels)
    features, _ = judge.judged(test)
    apart = np.flatnonzero(~held_out(images))
    validation = _validation(images)
    return Reference(
        judge=judge,
        test=test,
        features=features,
        train=train,
        validation=train[validation],
        apart=apart,
        fresh=np.setdiff1d(apart, validation),
    )


def _validation(images: Images) -> NDArray[np.int64]:
    if images.count > VALIDATION.stop:
        return np.array(VALIDATION)
    rows = np.flatnonzero(~held_out(images))
    return rows[:: max(1, len(rows) // len(VALIDATION))][: len(VALIDATION)]
