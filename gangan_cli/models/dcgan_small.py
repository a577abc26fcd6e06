"""The small DCGAN of "GAN You Do the GAN GAN?" (000, section 4.3): under 30,000 parameters.

Its networks are for 32 × 32 pixels, to which it enlarges the images; what it makes is made smaller
again. It is trained as that paper's other GANs are (models/mlp.py).
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gangan_cli.models.base import SquareImageGAN
from gangan_cli.models.convolutional import initialise
from gangan_cli.models.family import Networks, Phase
from gangan_cli.models.layers import BatchNorm
from gangan_cli.models.mlp import discriminator_loss, generator_loss, tanh

SIDE = 32


class Generator(nn.Sequential):
    """Noise to images of 32 × 32 in (-1, 1)."""

    def __init__(self, latent: int, width: int, channels: int) -> None:
        super().__init__(
            nn.ConvTranspose2d(latent, 8 * width, 4, 1, 0), BatchNorm(8 * width), nn.ReLU(),
            nn.ConvTranspose2d(8 * width, 4 * width, 4, 2, 1), BatchNorm(4 * width), nn.ReLU(),
            nn.ConvTranspose2d(4 * width, 2 * width, 4, 2, 1), BatchNorm(2 * width), nn.ReLU(),
            nn.ConvTranspose2d(2 * width, channels, 4, 2, 1),
        )  # fmt: skip

    def forward(self, noise: Tensor) -> Tensor:
        """Map (B, latent) to (B, channels, 32, 32)."""
        return tanh(super().forward(noise[:, :, None, None]))


class Discriminator(nn.Sequential):
    """Images of 32 × 32 to the probability that they are real."""

    def __init__(self, width: int, channels: int) -> None:
        super().__init__(
            nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, 2, 1), BatchNorm(2 * width), nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, 4, 2, 1), BatchNorm(4 * width), nn.LeakyReLU(0.2),
            nn.Conv2d(4 * width, 1, 4, 2, 0),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, channels, 32, 32) to (B, 1)."""
        return torch.sigmoid(super().forward(images)).flatten(1)


@dataclass(frozen=True)
class SmallDCGAN(SquareImageGAN):
    """Four convolutions on either side, binary cross-entropy, Adam."""

    side: int = 28
    channels: int = 1
    latent_dim: int = 16
    width: int = 4
    """Channels of the discriminator's first layer, by which all others go; 8 is the code's default."""

    name: ClassVar[str] = "dcgan-small"

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return the generator's update, then the discriminator's, each with noise of its own."""
        return (
            Phase(("generator",), generator_loss, ("g_loss",)),
            Phase(("discriminator",), self._discriminator_loss, ("d_loss",)),
        )

    def networks(self) -> dict[str, nn.Module]:
        """Return fresh networks: weights from N(0, 0.02), biases 0."""
        networks: dict[str, nn.Module] = {
            "discriminator": Discriminator(self.width, self.channels),
            "generator": Generator(self.latent_dim, self.width, self.channels),
        }
        for network in networks.values():
            initialise(network)
            for layer in network.modules():
                if isinstance(layer, BatchNorm):
                    nn.init.ones_(layer.weight)  # only convolutions are drawn here
                elif isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                    assert layer.bias is not None
                    nn.init.zeros_(layer.bias)
        return networks

    def generate(self, networks: Networks, noise: Tensor) -> Tensor:
        """Return images (B, data_dim) of noise (B, latent_dim)."""
        return self._resized(networks["generator"](noise), self.side).flatten(1)

    def _discriminator_loss(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor]:
        images = examples.view(len(examples), self.channels, self.side, self.side)
        return discriminator_loss(networks, self._resized(images, SIDE), noise, progress)

    @staticmethod
    def _resized(images: Tensor, side: int) -> Tensor:
        return F.interpolate(images, size=(side, side), mode="bilinear", align_corners=False)
