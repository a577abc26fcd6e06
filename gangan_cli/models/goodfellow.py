"""The nets of Goodfellow et al., "Generative adversarial nets" (2014), that its MNIST figures are of.

As their released code trains them (003, section 3.1): a generator of rectified linear units, a
discriminator of maxout units with dropout, gradient descent with momentum. Both networks take their step
at once, from the same weights and the same generated images, seen through the same dropout. The
generator's loss is -log D(G(z)), not the log(1 - D(G(z))) of the printed Algorithm 1.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Generator as Source
from torch import Tensor, nn
from torch.nn import functional as F

from gangan_cli.models.base import BaseGAN, uniform
from gangan_cli.models.family import ImageSpec, Networks, Phase
from gangan_cli.models.layer_lists import numbers
from gangan_cli.models.layers import dropped
from gangan_cli.models.optimizers import Momentum

DROPOUT_OF_PIXELS, DROPOUT_OF_UNITS = 0.2, 0.5
"""Shares of the discriminator's pixels and hidden units that drop out; the others are made up for."""

GENERATOR_RANGE, DISCRIMINATOR_RANGE = 0.05, 0.005
"""Initial weights are uniform between minus this and this; biases are 0."""

NEVER_QUITE = 1e-7
"""A pixel that is 0 or 1 in all images counts as this far from it, for the initial bias to be finite."""


class Generator(nn.Module):
    """Noise to pixels in (0, 1): rectified linear units, then logistic ones."""

    def __init__(self, latent: int, hidden: tuple[int, ...], pixels: int) -> None:
        super().__init__()
        self.linear = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise([latent, *hidden, pixels]))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, latent) to (B, pixels)."""
        *hidden, last = self.linear
        for linear in hidden:
            x = F.relu(linear(x))
        return torch.sigmoid(last(x))


class Maxout(nn.Module):
    """Units that are each the largest of several linear functions (Goodfellow et al., "Maxout networks",
    2013)."""

    def __init__(self, inputs: int, units: int, pieces: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, units * pieces)
        self.shape = pieces, units

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs) to (B, units)."""
        made: Tensor = self.linear(x).view(len(x), *self.shape).amax(dim=1)
        return made


class Discriminator(nn.Module):
    """Pixels to the logit of the probability that they are real."""

    def __init__(self, pixels: int, hidden: tuple[int, ...], pieces: int) -> None:
        super().__init__()
        self.maxout = nn.ModuleList(Maxout(a, b, pieces) for a, b in pairwise([pixels, *hidden]))
        self.out = nn.Linear(hidden[-1], 1)
        self.droppable = (pixels, *hidden)

    def forward(self, x: Tensor, aux_noise: Tensor | None = None) -> Tensor:
        """Map (B, pixels) to (B, 1). `aux_noise` (B, sum of `droppable`), uniform in [0, 1), says what
        drops out of the pixels and the hidden units; without it nothing does."""
        chances = [None] * len(self.droppable)
        if aux_noise is not None:
            chances = list(aux_noise.split(self.droppable, dim=1))
        for number, (layer, chance) in enumerate(zip([*self.maxout, self.out], chances, strict=True)):
            if chance is not None:
                x = dropped(x, chance, DROPOUT_OF_UNITS if number else DROPOUT_OF_PIXELS)
            x = layer(x)
        return x


@dataclass(frozen=True)
class Goodfellow(BaseGAN):
    """Maxout against rectified linear units: the generative adversarial nets of 2014."""

    data_dim: int = 784
    latent_dim: int = 100
    generator: str = "1200,1200"
    discriminator: str = "240,240"
    """Maxout units of each hidden layer."""
    pieces: int = 5
    """Linear functions of a maxout unit."""

    name: ClassVar[str] = "goodfellow"

    @classmethod
    def hparams_for(cls, image_spec: ImageSpec) -> dict[str, int]:
        """Return the hyperparameters that a dataset determines."""
        return {"data_dim": image_spec.height * image_spec.width * image_spec.channels}

    @property
    def aux_noise_dim(self) -> int:
        """Return how many pixels and units can drop out, in two looks of the discriminator."""
        return 2 * (self.data_dim + sum(numbers(self.discriminator, "discriminator")))

    @property
    def _makes(self) -> tuple[int, ...]:
        """The hidden layers of the generator."""
        return numbers(self.generator, "generator")

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return one update, of both networks."""
        return (Phase(("generator", "discriminator"), self._losses, ("g_loss", "d_loss"), Momentum()),)

    def networks(self) -> dict[str, nn.Module]:
        """Return fresh networks with uniform weights and biases of 0."""
        judges = numbers(self.discriminator, "discriminator")
        networks = {
            "discriminator": Discriminator(self.data_dim, judges, self.pieces),
            "generator": Generator(self.latent_dim, self._makes, self.data_dim),
        }
        ranges = {"discriminator": DISCRIMINATOR_RANGE, "generator": GENERATOR_RANGE}
        for name, network in networks.items():
            for layer in network.modules():
                if isinstance(layer, nn.Linear):
                    nn.init.uniform_(layer.weight, -ranges[name], ranges[name])
                    nn.init.zeros_(layer.bias)
        return networks

    def initialise(self, networks: Mapping[str, nn.Module], mean: Tensor) -> None:
        """Set the biases of the generator's pixels so that they begin at the mean image, (data_dim,) in
        [-1, 1]."""
        share = ((mean + 1) / 2).double().clamp(NEVER_QUITE, 1 - NEVER_QUITE)
        bias = networks["generator"].get_parameter(f"linear.{len(self._makes)}.bias")
        with torch.no_grad():
            bias.copy_(torch.logit(share))

    def noise(self, shape: tuple[int, ...], generator: Source) -> Tensor:
        """Return noise (*shape, latent_dim), uniform between -√3 and √3: of unit variance."""
        return math.sqrt(3) * (2 * uniform(shape, self.latent_dim, generator) - 1)

    def generate(self, networks: Networks, noise: Tensor) -> Tensor:
        """Return images (B, data_dim) in (-1, 1)."""
        return 2 * networks["generator"](noise) - 1

    def _losses(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the generator's loss, -log D(G(z)), and the discriminator's, half of -log D(x) - log(1
        - D(G(z))). Images are in [0, 1] here."""
        discriminator = networks["discriminator"]
        noise, aux_noise = noise.split((self.latent_dim, self.aux_noise_dim), dim=1)
        of_real, of_made = aux_noise.chunk(2, dim=1)
        made = networks["generator"](noise)
        of_generator = F.softplus(-discriminator.frozen(made, of_made)).mean()
        real = F.softplus(-discriminator((examples + 1) / 2, of_real)).mean()
        fake = F.softplus(discriminator(made.detach(), of_made)).mean()
        return of_generator, (real + fake) / 2
