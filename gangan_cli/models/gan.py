"""The GAN of Zhang and Zhou, "Review and Re-thinking of significant GAN models" (002, section 2.1).

Goodfellow et al. (2014) with PyTorch-GAN's layers: both networks learn from the same generated images,
and the discriminator's loss is the mean of its two halves. With several of the discriminator's updates
to one of the generator's, it is Algorithm 1 of that paper: each update has images of its own.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from gangan_cli.models.base import BaseGAN
from gangan_cli.models.family import ImageSpec, Networks, Phase
from gangan_cli.models.functional import FunctionalModule
from gangan_cli.models.layer_lists import numbers
from gangan_cli.models.layers import Perceptron
from gangan_cli.models.mlp import tanh
from gangan_cli.models.objectives import OBJECTIVES, check_objective, cross_entropy
from gangan_cli.models.optimizers import Adam

ADAM = Adam(betas=(0.5, 0.999))


class Generator(Perceptron):
    """Noise to pixels in (-1, 1)."""

    def forward(self, x: Tensor, aux_noise: Tensor | None = None) -> Tensor:
        """Map (B, latent_dim) to (B, data_dim)."""
        return tanh(super().forward(x, aux_noise))


class Discriminator(Perceptron):
    """Pixels to the probability that they are real."""

    def forward(self, x: Tensor, aux_noise: Tensor | None = None) -> Tensor:
        """Map (B, data_dim) to (B, 1)."""
        return torch.sigmoid(super().forward(x, aux_noise))


@dataclass(frozen=True)
class GAN(BaseGAN):
    """Linear layers with batch normalisation in the generator, binary cross-entropy, Adam."""

    data_dim: int = 784
    latent_dim: int = 100
    generator: str = "128,256,512,1024"
    discriminator: str = "512,256"
    bn_eps: float = 0.8
    """Epsilon of batch normalisation: the code's `BatchNorm1d(n, 0.8)` means it for the momentum."""
    loss: str = "nonsaturating"
    """The generator's objective: nonsaturating, -log D(G(z)), or minimax, log(1 - D(G(z)))."""
    discriminator_steps: int = 1
    """Updates of the discriminator per update of the generator: k of Algorithm 1."""

    name: ClassVar[str] = "gan"

    def __post_init__(self) -> None:
        check_objective(self.loss)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return one update of both networks; or the updates of the discriminator, then the
        generator's."""
        if self.discriminator_steps == 1:
            return (Phase(("generator", "discriminator"), self._losses, ("g_loss", "d_loss"), ADAM),)
        steps = self.discriminator_steps
        return (
            Phase(("discriminator",), self._discriminator_loss, ("d_loss",), ADAM, n_updates=steps),
            Phase(("generator",), self._generator_loss, ("g_loss",), ADAM),
        )

    @classmethod
    def hparams_for(cls, image_spec: ImageSpec) -> dict[str, int]:
        """Return the hyperparameters that a dataset determines."""
        return {"data_dim": image_spec.height * image_spec.width * image_spec.channels}

    def networks(self) -> dict[str, nn.Module]:
        """Return fresh networks under PyTorch's default initialisation."""
        judges = numbers(self.discriminator, "discriminator")
        makes = numbers(self.generator, "generator")
        return {
            "discriminator": Discriminator(self.data_dim, judges, 1),
            "generator": Generator(self.latent_dim, makes, self.data_dim, normalised=self.bn_eps),
        }

    def _losses(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the losses of both, of the same generated images."""
        discriminator, made = networks["discriminator"], networks["generator"](noise)
        of_generator = OBJECTIVES[self.loss](discriminator.frozen(made))
        return of_generator, _halves(discriminator, examples, made.detach())

    def _generator_loss(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor]:
        return (OBJECTIVES[self.loss](networks["discriminator"](networks["generator"](noise))),)

    def _discriminator_loss(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor]:
        made = networks["generator"](noise)
        return (_halves(networks["discriminator"], examples, made),)


def _halves(discriminator: FunctionalModule, examples: Tensor, made: Tensor) -> Tensor:
    """Return half of -log D(x) - log(1 - D(G(z)))."""
    real = cross_entropy(discriminator(examples), real=True)
    return (real + cross_entropy(discriminator(made), real=False)) / 2
