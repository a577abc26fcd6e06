"""Base classes of families: normal noise, one generator, no averages, a constant learning rate."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from gangan_cli.models.family import ImageSpec, Networks
from gangan_cli.models.latent_codes import LatentCode

SMALLEST = 8
"""Smallest side of an image in pixels, for convolutions to halve it."""


class BaseGAN(ABC):
    """Defaults: standard normal noise for a network "generator", snapshots of the weights themselves, a
    constant learning rate."""

    class_conditional: ClassVar[bool] = False
    translates_images: ClassVar[bool] = False
    cpu_stack: ClassVar[int] = 1
    ema_decays: ClassVar[Mapping[str, float]] = {}

    @property
    @abstractmethod
    def latent_dim(self) -> int:
        """Return the length of a noise vector."""

    @property
    def lr_decay(self) -> bool:
        """Return False: the learning rate is constant."""
        return False

    @property
    def latent_codes(self) -> tuple[LatentCode, ...]:
        """Return (): no part of the noise has a meaning of its own."""
        return ()

    @property
    def aux_noise_dim(self) -> int:
        """Return 0: losses take no auxiliary noise."""
        return 0

    @property
    def tied_parameters(self) -> tuple[str, ...]:
        """Return (): each network's parameters are its own."""
        return ()

    def noise(self, shape: tuple[int, ...], generator: Generator) -> Tensor:
        """Return standard normal noise (*shape, latent_dim)."""
        return torch.randn(*shape, self.latent_dim, generator=generator, device=generator.device)

    def aux_noise(
        self, shape: tuple[int, ...], generator: Generator, progress: NDArray[np.float64]
    ) -> Tensor:
        """Return auxiliary noise (*shape, C), uniform in [0, 1)."""
        return uniform(shape, self.aux_noise_dim, generator)

    def generate(self, networks: Networks, noise: Tensor) -> Tensor:
        """Return what the generator makes of noise (B, latent_dim)."""
        return networks["generator"](noise)


class SquareImageGAN(BaseGAN):
    """A family for square images whose side is at least SMALLEST and a multiple of `multiple`."""

    side: int
    channels: int

    multiple: ClassVar[int] = 1

    @classmethod
    def hparams_for(cls, image_spec: ImageSpec) -> dict[str, int]:
        """Return the hyperparameters that follow from a dataset's images.

        Raises:
            TypeError: it is not for such images.
        """
        high, wide = image_spec.height, image_spec.width
        if high != wide or high % cls.multiple or high < SMALLEST:
            sides = f"multiples of {cls.multiple}, " if cls.multiple > 1 else ""
            raise TypeError(
                f"the images have {wide} × {high} pixels: it is for square ones, with sides that are "
                f"{sides}{SMALLEST} or more"
            )
        return {"side": high, "channels": image_spec.channels}

    @property
    def data_dim(self) -> int:
        """Return the number of values of an image."""
        return self.channels * self.side**2


def uniform(shape: tuple[int, ...], width: int, generator: Generator) -> Tensor:
    """Return numbers (*shape, width), uniform in [0, 1)."""
    return torch.rand(*shape, width, generator=generator, device=generator.device)


def one_hot(shape: tuple[int, ...], classes: int, generator: Generator) -> Tensor:
    """Return one-hot vectors (*shape, classes) of uniformly drawn classes."""
    drawn = torch.randint(classes, shape, generator=generator, device=generator.device)
    return torch.nn.functional.one_hot(drawn, classes).float()
