"""The Wasserstein GAN that Shared-WGAN begins with (001, sections 1.2 to 1.4): a clipped critic.

After Arjovsky et al. (2017). The released code's loss is none of theirs, but a cross-entropy of the
critic's tanh, against 1 and -1; both are here. Its networks keep no statistics: batch normalisation uses
each batch's own, also when sampling, so an image depends on those beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Generator as Source
from torch import Tensor, nn
from torch.nn import functional as F

from gangan_cli.models.base import SquareImageGAN, uniform
from gangan_cli.models.family import Networks, Phase, Weights
from gangan_cli.models.layers import BatchNorm
from gangan_cli.models.optimizers import RMSProp

KERNEL = 5


class Convolution(nn.Conv2d):
    """A convolution of 5 × 5 with TensorFlow's padding: what is odd goes to bottom and right."""

    def __init__(self, ins: int, outs: int, stride: int) -> None:
        super().__init__(ins, outs, KERNEL, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, ins, H, W) to (B, outs, ⌈H / stride⌉, ⌈W / stride⌉)."""
        pads: list[int] = []
        for side in reversed(x.shape[2:]):
            stride = self.stride[0]
            missing = max((-(-side // stride) - 1) * stride + KERNEL - side, 0)
            pads += [missing // 2, missing - missing // 2]
        return super().forward(F.pad(x, pads))


def activated(norm: nn.Module, x: Tensor) -> Tensor:
    """Return x normalised, through a leaky ReLU of slope 0.2."""
    return F.leaky_relu(norm(x), 0.2)


class Generator(nn.Module):
    """Noise to images in (0, 1): a linear layer, then convolutions at full size."""

    def __init__(self, latent: int, width: int, side: int, channels: int) -> None:
        super().__init__()
        self.shape, pixels = (channels, side, side), channels * side * side
        self.linear, self.norm = nn.Linear(latent, pixels), BatchNorm(pixels, tracked=False)
        self.convolutions = nn.ModuleList(
            Convolution(channels if place == 0 else width, width, 1) for place in range(5)
        )
        self.norms = nn.ModuleList(BatchNorm(width, tracked=False) for _ in range(5))
        self.last = Convolution(width, channels, 1)

    def forward(self, noise: Tensor) -> Tensor:
        """Map (B, latent) to (B, channels · side · side)."""
        x = activated(self.norm, self.linear(noise)).view(len(noise), *self.shape)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = activated(norm, convolution(x))
        return torch.sigmoid(self.last(x)).flatten(1)


class Critic(nn.Module):
    """Images to a number without bound: convolutions of stride 2, a linear layer."""

    def __init__(self, widths: Sequence[int], side: int, channels: int) -> None:
        super().__init__()
        self.shape = channels, side, side
        self.convolutions = nn.ModuleList(Convolution(a, b, 2) for a, b in pairwise([channels, *widths]))
        self.norms = nn.ModuleList(BatchNorm(width, tracked=False) for width in widths)
        for _ in widths:
            side = -(-side // 2)
        self.out = nn.Linear(widths[-1] * side**2, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, channels · side · side) to (B, 1)."""
        x = images.view(len(images), *self.shape)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = activated(norm, convolution(x))
        made: Tensor = self.out(x.flatten(1))
        return made


LOSSES = ("wgan", "code")


@dataclass(frozen=True)
class WGAN(SquareImageGAN):
    """Convolutions at full size, a clipped critic that takes five steps for each of the generator's."""

    side: int = 28
    channels: int = 1
    latent_dim: int = 100
    width: int = 64
    """Channels of the convolutions."""
    loss: str = "wgan"
    """wgan: the paper's; code: the cross-entropy that was run."""
    critic_steps: int = 5
    clip: float = 0.01
    """The largest size of a critic's weight before each of its steps."""

    name: ClassVar[str] = "wgan"

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise TypeError(f"no loss {self.loss!r}: choose from {', '.join(LOSSES)}")
        if self.width < 4:
            raise TypeError(f"width is {self.width}: the critic's last layer has a quarter of it")

    @property
    def critic_widths(self) -> tuple[int, ...]:
        """Return the channels of the critic's convolutions."""
        return self.width, self.width, self.width // 2, self.width // 4

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return the critic's updates, then the generator's."""
        critic = Phase(
            ("critic",), self._critic_loss, ("c_loss",), RMSProp(),
            n_updates=self.critic_steps, pre_update=self._clip,
        )  # fmt: skip
        return critic, Phase(("generator",), self._generator_loss, ("g_loss",), RMSProp())

    def networks(self) -> dict[str, nn.Module]:
        """Return fresh networks: weights from N(0, 0.02), those of convolutions cut at two of it."""
        networks = {
            "critic": Critic(self.critic_widths, self.side, self.channels),
            "generator": Generator(self.latent_dim, self.width, self.side, self.channels),
        }
        for network in networks.values():
            for layer in network.modules():
                if isinstance(layer, Convolution):
                    nn.init.trunc_normal_(layer.weight, 0.0, 0.02, -0.04, 0.04)
                elif isinstance(layer, nn.Linear):
                    nn.init.normal_(layer.weight, 0.0, 0.02)
                if isinstance(layer, Convolution | nn.Linear) and layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        return networks

    def noise(self, shape: tuple[int, ...], generator: Source) -> Tensor:
        """Return noise (*shape, latent_dim), uniform in [-1, 1)."""
        return 2 * uniform(shape, self.latent_dim, generator) - 1

    def generate(self, networks: Networks, noise: Tensor) -> Tensor:
        """Return images in (-1, 1), (B, data_dim)."""
        return 2 * networks["generator"](noise) - 1

    def _clip(self, weights: Weights) -> None:
        for weight in weights["critic"].values():
            weight.clamp_(-self.clip, self.clip)

    def _critic_loss(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor]:
        real = networks["critic"]((examples + 1) / 2)
        fake = networks["critic"](networks["generator"](noise))
        if self.loss == "wgan":
            return (fake.mean() - real.mean(),)
        real, fake = torch.tanh(real), torch.tanh(fake)
        return (F.softplus(-real).mean() + (F.softplus(fake) + fake).mean(),)

    def _generator_loss(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor]:
        fake = networks["critic"](networks["generator"](noise))
        return (-fake.mean() if self.loss == "wgan" else F.softplus(-torch.tanh(fake)).mean(),)
