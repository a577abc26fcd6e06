"""The GAN of "GAN You Do the GAN GAN?" (Suarez, 2019, section 3): three linear layers on either side.

The same family is the paper's GAN of digits (784 pixels, latent 64, both networks 64 wide: 113,745
parameters) and its GAN-GAN (113,745 weights, latent 1, discriminator 8 and generator 64 wide).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gangan_cli.models.base import BaseGAN
from gangan_cli.models.family import ImageSpec, Losses, Networks, Phase, WeightSpec
from gangan_cli.models.objectives import check_objective, cross_entropy, minimax, nonsaturating

WIDE = 10_000
"""Outputs from which a layer's product is taken the other way round."""


class ThreeLayers(nn.Module):
    """Input, hidden and output layer, with a leaky ReLU after the first two."""

    def __init__(self, inputs: int, width: int, outputs: int, final: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.input = nn.Linear(inputs, width)
        self.hidden = nn.Linear(width, width)
        self.out = nn.Linear(width, outputs)
        self.final = final

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs) to (B, outputs)."""
        x = F.leaky_relu(self.input(x), 0.2)
        x = F.leaky_relu(self.hidden(x), 0.2)
        if self.out.out_features < WIDE:
            return self.final(self.out(x))
        # The same with the weights on the left: a GAN-GAN's 113,745 outputs then take a quarter less
        # time, a seventh of its step.
        return self.final((self.out.weight @ x.T).T + self.out.bias)


def tanh(x: Tensor) -> Tensor:
    """Return tanh(x) to within 2e-7, in half the time of PyTorch's, which was a fifth of a step."""
    return 2 * torch.sigmoid(2 * x) - 1


def generator_loss(
    networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
) -> tuple[Tensor]:
    """-log D(G(z)), averaged over the batch."""
    return (nonsaturating(networks["discriminator"](networks["generator"](noise))),)


def minimax_loss(networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor) -> tuple[Tensor]:
    """log(1 - D(G(z))), averaged over the batch."""
    return (minimax(networks["discriminator"](networks["generator"](noise))),)


GENERATOR_LOSSES: Mapping[str, Losses] = {"nonsaturating": generator_loss, "minimax": minimax_loss}


def discriminator_loss(
    networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
) -> tuple[Tensor]:
    """-log D(x) - log(1 - D(G(z))): the sum of the two averages, not their mean."""
    real = networks["discriminator"](examples)
    fake = networks["discriminator"](networks["generator"](noise))
    return (cross_entropy(real, real=True) + cross_entropy(fake, real=False),)


@dataclass(frozen=True)
class MLP(BaseGAN):
    """The paper's GAN: sigmoid discriminator, tanh generator, binary cross-entropy, Adam."""

    data_dim: int = 784
    latent_dim: int = 64
    discriminator_width: int = 64
    generator_width: int = 64
    loss: str = "nonsaturating"
    """The generator's objective: nonsaturating, -log D(G(z)), or minimax, log(1 - D(G(z)))."""
    discriminator_steps: int = 1
    """Updates of the discriminator per update of the generator, each on its own examples: k of 003's
    Algorithm 1."""

    name: ClassVar[str] = "mlp"

    weight_options: ClassVar[Mapping[str, Any]] = {
        "latent_dim": 16,
        "discriminator_width": 256,
        "generator_width": 256,
    }

    def __post_init__(self) -> None:
        check_objective(self.loss)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return the generator's update, then those of the discriminator, each with its own noise: the
        order of the released code."""
        steps = self.discriminator_steps
        return (
            Phase(("generator",), GENERATOR_LOSSES[self.loss], ("g_loss",)),
            Phase(("discriminator",), discriminator_loss, ("d_loss",), n_updates=steps),
        )

    @classmethod
    def hparams_for_weights(cls, spec: WeightSpec, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the hyperparameters of a GAN over weights."""
        return {"data_dim": spec.dim, **options}

    @classmethod
    def hparams_for(cls, image_spec: ImageSpec) -> dict[str, int]:
        """Return the hyperparameters that a dataset determines."""
        return {"data_dim": image_spec.height * image_spec.width * image_spec.channels}

    def networks(self) -> dict[str, nn.Module]:
        """Return fresh networks under PyTorch's default initialisation."""
        return {
            "discriminator": ThreeLayers(self.data_dim, self.discriminator_width, 1, torch.sigmoid),
            "generator": ThreeLayers(self.latent_dim, self.generator_width, self.data_dim, tanh),
        }
