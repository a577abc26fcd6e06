"""The dataset at the bottom of a lineage: its name, its folder, and the shape of its images."""

from pathlib import Path

import numpy as np

from gangan_cli.errors import ConfigurationError
from gangan_cli.images.dataset import Images
from gangan_cli.images.domains import Unpaired
from gangan_cli.images.loading import load_images
from gangan_cli.images.numbers import Numbers, are_numbers, numbers_named
from gangan_cli.weightspace.snapshots import Matrix
from store import Manifest

IMPORTED = "imported"
"""Dataset name of a run that was imported from state dicts: the actual one is unknown."""


def images_of(manifest: Manifest) -> str:
    """Return the name of the dataset that a run was trained on; "" if unknown (imported state dicts)."""
    name = (manifest.dataset or {}).get("name", "")
    return "" if name == IMPORTED else str(name)


def rows_of(manifest: Manifest, dataset: str) -> str:
    """Return the rows of `dataset` that a run was trained on; "" for all, or on another dataset."""
    return str((manifest.dataset or {}).get("rows", "")) if images_of(manifest) == dataset else ""


def training_images(manifest: Manifest, data_dir: Path | None = None) -> Images:
    """Return the images that a run was trained on, from `data_dir` or else where they were then.

    Raises:
        ConfigurationError, WorkFailed: the images cannot be loaded.
    """
    name = images_of(manifest)
    return load_images(name, data_dir or data_dir_of(manifest)).part(rows_of(manifest, name))


def numbers_of(manifest: Manifest) -> Numbers | None:
    """Return the numbers that a run was trained on; None if it was trained on images."""
    name = images_of(manifest)
    return numbers_named(name) if are_numbers(name) else None


def check_images(manifest: Manifest) -> None:
    """Check that a run was trained on images, so that its GANs make pictures.

    Raises:
        ConfigurationError: it was trained on numbers.
    """
    if dataset := numbers_of(manifest):
        raise ConfigurationError(
            f"GANs of {dataset.name} make numbers, not pictures: gangan export-figures and the TUI show "
            "their densities"
        )


def dataset_of(manifest: Manifest, wished: str = "") -> str:
    """Return the dataset with which a run's samples are compared: `wished`, or else its own.

    Raises:
        ConfigurationError: its own is unknown, and `wished` is empty; or the run is not of images.
    """
    check_images(manifest)
    if found := wished or images_of(manifest):
        return found
    raise ConfigurationError("imported GANs do not record their dataset: name it with --dataset")


def mismatch(name: str, manifest: Manifest, dataset: str) -> str:
    """Return a warning if the run was trained on another dataset; "" if on this one, or if unknown."""
    own = images_of(manifest)
    if own in ("", dataset):
        return ""
    return f"{name} was trained on {own}, and is compared with {dataset}"


def data_dir_of(manifest: Manifest) -> Path | None:
    """Return the folder that the images came from when a run was trained, if it exists."""
    named = manifest.machine.get("data_dir")
    return Path(named) if named and Path(named).is_dir() else None


def as_pictures(values: Matrix, manifest: Manifest) -> Matrix:
    """Return flat images (..., D), channels first, of a run's dataset as (..., height, width), or in
    colour as (..., height, width, 3).

    Raises:
        ConfigurationError: the run was trained on numbers.
    """
    check_images(manifest)
    dataset = manifest.dataset or {}
    height, width, channels = dataset["height"], dataset["width"], dataset.get("channels", 1)
    if channels == 1:
        return values.reshape(*values.shape[:-1], height, width)
    return np.moveaxis(values.reshape(*values.shape[:-1], channels, height, width), -3, -1)


def sources(manifest: Manifest, count: int, seed: int) -> Matrix:
    """Return images (count, D) in [-1, 1] of the first of the two domains that a run translates between.

    Raises:
        ConfigurationError, WorkFailed: the images cannot be loaded.
    """
    domain = Unpaired(training_images(manifest)).a
    rows = np.random.default_rng(seed).permutation(domain.count)[:count]
    scaled: Matrix = domain.pixels[rows] * np.float32(2 / 255) - np.float32(1)
    return scaled
