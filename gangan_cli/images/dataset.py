"""Image datasets as one uint8 array in memory: no DataLoader, no transforms (MNIST is 47 MB)."""

import dataclasses
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError
from gangan_cli.ranges import parsed

if TYPE_CHECKING:
    from torch import Tensor


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
    rows: str = ""
    """Which images of the dataset these are, as in "0-49999"; "" for all."""

    def describe(self) -> dict[str, Any]:
        """Return the manifest's description of the dataset, with a hash of its pixels."""
        return {
            "name": self.name,
            "examples": len(self.pixels),
            "height": self.height,
            "width": self.width,
            **({"channels": self.channels} if self.channels > 1 else {}),
            **({"rows": self.rows} if self.rows else {}),
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

    def part(self, rows: str) -> "Images":
        """Return the images in ranges of rows, counted from 0, as in "0-49999"; all for "".

        Raises:
            ConfigurationError: they cannot be read, or the dataset ends before them.
        """
        if not rows:
            return self
        part = dataclasses.replace(self.picked(np.flatnonzero(self._within(rows))), rows=rows)
        missing = sorted({*self.labels.tolist()} - {*part.labels.tolist()})
        if not missing:
            return part
        lost = (
            f"examples {rows!r} have no image of class {', '.join(map(str, missing))}: the rows of "
            f"{self.name} may be in the order of their classes"
        )
        return dataclasses.replace(part, warnings=(*part.warnings, lost))

    def without(self, rows: str) -> "Images":
        """Return the images outside these ranges of rows; none for "".

        Raises:
            ConfigurationError: as `part`.
        """
        outside = ~self._within(rows) if rows else np.zeros(self.count, bool)
        return self.picked(np.flatnonzero(outside))

    def _within(self, rows: str) -> NDArray[np.bool_]:
        """Return which images (N,) are in these ranges."""
        within = np.zeros(self.count, bool)
        for first, end in parsed(rows, "examples"):
            last = self.count - 1 if end is None else end
            if max(first, last) >= self.count:
                raise ConfigurationError(
                    f"examples {rows!r}: {self.name} has the images 0 to {self.count - 1:,}"
                )
            within[first : last + 1] = True
        return within

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
