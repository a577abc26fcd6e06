"""CycleGAN (Zhu et al., 2017) at MNIST's scale: 002, section 2.5, with PyTorch-GAN's losses.

Two generators translate between domains A and B, of which an example has an image each, side by side
and unpaired; two discriminators look at patches. All learn from the same translations, but
discriminators see some that a memory kept from before instead. There is no noise: what a generator is
given is an image of A.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Generator as Source
from torch import Tensor, nn
from torch.nn import functional as F

from gangan_cli.models.base import SquareImageGAN
from gangan_cli.models.convolutional import initialise
from gangan_cli.models.family import Networks, Phase
from gangan_cli.models.gan import ADAM
from gangan_cli.models.mlp import tanh

POOL_SIZE = 50
"""Translations in a discriminator's image pool."""

CHANCES = 4
"""Numbers that decide what the two memories do: with each image, and where they begin to."""


class Reflected(nn.Conv2d):
    """A convolution whose input is continued by its reflection."""

    def __init__(self, ins: int, outs: int, kernel: int) -> None:
        super().__init__(ins, outs, kernel)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, ins, H, W) to (B, outs, H, W)."""
        return super().forward(F.pad(x, [self.kernel_size[0] // 2] * 4, mode="reflect"))


class Residual(nn.Module):
    """Two convolutions, whose result is added to what comes in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = Reflected(width, width, 3), Reflected(width, width, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, width, H, W) to the same shape."""
        return x + F.instance_norm(self.second(F.relu(F.instance_norm(self.first(x)))))


class Translator(nn.Module):
    """Images to images in (-1, 1): made smaller twice, changed by residual blocks, made larger again."""

    def __init__(self, width: int, blocks: int, side: int, channels: int) -> None:
        super().__init__()
        self.shape = channels, side, side
        self.first = Reflected(channels, width, 7)
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairwise([width, 2 * width, 4 * width])
        )
        self.blocks = nn.ModuleList(Residual(4 * width) for _ in range(blocks))
        self.up = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise([4 * width, 2 * width, width])
        )
        self.last = Reflected(width, channels, 7)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, channels · side · side) to the same shape."""
        x = F.relu(F.instance_norm(self.first(images.view(len(images), *self.shape))))
        for down in self.down:
            x = F.relu(F.instance_norm(down(x)))
        for block in self.blocks:
            x = block(x)
        for up in self.up:
            x = F.relu(F.instance_norm(up(F.interpolate(x, scale_factor=2.0))))
        return tanh(self.last(x)).flatten(1)


class Patches(nn.Module):
    """Images to a score for each of their patches: 1 for real ones, 0 for translations."""

    def __init__(self, width: int, side: int, channels: int) -> None:
        super().__init__()
        self.shape = channels, side, side
        self.first = nn.Conv2d(channels, width, 4, stride=2, padding=1)
        self.second = nn.Conv2d(width, 2 * width, 4, stride=2, padding=1)
        self.last = nn.Conv2d(2 * width, 1, 4, padding=1)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, channels · side · side) to (B, patches)."""
        x = F.leaky_relu(self.first(images.view(len(images), *self.shape)), 0.2)
        x = F.leaky_relu(F.instance_norm(self.second(x)), 0.2)
        scores: Tensor = self.last(x)
        return scores.flatten(1)


class ImagePool(nn.Module):
    """A buffer of earlier translations, which replace every second new one (Shrivastava et al., 2017).

    Its buffer is neither a parameter nor part of a snapshot.
    """

    images: Tensor
    filled: Tensor

    def __init__(self, pixels: int) -> None:
        super().__init__()
        self.register_buffer("images", torch.zeros(POOL_SIZE, pixels), persistent=False)
        self.register_buffer("filled", torch.zeros(POOL_SIZE), persistent=False)

    def forward(self, made: Tensor, aux_noise: Tensor) -> Tensor:
        """Return translations (B, pixels), or earlier ones, as decided by aux_noise (B, 2), uniform in
        [0, 1).

        Each of the first POOL_SIZE of a batch has a place of its own, from a random one on.
        """
        count = min(len(made), POOL_SIZE)
        new, places = made[:count], torch.arange(count, device=made.device)
        places = (places + (aux_noise[0, 1] * POOL_SIZE).long()) % POOL_SIZE
        old, filled = self.images[places], self.filled[places][:, None]
        swapped = filled * (aux_noise[:count, :1] < 0.5)
        given = swapped * old + (1 - swapped) * new
        kept = filled * (1 - swapped)
        self.images = self.images.index_put((places,), kept * old + (1 - kept) * new)
        self.filled = self.filled.index_put((places,), torch.ones_like(self.filled[:count]))
        return torch.cat([given, made[count:]])


@dataclass(frozen=True)
class CycleGAN(SquareImageGAN):
    """Two translators and two critics of patches, squared errors, cycles and identities, Adam."""

    side: int = 28
    channels: int = 1
    width: int = 16
    """Channels of the translators' first layer."""
    blocks: int = 2
    critic_width: int = 64
    cycle: float = 10.0
    """Weight of what is lost by translating there and back."""
    identity: float = 5.0
    """Weight of what a translator changes of an image that is of its domain already."""

    name: ClassVar[str] = "cyclegan"
    multiple: ClassVar[int] = 4
    translates_images: ClassVar[bool] = True
    lr_decay: ClassVar[bool] = True

    @property
    def pixels(self) -> int:
        """Return how many values an image has."""
        return self.channels * self.side**2

    @property
    def data_dim(self) -> int:
        """Return the length of an example: an image of A, and one of B."""
        return 2 * self.pixels

    @property
    def latent_dim(self) -> int:
        return 0

    @property
    def aux_noise_dim(self) -> int:
        """Return how many numbers the memories take."""
        return CHANCES

    @property
    def phases(self) -> tuple[Phase, ...]:
        trains = "a_to_b", "b_to_a", "critic_a", "critic_b"
        loss_names = "gan_loss", "cycle_loss", "identity_loss", "a_loss", "b_loss"
        return (Phase(trains, self._losses, loss_names, ADAM),)

    def networks(self) -> dict[str, nn.Module]:
        """Return fresh networks: weights of convolutions from N(0, 0.02)."""
        networks: dict[str, nn.Module] = {
            "critic_a": Patches(self.critic_width, self.side, self.channels),
            "critic_b": Patches(self.critic_width, self.side, self.channels),
            "a_to_b": Translator(self.width, self.blocks, self.side, self.channels),
            "b_to_a": Translator(self.width, self.blocks, self.side, self.channels),
            "memory_a": ImagePool(self.pixels),
            "memory_b": ImagePool(self.pixels),
        }
        for network in networks.values():
            initialise(network)
        return networks

    def noise(self, shape: tuple[int, ...], generator: Source) -> Tensor:
        return torch.empty(*shape, 0, device=generator.device)

    def generate(self, networks: Networks, noise: Tensor) -> Tensor:
        """Return images of B for images of A, (B, pixels)."""
        return networks["a_to_b"](noise)

    def _losses(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor, ...]:
        a, b = examples.chunk(2, dim=1)
        a_to_b, b_to_a = networks["a_to_b"], networks["b_to_a"]
        critic_a, critic_b = networks["critic_a"], networks["critic_b"]
        made_a, made_b = b_to_a(b), a_to_b(a)
        fooled = squared(critic_a.frozen(made_a), 1) + squared(critic_b.frozen(made_b), 1)
        cycle = F.l1_loss(b_to_a(made_b), a) + F.l1_loss(a_to_b(made_a), b)
        identity = F.l1_loss(b_to_a(a), a) + F.l1_loss(a_to_b(b), b)
        shown_a = networks["memory_a"](made_a.detach(), noise[:, :2])
        shown_b = networks["memory_b"](made_b.detach(), noise[:, 2:])
        return (
            fooled / 2,
            self.cycle * cycle / 2,
            self.identity * identity / 2,
            (squared(critic_a(a), 1) + squared(critic_a(shown_a), 0)) / 2,
            (squared(critic_b(b), 1) + squared(critic_b(shown_b), 0)) / 2,
        )


def squared(scores: Tensor, wanted: float) -> Tensor:
    """Return the mean squared difference of scores from what is wanted."""
    return (scores - wanted).square().mean()
