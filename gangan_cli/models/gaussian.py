"""GANs of one dimension, which learn a normal distribution (001, figures 3 and 4; section 1.7).

They are small enough for theory to be looked at: the discriminator is a curve, and its optimum for a
given generator is known, D*(x) = p_data(x) / (p_data(x) + p_g(x)) (Goodfellow et al. 2014, equation 2).
After Karuvally's released code: weights from N(0, 1), noise in equal distances, logarithms that are
clipped, Adam, one update of either network a step, the discriminator first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Generator as Source
from torch import Tensor, nn
from torch.nn import functional as F

from gangan_cli.models.base import BaseGAN, uniform
from gangan_cli.models.family import Networks, NumberSpec, Phase, Weights
from gangan_cli.models.layer_lists import numbers
from gangan_cli.models.objectives import check_objective

KERNELS, KERNEL_DIM = 5, 3
"""Of minibatch discrimination, as in the released code."""

SMALLEST = 1e-5
"""Probabilities below count as this in logarithms."""

JITTER = 0.01
"""The noise is as wide around each of its equally spaced values."""


class Hidden(nn.Module):
    """Linear layers, each followed by an activation."""

    def __init__(
        self, inputs: int, widths: Sequence[int], activation: Callable[[Tensor], Tensor]
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise([inputs, *widths]))
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs) to (B, the last of the widths)."""
        for layer in self.layers:
            x = self.activation(layer(x))
        return x


class Generator(nn.Module):
    """Noise to numbers, through softplus layers."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.hidden = Hidden(1, widths, F.softplus)
        self.out = nn.Linear(widths[-1], 1)

    def forward(self, noise: Tensor) -> Tensor:
        """Map (B, 1) to (B, 1)."""
        made: Tensor = self.out(self.hidden(noise))
        return made


class Discriminator(nn.Module):
    """Numbers to the probability that they are real, through ReLU layers.

    With minibatch discrimination (Salimans et al. 2016, section 3.2) a number is judged beside the
    others of its batch: added are, for each kernel, the sums of exp(-distance) to all of them.
    """

    def __init__(self, widths: Sequence[int], *, minibatch: bool) -> None:
        super().__init__()
        self.hidden = Hidden(1, widths, F.relu)
        # Only differences of what it makes count: a bias, which the released code has, does nothing.
        self.kernels = nn.Linear(widths[-1], KERNELS * KERNEL_DIM, bias=False) if minibatch else None
        self.out = nn.Linear(widths[-1] + (KERNELS if minibatch else 0), 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 1) to (B, 1)."""
        x = self.hidden(x)
        if self.kernels is not None:
            made = self.kernels(x).view(-1, KERNELS, KERNEL_DIM)
            distances = (made.unsqueeze(0) - made.unsqueeze(1)).abs().sum(-1)
            x = torch.cat([x, torch.exp(-distances).sum(1)], dim=1)
        return torch.sigmoid(self.out(x))


def clipped_log(probability: Tensor) -> Tensor:
    """Return the logarithm, of SMALLEST at least, where it has no gradient either."""
    return probability.clamp(min=SMALLEST).log()


@dataclass(frozen=True)
class Gaussian(BaseGAN):
    """The "native" GAN: three ReLU layers in the discriminator, one softplus layer in the generator."""

    generator: str = "4"
    """Widths of the generator's hidden layers."""
    discriminator: str = "8,8,8"
    """Widths of the discriminator's hidden layers."""
    minibatch: bool = False
    """Whether minibatch discrimination follows the discriminator's hidden layers."""
    reach: float = 8.0
    """Noise lies between -reach and reach."""
    loss: str = "nonsaturating"
    """The generator's objective: nonsaturating, -log D(G(z)), or minimax, log(1 - D(G(z)))."""
    discriminator_steps: int = 1
    """Updates of the discriminator per step, k in Algorithm 1 of Goodfellow et al. (2014)."""

    normal_init: bool = True
    """Whether initial weights are from N(0, 1), and biases 0, as released; else they are PyTorch's."""
    lr_decay: bool = False

    name: ClassVar[str] = "gaussian"
    latent_dim: ClassVar[int] = 1
    data_dim: ClassVar[int] = 1
    cpu_stack: ClassVar[int] = 50

    def __post_init__(self) -> None:
        check_objective(self.loss)

    @classmethod
    def hparams_for(cls, spec: NumberSpec) -> dict[str, int]:
        """Return {}: nothing depends on the dataset."""
        return {}

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return the discriminator's updates, then the generator's."""
        return (
            Phase(
                ("discriminator",),
                self._discriminator_loss,
                ("d_loss",),
                n_updates=self.discriminator_steps,
            ),
            Phase(("generator",), self._generator_loss, ("g_loss",)),
        )

    def networks(self) -> dict[str, nn.Module]:
        """Return fresh networks; with `normal_init`, weights of kernels are from N(0, 0.02²)."""
        discriminator = Discriminator(
            numbers(self.discriminator, "discriminator"), minibatch=self.minibatch
        )
        networks = {
            "discriminator": discriminator,
            "generator": Generator(numbers(self.generator, "generator")),
        }
        for layer in (layer for network in networks.values() for layer in network.modules()):
            if self.normal_init and isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, 0.0, 0.02 if layer is discriminator.kernels else 1.0)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        return networks

    def noise(self, shape: tuple[int, ...], generator: Source) -> Tensor:
        """Return noise (*shape, 1): numbers at equal distances from -reach to reach along the last axis
        of `shape`, each moved by less than JITTER, so that a batch covers the range evenly."""
        even = torch.linspace(-self.reach, self.reach, shape[-1], device=generator.device)
        return even[:, None] + JITTER * uniform(shape, 1, generator)

    def _discriminator_loss(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor]:
        """-V: -E log D(x) - E log(1 - D(G(z))); 1.386 = log 4 if D is 1/2 everywhere."""
        real = networks["discriminator"](examples)
        fake = networks["discriminator"](networks["generator"](noise))
        return (-clipped_log(real).mean() - clipped_log(1 - fake).mean(),)

    def _generator_loss(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor]:
        fake = networks["discriminator"](networks["generator"](noise))
        if self.loss == "minimax":
            return (clipped_log(1 - fake).mean(),)
        return (-clipped_log(fake).mean(),)


GENERATORS, DISCRIMINATORS = 1, 2
"""The shared layer, counted from 0: the generator's second is the discriminator's third."""

OURS = f"hidden.layers.{GENERATORS}.weight"
THEIRS = f"hidden.layers.{DISCRIMINATORS}.weight"


@dataclass(frozen=True)
class SharedGaussian(Gaussian):
    """The "shared" GAN: the weights (not the bias) of the generator's second layer are those of the
    discriminator's third, which only the discriminator's updates change."""

    generator: str = "4,4"
    discriminator: str = "4,4,4"
    minibatch: bool = True

    name: ClassVar[str] = "shared-gaussian"
    tied_parameters: ClassVar[tuple[str, ...]] = (f"generator.{OURS}",)

    def __post_init__(self) -> None:
        super().__post_init__()
        ours = numbers(self.generator, "generator")[: GENERATORS + 1]
        theirs = numbers(self.discriminator, "discriminator")[: DISCRIMINATORS + 1]
        if ours[-2:] != theirs[-2:] or len(theirs) <= DISCRIMINATORS:
            raise TypeError(
                f"generator is {self.generator} and discriminator {self.discriminator}: the generator's "
                "first two widths must be the discriminator's second and third, which share a layer"
            )

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return the discriminator's updates, each followed by a copy, then the generator's."""
        discriminator, generator = super().phases
        return (
            replace(discriminator, post_update=_share),
            replace(generator, frozen_params=self.tied_parameters),
        )


def _share(weights: Weights) -> None:
    weights["generator"][OURS].copy_(weights["discriminator"][THEIRS])
