"""A regularised MLP GAN for vectors of unit scale: what the default GAN-GAN uses.

The logistic loss on logits and a zero-centred gradient penalty on real examples, R1 (Mescheder,
Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", 2018, equation 9), keep
a discriminator from memorising a few thousand snapshots; the moving average of the generator's
weights (Karras et al., 2018) is what is sampled. The output is linear: principal scores have no bound.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor, nn
from torch.func import grad
from torch.nn import functional as F

from gangan_cli.models.family import Networks, Phase
from gangan_cli.models.mlp import ThreeLayers


@dataclass(frozen=True)
class R1MLP:
    """Three linear layers on either side, logistic loss, R1 penalty, averaged generator."""

    data_dim: int
    latent_dim: int = 8
    discriminator_width: int = 256
    generator_width: int = 256
    r1: float = 5.0
    """Weight gamma of the penalty gamma/2 · |grad D(x)|²."""

    name: ClassVar[str] = "r1-mlp"
    betas: ClassVar[tuple[float, float]] = (0.0, 0.99)
    averages: ClassVar[Mapping[str, float]] = {"generator": 0.999}

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return the generator's update, then the discriminator's, as in the paper's loop."""
        return (
            Phase("generator", generator_loss, "g_loss"),
            Phase("discriminator", self._discriminator_loss, "d_loss"),
        )

    def networks(self) -> dict[str, nn.Module]:
        """Return fresh networks under PyTorch's default initialisation."""
        return {
            "discriminator": ThreeLayers(self.data_dim, self.discriminator_width, 1, nn.Identity()),
            "generator": ThreeLayers(
                self.latent_dim, self.generator_width, self.data_dim, nn.Identity()
            ),
        }

    def noise(self, shape: tuple[int, ...], generator: Generator) -> Tensor:
        """Return standard normal noise (*shape, latent_dim)."""
        return torch.randn(*shape, self.latent_dim, generator=generator, device=generator.device)

    def generate(self, networks: Networks, noise: Tensor) -> Tensor:
        """Return examples (B, data_dim)."""
        return networks["generator"](noise)

    def _discriminator_loss(self, networks: Networks, examples: Tensor, noise: Tensor) -> Tensor:
        discriminator = networks["discriminator"]
        real = discriminator(examples)
        fake = discriminator(networks["generator"](noise))
        slope = grad(lambda x: discriminator(x).sum())(examples)
        penalty: Tensor = self.r1 / 2 * slope.square().sum(-1).mean()
        return F.softplus(-real).mean() + F.softplus(fake).mean() + penalty


def generator_loss(networks: Networks, examples: Tensor, noise: Tensor) -> Tensor:
    """Non-saturating, on logits: log(1 + exp(-D(G(z))))."""
    return F.softplus(-networks["discriminator"](networks["generator"](noise))).mean()
