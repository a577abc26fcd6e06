"""A regularised MLP GAN for vectors of unit scale: what the default GAN-GAN uses.

The logistic loss on logits and a zero-centred gradient penalty on real examples, R1 (Mescheder,
Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", 2018, equation 9), keep
a discriminator from memorising a few thousand snapshots; the moving average of the generator's
weights (Karras et al., 2018) is what is sampled. The output is linear: principal scores have no bound.

Two things make it precise. Its generator mixes learned templates (`Templates`), and can so jump from
one GAN's weights to another's, where plain layers pass gradually through the weights between.
And the learning rate falls over the second half of training; the penalty falls throughout, for a
discriminator to see finer and finer differences.

Instance noise can be added to examples as training begins (Sønderby et al., "Amortised MAP Inference for
Image Super-resolution", 2017), less and less: so the GAN-GAN finds the outlines of all GANs first, and
their details later. Codes of hundreds of numbers need that, short ones do not.

Two other losses serve for comparison: the hinge loss (Lim and Ye, 2017) and that of WGAN-GP (Gulrajani
et al., 2017). With a condition it is a conditional GAN (Mirza and Osindero, 2014): the last values of an
example, and of a noise vector, are the condition, which both networks see.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.func import grad
from torch.nn import functional as F

from gangan_cli.models.family import Networks, Phase, WeightSpec
from gangan_cli.models.latent_codes import LatentCode
from gangan_cli.models.mlp import ThreeLayers
from gangan_cli.models.optimizers import Adam

Adversarial = tuple[Callable[[Tensor], Tensor], Callable[[Tensor, Tensor], Tensor]]

LOSSES: Mapping[str, Adversarial] = {
    "logistic": (
        lambda fake: F.softplus(-fake).mean(),
        lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean(),
    ),
    "hinge": (
        lambda fake: -fake.mean(),
        lambda real, fake: F.relu(1 - real).mean() + F.relu(1 + fake).mean(),
    ),
    "wasserstein": (lambda fake: -fake.mean(), lambda real, fake: fake.mean() - real.mean()),
}
"""The generator's loss of the scores (B, 1) of its examples, and the discriminator's of those of real
and of generated examples."""


ADAM = Adam(betas=(0.0, 0.99))

CONDITION_SCALE = 4.0
"""Factor on a condition, which is one number of size 1 beside an example of length 16 or so."""

SOFTMAX_SCALE = 3.0
"""Factor on the logits of the templates: with 8 fewer GANs are found, 20 is no better than no
templates."""


class Templates(nn.Module):
    """Three layers whose output is added to a mixture of learned `templates` (count, outputs).

    The first `count` outputs of the layers are the logits of the mixture, the others are added to it. It
    is attention over prototypes, or a soft codebook.
    """

    def __init__(self, inputs: int, width: int, outputs: int, count: int) -> None:
        super().__init__()
        self.layers = ThreeLayers(inputs, width, count + outputs, nn.Identity())
        self.templates = nn.Parameter(torch.randn(count, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs) to (B, outputs)."""
        logits, added = self.layers(x).split(tuple(self.templates.shape), dim=-1)
        made: Tensor = torch.softmax(SOFTMAX_SCALE * logits, dim=-1) @ self.templates + added
        return made


@dataclass(frozen=True)
class R1MLP:
    """Three linear layers on either side, a penalised loss, averaged generator."""

    data_dim: int
    latent_dim: int = 8
    discriminator_width: int = 256
    generator_width: int = 256
    r1: float = 5.0
    """Weight gamma of the penalty gamma/2 · |grad D(x)|² on real examples x, at the start of
    training."""
    r1_final: float = 0.0
    """Gamma at the end of training, reached geometrically; 0 for a constant gamma."""
    loss: str = "logistic"
    gp_weight: float = 0.0
    """Weight of WGAN-GP's penalty (|grad D(x)| - 1)², for x between real and generated examples."""
    ema_decay: float = 0.999
    """Decay per step of the generator's moving average; 0 for no average."""
    templates: int = 0
    """Number of templates that the generator mixes; 0 for plain layers."""
    instance_noise: float = 0.0
    """Standard deviation of the noise on examples at the start of training."""
    lr_decay: bool = False
    """Whether the learning rate falls linearly to 0 over the second half of training."""
    condition: int = 0
    """Number of last values of an example, and of a noise vector, that are the condition."""

    name: ClassVar[str] = "r1-mlp"
    class_conditional: ClassVar[bool] = False
    cpu_stack: ClassVar[int] = 1
    translates_images: ClassVar[bool] = False

    weight_options: ClassVar[Mapping[str, Any]] = {
        "latent_dim": 16,
        "discriminator_width": 256,
        "generator_width": 256,
        "templates": 512,
        "instance_noise": 0.0,
        "lr_decay": True,
        "loss": "logistic",
        "r1": 13.0,
        "r1_final": 0.33,
        "gp_weight": 0.0,
        "ema_decay": 0.999,
    }
    """The options over weights; `r1` and `r1_final` hold for an epoch step of length 1."""

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise TypeError(f"no loss {self.loss!r}: choose from {', '.join(LOSSES)}")
        if not self.ema_decay <= 1:
            raise TypeError(f"ema-decay is {self.ema_decay}: give at most 1")

    @classmethod
    def hparams_for_weights(cls, spec: WeightSpec, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the hyperparameters of a GAN over weights. A penalty on gradients means the same at any
        scale only if it grows with the square of lengths."""
        return {
            **options,
            "data_dim": spec.dim + spec.conditions,
            "latent_dim": options["latent_dim"] + spec.conditions,
            "condition": spec.conditions,
            "r1": options["r1"] * spec.epoch_step**2,
            "r1_final": options["r1_final"] * spec.epoch_step**2,
        }

    @property
    def ema_decays(self) -> Mapping[str, float]:
        """Return the decay of the generator's moving average."""
        return {"generator": self.ema_decay} if self.ema_decay else {}

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return the generator's update, then the discriminator's, as in the paper's loop."""
        return (
            Phase(("generator",), self._generator_loss, ("g_loss",), ADAM),
            Phase(("discriminator",), self._discriminator_loss, ("d_loss",), ADAM),
        )

    @property
    def aux_noise_dim(self) -> int:
        """Return the length of the instance noise."""
        return self.data_dim if self.instance_noise else 0

    def aux_noise(
        self, shape: tuple[int, ...], generator: Generator, progress: NDArray[np.float64]
    ) -> Tensor:
        """Return the instance noise (*shape, data_dim), which is 0 from the middle of training on."""
        strength = torch.from_numpy(self.instance_noise * np.maximum(1 - 2 * progress, 0)).float()
        device = generator.device
        if not strength.any():
            return torch.zeros(*shape, self.aux_noise_dim, device=device)
        noise = torch.randn(*shape, self.aux_noise_dim, generator=generator, device=device)
        return noise * strength.to(device).view(-1, 1, 1, 1)

    @property
    def latent_codes(self) -> tuple[LatentCode, ...]:
        """Return (): conditions belong to a GAN-GAN's run (weightspace/conditions.py)."""
        return ()

    def networks(self) -> dict[str, nn.Module]:
        """Return fresh networks under PyTorch's default initialisation."""
        made = self.data_dim - self.condition
        inputs, width = self.latent_dim, self.generator_width
        return {
            "discriminator": ThreeLayers(self.data_dim, self.discriminator_width, 1, nn.Identity()),
            "generator": Templates(inputs, width, made, self.templates)
            if self.templates
            else ThreeLayers(inputs, width, made, nn.Identity()),
        }

    def noise(self, shape: tuple[int, ...], generator: Generator) -> Tensor:
        """Return noise (*shape, latent_dim): standard normal, the condition uniform in [-1, 1]."""
        noise = torch.randn(*shape, self.latent_dim, generator=generator, device=generator.device)
        if self.condition:
            # The normal distribution's own function makes a normal number uniform.
            noise[..., -self.condition :] = torch.erf(noise[..., -self.condition :] / 2**0.5)
        return noise

    def generate(self, networks: Networks, noise: Tensor) -> Tensor:
        """Return examples (B, data_dim - condition)."""
        return networks["generator"](noise)

    def _generator_loss(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor]:
        loss, _ = LOSSES[self.loss]
        return (loss(networks["discriminator"](self._made(networks, examples, noise))),)

    def _discriminator_loss(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor]:
        discriminator, (_, loss) = networks["discriminator"], LOSSES[self.loss]
        fake = self._made(networks, examples, noise)
        real = self._seen(examples, noise)
        total = loss(discriminator(real), discriminator(fake))
        if self.r1:
            gradient = grad(lambda x: discriminator(x).sum())(real)
            gamma = self.r1 * (self.r1_final / self.r1) ** progress if self.r1_final else self.r1
            total = total + gamma / 2 * gradient.square().sum(-1).mean()
        if self.gp_weight:
            # Uniform in [0, 1], from the first number of the noise. The generated example depends on
            # that number too, which only fixes the place on each line.
            along = (1 + torch.erf(noise[..., :1] / 2**0.5)) / 2
            gradient = grad(lambda x: discriminator(x).sum())(real.lerp(fake, along))
            total = total + self.gp_weight * (gradient.norm(dim=-1) - 1).square().mean()
        return (total,)

    def _made(self, networks: Networks, examples: Tensor, noise: Tensor) -> Tensor:
        """Return examples generated from noise and the conditions of the real examples, as the
        discriminator sees them."""
        latent = noise[..., : self.latent_dim]
        if not self.condition:
            return self._seen(networks["generator"](latent), noise)
        condition = examples[..., -self.condition :]
        inputs = torch.cat([latent[..., : -self.condition], condition], dim=-1)
        return self._seen(torch.cat([networks["generator"](inputs), condition], dim=-1), noise)

    def _seen(self, examples: Tensor, noise: Tensor) -> Tensor:
        """Return examples as the discriminator sees them: with instance noise, and the condition
        scaled."""
        made = self.data_dim - self.condition
        example, condition = examples[..., :made], examples[..., made:]
        if self.instance_noise:
            example = example + noise[..., self.latent_dim : self.latent_dim + made]
        return torch.cat([example, CONDITION_SCALE * condition], dim=-1) if self.condition else example
