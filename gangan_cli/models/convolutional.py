"""The convolutional networks of 002, section 2.1: DCGAN as PyTorch-GAN has it, for any square images."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from gangan_cli.models.base import SquareImageGAN
from gangan_cli.models.layer_lists import numbers
from gangan_cli.models.layers import BatchNorm, dropped
from gangan_cli.models.mlp import tanh

DROPOUT = 0.25


def halved(side: int, times: int) -> int:
    """Return the side of an image after as many convolutions of stride 2."""
    for _ in range(times):
        side = (side + 1) // 2
    return side


class Generator(nn.Module):
    """Noise to images in (-1, 1): a linear layer, then convolutions, the first two at twice the size."""

    def __init__(
        self, latent: int, widths: Sequence[int], side: int, channels: int, bn_eps: float
    ) -> None:
        super().__init__()
        if len(widths) < 3:
            raise TypeError("the generator has three layers or more, as in 128,128,64")
        first, *others = widths
        self.first, self.side = first, side // 4
        self.linear = nn.Linear(latent, first * self.side**2)
        # Its own epsilon is PyTorch's: the code gives 0.8 to the others only.
        self.norm = BatchNorm(first)
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(widths))
        self.norms = nn.ModuleList(BatchNorm(width, bn_eps) for width in others)
        self.last = nn.Conv2d(widths[-1], channels, 3, padding=1)

    def forward(self, noise: Tensor) -> Tensor:
        """Map (B, latent) to (B, channels · side · side)."""
        x = self.norm(self.linear(noise).view(len(noise), self.first, self.side, self.side))
        for place, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            if place < 2:
                x = F.interpolate(x, scale_factor=2.0)
            x = F.leaky_relu(norm(convolution(x)), 0.2)
        return tanh(self.last(x)).flatten(1)


class Trunk(nn.Module):
    """Images to features: blocks of a convolution of stride 2, leaky ReLU, dropout, batch norm."""

    def __init__(self, widths: Sequence[int], side: int, channels: int, bn_eps: float) -> None:
        super().__init__()
        ins = [channels, *widths]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairwise(ins)
        )
        self.norms = nn.ModuleList(BatchNorm(width, bn_eps) for width in widths[1:])
        self.shape, self.widths = (channels, side, side), tuple(widths)
        self.features = widths[-1] * halved(side, len(widths)) ** 2

    def forward(self, images: Tensor, aux_noise: Tensor | None = None) -> Tensor:
        """Map (B, channels · side · side) to (B, features); `aux_noise` (B, sum of widths) say which
        channels drop out."""
        x = images.view(len(images), *self.shape)
        drops = [] if aux_noise is None else list(aux_noise.split(self.widths, dim=1))
        for place, convolution in enumerate(self.convolutions):
            x = F.leaky_relu(convolution(x), 0.2)
            if drops:
                x = dropped(x, drops[place], DROPOUT)
            if place:
                x = self.norms[place - 1](x)
        return x.flatten(1)


def initialise(network: nn.Module) -> None:
    """Draw the weights of convolutions from N(0, 0.02), the scales of batch norms from N(1, 0.02)."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, BatchNorm):
            nn.init.normal_(module.weight, 1.0, 0.02)


@dataclass(frozen=True)
class Convolutional(SquareImageGAN):
    """The hyperparameters of a family of these networks, and the noise of the discriminator's
    dropout."""

    side: int = 28
    channels: int = 1
    generator: str = "128,128,64"
    """Channels after the linear layer, and after each convolution but the last."""
    discriminator: str = "16,32,64,128"
    """Channels after each convolution; each halves the image."""
    bn_eps: float = 0.8

    multiple: ClassVar[int] = 4

    @property
    def aux_noise_dim(self) -> int:
        """Return how many channels can drop out, in each of three looks of the discriminator."""
        return 3 * sum(numbers(self.discriminator, "discriminator"))

    @abstractmethod
    def discriminator_on(self, trunk: Trunk) -> nn.Module:
        """Return the discriminator that looks at a trunk's features."""

    def networks(self) -> dict[str, nn.Module]:
        """Return fresh networks under the code's initialisation."""
        judges = numbers(self.discriminator, "discriminator")
        makes = numbers(self.generator, "generator")
        networks = {
            "discriminator": self.discriminator_on(Trunk(judges, self.side, self.channels, self.bn_eps)),
            "generator": Generator(self.latent_dim, makes, self.side, self.channels, self.bn_eps),
        }
        for network in networks.values():
            initialise(network)
        return networks
