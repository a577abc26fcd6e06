"""What most families have in common: normal noise, one generator, and nothing special in training."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from gangan_cli.models.family import Networks


class Plain:
    """Standard normal noise for a network called generator; weights as they are, a steady rate."""

    latent_dim: int

    averages: ClassVar[Mapping[str, float]] = {}
    decays: ClassVar[bool] = False
    chance_width: ClassVar[int] = 0

    def noise(self, shape: tuple[int, ...], generator: Generator) -> Tensor:
        """Return standard normal noise (*shape, latent_dim)."""
        return torch.randn(*shape, self.latent_dim, generator=generator, device=generator.device)

    def chances(
        self, shape: tuple[int, ...], generator: Generator, progress: NDArray[np.float64]
    ) -> Tensor:
        """Return no further random numbers, (*shape, 0)."""
        return torch.empty(*shape, 0, device=generator.device)

    def generate(self, networks: Networks, noise: Tensor) -> Tensor:
        """Return what the generator makes of noise (B, latent_dim)."""
        return networks["generator"](noise)
