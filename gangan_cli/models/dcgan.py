"""The DCGAN of 002, section 2.1: Radford et al. (2016) as PyTorch-GAN has it, which is not quite it.

The code divides the image's side by 16 for the discriminator's last layer, which is wrong for 28
pixels; here it has the features that there are.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from gangan_cli.models.convolutional import Convolutional, Trunk
from gangan_cli.models.family import Networks, Phase
from gangan_cli.models.gan import ADAM
from gangan_cli.models.objectives import cross_entropy


class Discriminator(nn.Module):
    """Images to the probability that they are real."""

    def __init__(self, trunk: Trunk) -> None:
        super().__init__()
        self.trunk = trunk
        self.out = nn.Linear(trunk.features, 1)

    def forward(self, images: Tensor, aux_noise: Tensor | None = None) -> Tensor:
        """Map (B, channels · side · side) to (B, 1)."""
        return torch.sigmoid(self.out(self.trunk(images, aux_noise)))


@dataclass(frozen=True)
class DCGAN(Convolutional):
    """Convolutions with batch normalisation and dropout, binary cross-entropy, Adam."""

    latent_dim: int = 100

    name: ClassVar[str] = "dcgan"

    @property
    def phases(self) -> tuple[Phase, ...]:
        return (Phase(("generator", "discriminator"), self._losses, ("g_loss", "d_loss"), ADAM),)

    def discriminator_on(self, trunk: Trunk) -> nn.Module:
        return Discriminator(trunk)

    def _losses(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor, Tensor]:
        discriminator = networks["discriminator"]
        noise, aux_noise = noise.split((self.latent_dim, self.aux_noise_dim), dim=1)
        made = networks["generator"](noise)
        first, second, third = aux_noise.chunk(3, dim=1)
        of_generator = cross_entropy(discriminator.frozen(made, first), real=True)
        real = cross_entropy(discriminator(examples, second), real=True)
        fake = cross_entropy(discriminator(made.detach(), third), real=False)
        return of_generator, (real + fake) / 2
