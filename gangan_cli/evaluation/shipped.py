"""The images that scores need, of the datasets that have a judge: from the package, or from the dataset.

Of 60,000 training images a standard judge learns the first 45,000 and is chosen on the next 5,000; the
last 10,000 are the real images whose scores stand beside those of GANs.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError
from gangan_cli.evaluation.classifiers import SIDE, Pixels
from gangan_cli.images.loading import load_images

FOLDER = Path(__file__).with_name("judges")
"""Judges and images that ship with the package; README.md in it has their licence."""

DATASETS = ("mnist", "fashion-mnist", "kmnist")
"""Datasets with a judge."""

LEARNED = 45_000
VALIDATION = range(45_000, 50_000)
REAL = range(50_000, 60_000)

PARZEN = 1_000
"""Number of validation images on which the width of a Parzen window is chosen."""


@dataclass(frozen=True)
class RealImages:
    """Real images (n, 784) of 0 to 255: those of the test set, those of rows REAL of the training set,
    each with labels (n,), and the first PARZEN of rows VALIDATION."""

    test: Pixels
    test_labels: NDArray[np.uint8]
    real: Pixels
    real_labels: NDArray[np.uint8]
    validation: Pixels


def judged_by(dataset: str) -> str:
    """Return the dataset whose judge suits `dataset`: MNIST's for mnist5k, whose digits are of MNIST's
    training images, and none of its test images.

    Raises:
        ConfigurationError: there is no judge for it.
    """
    known = "mnist" if dataset == "mnist5k" else dataset
    if known not in DATASETS:
        raise ConfigurationError(
            f"there is no judge for {dataset!r}, only for {', '.join((*DATASETS, 'mnist5k'))}"
        )
    return known


def real_images(dataset: str, data_dir: Path | None) -> RealImages:
    """Return the images of one of the DATASETS, from the package if they ship with it.

    Raises:
        ConfigurationError, WorkFailed: the dataset cannot be loaded.
    """
    packed = FOLDER / f"{dataset}.npz"
    if packed.exists():
        with np.load(packed) as arrays:
            return RealImages(**arrays)
    train, test = load_images(dataset, data_dir), load_images(dataset, data_dir, "test")
    for part in (train, test):
        if (part.height, part.width) != (SIDE, SIDE) or train.count < REAL.stop:
            raise ConfigurationError(
                f"the judge needs 60,000 images of {SIDE} × {SIDE} pixels; {dataset} has "
                f"{train.count:,} of {part.height} × {part.width}"
            )
    return RealImages(
        test.pixels,
        test.labels.astype(np.uint8),
        train.pixels[REAL.start : REAL.stop],
        train.labels[REAL.start : REAL.stop].astype(np.uint8),
        train.pixels[VALIDATION.start : VALIDATION.start + PARZEN],
    )
