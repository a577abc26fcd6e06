"""The DCGAN of 001, section 4 (figures 1 and 2), as DCGAN-tensorflow has it, for small images.

The paper says "a DCGAN", and the code of its other studies exports weights under the names of
DCGAN-tensorflow (taehoonkim 2015). This is that network: kernels of 5 × 5, transposed convolutions in
the generator, which is updated twice for each update of the discriminator. Unlike `dcgan` its kernels
have the same size in both networks, so that they can be compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from torch import Generator as Source
from torch import Tensor, nn
from torch.nn import functional as F

from gangan_cli.models.base import SquareImageGAN, uniform
from gangan_cli.models.family import Networks, Phase
from gangan_cli.models.gan import ADAM
from gangan_cli.models.layers import BatchNorm
from gangan_cli.models.mlp import tanh
from gangan_cli.models.wgan import KERNEL, Convolution

HALVINGS = 4
"""Layers of each network that change the size by two; images are padded to a multiple of 16 pixels."""


class Generator(nn.Module):
    """Noise to images in (-1, 1): a linear layer, then transposed convolutions of stride 2."""

    def __init__(self, latent: int, widths: Sequence[int], side: int, channels: int) -> None:
        super().__init__()
        self.shape = widths[0], side >> HALVINGS, side >> HALVINGS
        self.linear = nn.Linear(latent, widths[0] * self.shape[1] ** 2)
        self.norms = nn.ModuleList(BatchNorm(width) for width in widths)
        self.convolutions = nn.ModuleList(
            nn.ConvTranspose2d(a, b, KERNEL, stride=2, padding=1)
            for a, b in pairwise([*widths, channels])
        )

    def forward(self, noise: Tensor) -> Tensor:
        """Map (B, latent) to (B, channels, side, side)."""
        x = self.linear(noise).view(len(noise), *self.shape)
        for norm, convolution in zip(self.norms, self.convolutions, strict=True):
            # TensorFlow's padding, the transpose of that in Convolution: the odd row and column go.
            x = convolution(F.relu(norm(x)))[:, :, :-1, :-1]
        return tanh(x)


class Discriminator(nn.Module):
    """Images to the logit of the probability that they are real: convolutions of stride 2."""

    def __init__(self, widths: Sequence[int], side: int, channels: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(Convolution(a, b, 2) for a, b in pairwise([channels, *widths]))
        self.norms = nn.ModuleList(BatchNorm(width) for width in widths[1:])
        self.out = nn.Linear(widths[-1] * (side >> HALVINGS) ** 2, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, channels, side, side) to (B, 1)."""
        x = F.leaky_relu(self.convolutions[0](images), 0.2)
        for convolution, norm in zip(self.convolutions[1:], self.norms, strict=True):
            x = F.leaky_relu(norm(convolution(x)), 0.2)
        made: Tensor = self.out(x.flatten(1))
        return made


@dataclass(frozen=True)
class DCGAN32(SquareImageGAN):
    """Strided convolutions of 5 × 5 with batch normalisation, cross-entropy of logits, Adam."""

    side: int = 28
    channels: int = 1
    latent_dim: int = 100
    width: int = 16
    """Channels of the discriminator's first convolution; 64 is the code's, for photographs."""

    name: ClassVar[str] = "dcgan-32"

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return the discriminator's update, then two of the generator's, each with its own noise."""
        return (
            Phase(("discriminator",), self._discriminator_loss, ("d_loss",), ADAM),
            Phase(("generator",), self._generator_loss, ("g_loss",), ADAM, n_updates=2),
        )

    @property
    def canvas(self) -> int:
        """Side to which images are padded with black: the next multiple of 16."""
        step = 1 << HALVINGS
        return -(-self.side // step) * step

    def networks(self) -> dict[str, nn.Module]:
        """Return fresh networks: weights from N(0, 0.02), those of convolutions cut at two of it."""
        widths = [self.width << level for level in range(HALVINGS)]
        networks: dict[str, nn.Module] = {
            "discriminator": Discriminator(widths, self.canvas, self.channels),
            "generator": Generator(self.latent_dim, widths[::-1], self.canvas, self.channels),
        }
        for network in networks.values():
            for layer in network.modules():
                if isinstance(layer, Convolution):
                    nn.init.trunc_normal_(layer.weight, 0.0, 0.02, -0.04, 0.04)
                elif isinstance(layer, nn.Linear | nn.ConvTranspose2d):
                    nn.init.normal_(layer.weight, 0.0, 0.02)
                if isinstance(layer, Convolution | nn.Linear | nn.ConvTranspose2d):
                    assert layer.bias is not None
                    nn.init.zeros_(layer.bias)
        return networks

    def noise(self, shape: tuple[int, ...], generator: Source) -> Tensor:
        """Return noise (*shape, latent_dim), uniform in [-1, 1)."""
        return 2 * uniform(shape, self.latent_dim, generator) - 1

    def generate(self, networks: Networks, noise: Tensor) -> Tensor:
        """Return images (B, data_dim) of noise (B, latent_dim): the middle of what is made."""
        first = (self.canvas - self.side) // 2
        place = slice(first, first + self.side)
        return networks["generator"](noise)[:, :, place, place].flatten(1)

    def _padded(self, images: Tensor) -> Tensor:
        before = (self.canvas - self.side) // 2
        after = self.canvas - self.side - before
        images = images.view(len(images), self.channels, self.side, self.side)
        return F.pad(images, (before, after, before, after), value=-1.0)

    def _discriminator_loss(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor]:
        real = networks["discriminator"](self._padded(examples))
        fake = networks["discriminator"](networks["generator"](noise))
        return (F.softplus(-real).mean() + F.softplus(fake).mean(),)

    def _generator_loss(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor]:
        """Non-saturating, of logits: -log D(G(z)) = softplus(-logit)."""
        fake = networks["discriminator"](networks["generator"](noise))
        return (F.softplus(-fake).mean(),)
