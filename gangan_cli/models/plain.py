"""What most families have in common: normal noise, one generator, and nothing special in training."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from gangan_cli.models.controls import Control
from gangan_cli.models.family import Networks, Pictures

SMALLEST = 8
"""Pixels that the side of an image has at least, for convolutions to halve it."""


class Plain(ABC):
    """Standard normal noise for a network called generator; weights as they are, a steady rate."""

    labelled: ClassVar[bool] = False
    paired: ClassVar[bool] = False
    averages: ClassVar[Mapping[str, float]] = {}
    decays: ClassVar[bool] = False

    @property
    @abstractmethod
    def latent_dim(self) -> int:
        """Return the length of a noise vector."""

    @property
    def controls(self) -> tuple[Control, ...]:
        """Return that no number of the noise has a meaning of its own."""
        return ()

    @property
    def chance_width(self) -> int:
        """Return that losses take no other random numbers."""
        return 0

    def noise(self, shape: tuple[int, ...], generator: Generator) -> Tensor:
        """Return standard normal noise (*shape, latent_dim)."""
        return torch.randn(*shape, self.latent_dim, generator=generator, device=generator.device)

    def chances(
        self, shape: tuple[int, ...], generator: Generator, progress: NDArray[np.float64]
    ) -> Tensor:
        """Return the other random numbers that losses take, (*shape, C), uniform in [0, 1)."""
        return uniform(shape, self.chance_width, generator)

    def generate(self, networks: Networks, noise: Tensor) -> Tensor:
        """Return what the generator makes of noise (B, latent_dim)."""
        return networks["generator"](noise)


class Square(Plain):
    """A family for square images, not too small, whose sides it can halve as often as it must."""

    side: int
    channels: int

    multiple: ClassVar[int] = 1

    @classmethod
    def sizes_for(cls, pictures: Pictures) -> dict[str, int]:
        """Return the sizes that a dataset decides.

        Raises:
            TypeError: it is not for such images.
        """
        high, wide = pictures.height, pictures.width
        if high != wide or high % cls.multiple or high < SMALLEST:
            sides = f"multiples of {cls.multiple}, " if cls.multiple > 1 else ""
            raise TypeError(
                f"the images have {wide} × {high} pixels: it is for square ones, with sides that are "
                f"{sides}{SMALLEST} or more"
            )
        return {"side": high, "channels": pictures.channels}

    @property
    def data_dim(self) -> int:
        """Return how many values an image has."""
        return self.channels * self.side**2


def uniform(shape: tuple[int, ...], width: int, generator: Generator) -> Tensor:
    """Return numbers (*shape, width), uniform in [0, 1)."""
    return torch.rand(*shape, width, generator=generator, device=generator.device)


def one_hot(shape: tuple[int, ...], classes: int, generator: Generator) -> Tensor:
    """Return one-hot vectors (*shape, classes), each class as likely."""
    drawn = torch.randint(classes, shape, generator=generator, device=generator.device)
    return torch.nn.functional.one_hot(drawn, classes).float()
