"""The DCGAN of 002, section 2.1: Radford et al. (2016) as PyTorch-GAN has it, which is not quite it.

The code divides the image's side by 16 for the discriminator's last layer, which is wrong for 28
pixels; here it has the features that there are.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from gangan_cli.models.convolutional import Discriminator, Generator, initialise
from gangan_cli.models.family import Networks, Phase
from gangan_cli.models.gan import ADAM
from gangan_cli.models.mlp import cross_entropy
from gangan_cli.models.plain import Square
from gangan_cli.models.sizes import numbers


@dataclass(frozen=True)
class DCGAN(Square):
    """Convolutions with batch normalisation and dropout, binary cross-entropy, Adam."""

    side: int = 28
    channels: int = 1
    latent_dim: int = 100
    generator: str = "128,128,64"
    """Channels after the linear layer, and after each convolution but the last."""
    discriminator: str = "16,32,64,128"
    """Channels after each convolution; each halves the image."""
    bn_eps: float = 0.8

    name: ClassVar[str] = "dcgan"
    multiple: ClassVar[int] = 4

    @property
    def chance_width(self) -> int:
        """Return how many channels can drop out, in each of three looks of the discriminator."""
        return 3 * sum(numbers(self.discriminator, "discriminator"))

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return the update of both networks."""
        return (Phase(("generator", "discriminator"), self._losses, ("g_loss", "d_loss"), ADAM),)

    def networks(self) -> dict[str, nn.Module]:
        """Return fresh networks under the code's initialisation."""
        judges = numbers(self.discriminator, "discriminator")
        makes = numbers(self.generator, "generator")
        networks = {
            "discriminator": Discriminator(judges, self.side, self.channels, self.bn_eps),
            "generator": Generator(self.latent_dim, makes, self.side, self.channels, self.bn_eps),
        }
        for network in networks.values():
            initialise(network)
        return networks

    def _losses(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor, Tensor]:
        discriminator = networks["discriminator"]
        noise, chances = noise.split((self.latent_dim, self.chance_width), dim=1)
        made = networks["generator"](noise)
        first, second, third = chances.chunk(3, dim=1)
        of_generator = cross_entropy(discriminator.frozen(made, first), real=True)
        real = cross_entropy(discriminator(examples, second), real=True)
        fake = cross_entropy(discriminator(made.detach(), third), real=False)
        return of_generator, (real + fake) / 2
