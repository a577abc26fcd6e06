"""Two domains for image-to-image families: outlines of images, and other images (002, section 2.5)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gangan_cli.images.dataset import Images

if TYPE_CHECKING:
    from torch import Tensor

    from gangan_cli.images.dataset import ImageExamples


@dataclass(frozen=True)
class Unpaired:
    """A dataset split in two: the outlines of every second image are domain A, the other images domain
    B."""

    images: Images

    @property
    def count(self) -> int:
        """Number of images per domain."""
        return self.images.count // 2

    @property
    def a(self) -> Images:
        """The outlines of every second image."""
        half = self.images.picked(np.arange(0, 2 * self.count, 2))
        return half.drawn(outlines(half.pixels, half.height, half.width))

    @property
    def b(self) -> Images:
        """The other images as they are."""
        return self.images.picked(np.arange(1, 2 * self.count, 2))

    def load(self, device: str) -> "UnpairedExamples":
        """Bring both halves to `device`."""
        return UnpairedExamples(self.a.load(device), self.b.load(device))


class UnpairedExamples:
    """An image of each domain, side by side."""

    def __init__(self, a: "ImageExamples", b: "ImageExamples") -> None:
        self._a, self._b = a, b

    def __len__(self) -> int:
        return len(self._a)

    def batch(self, indices: "Tensor") -> "Tensor":
        """Return images of A and B (n, B, 2 · height · width) for (n, B) indices."""
        import torch

        return torch.cat([self._a.batch(indices), self._b.batch(indices)], dim=-1)


def outlines(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Return the outlines of images (N, height · width): the maximum minus the minimum of each 3 × 3
    neighbourhood, cropped at the edges."""
    images = pixels.reshape(-1, height, width)
    largest, smallest = images.copy(), images.copy()
    for axis in (1, 2):
        for values, choose in ((largest, np.maximum), (smallest, np.minimum)):
            before = values.copy()
            low, high = [slice(None)] * 3, [slice(None)] * 3
            low[axis], high[axis] = slice(None, -1), slice(1, None)
            values[tuple(low)] = choose(values[tuple(low)], before[tuple(high)])
            values[tuple(high)] = choose(values[tuple(high)], before[tuple(low)])
    return (largest - smallest).reshape(pixels.shape)
