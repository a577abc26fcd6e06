"""InfoGAN (Chen et al., 2016) as PyTorch-GAN has it: 003, section 5.4, for 002's equation 4.

A third update has the discriminator's further heads say which codes an image was made with, and the
generator make images of which that can be said. Its cross-entropy bounds the mutual information of image
and discrete code from below: log 10 less it. The code's softmax before the cross-entropy, which is one
too many, is left out.
"""

from dataclasses import asdict, dataclass
from math import log
from typing import ClassVar

import torch
from torch import Generator as Source
from torch import Tensor, nn

from gangan_cli.models.base import one_hot, uniform
from gangan_cli.models.convolutional import Convolutional, Trunk
from gangan_cli.models.family import Networks, Phase
from gangan_cli.models.gan import ADAM
from gangan_cli.models.latent_codes import LatentCode, latent_codes_of


class Discriminator(nn.Module):
    """Images to a score, to the logits of the classes, and to the continuous codes, side by side."""

    def __init__(self, trunk: Trunk, classes: int, codes: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.score = nn.Linear(trunk.features, 1)
        self.category = nn.Linear(trunk.features, classes)
        self.codes = nn.Linear(trunk.features, codes)

    def forward(self, images: Tensor, aux_noise: Tensor | None = None) -> Tensor:
        """Map (B, channels · side · side) to (B, 1 + classes + codes)."""
        features = self.trunk(images, aux_noise)
        heads = self.score(features), self.category(features), self.codes(features)
        return torch.cat(heads, dim=1)


@dataclass(frozen=True)
class InfoGAN(Convolutional):
    """A DCGAN that finds out for itself what a class and two codes can mean; squared errors, Adam."""

    noise_dim: int = 62
    classes: int = 10
    codes: int = 2
    categorical: float = 1.0
    """Weight of the class in the third update's loss."""
    continuous: float = 0.1
    """Weight of the codes in it."""

    name: ClassVar[str] = "infogan"

    @property
    def latent_dim(self) -> int:
        """Return the length of noise, which ends in a class and the codes."""
        return self.noise_dim + self.classes + self.codes

    @property
    def latent_codes(self) -> tuple[LatentCode, ...]:
        """Return the class and the codes, which mean what it finds for them."""
        return latent_codes_of(self.name, asdict(self))

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return the update of both networks against each other, and the one for the codes."""
        both = "generator", "discriminator"
        return (
            Phase(both, self._adversarial, ("g_loss", "d_loss"), ADAM),
            Phase(both, self._information, ("class_loss", "code_loss"), ADAM),
        )

    def discriminator_on(self, trunk: Trunk) -> nn.Module:
        return Discriminator(trunk, self.classes, self.codes)

    def noise(self, shape: tuple[int, ...], generator: Source) -> Tensor:
        """Return noise (*shape, latent_dim): standard normal, a one-hot class, codes in [-1, 1)."""
        z = torch.randn(*shape, self.noise_dim, generator=generator, device=generator.device)
        category = one_hot(shape, self.classes, generator)
        codes = 2 * uniform(shape, self.codes, generator) - 1
        return torch.cat([z, category, codes], dim=-1)

    def information(self, networks: Networks, images: Tensor, classes: Tensor) -> Tensor | None:
        """Return what each of images (B, D) says of its class (B,), in nats: log K + log q(class |
        image). None with `categorical` = 0: then nothing taught the discriminator the classes.

        Their mean bounds the mutual information of image and class from below: Chen et al., equation 5.
        """
        if not self.categorical:
            return None
        heads = networks["discriminator"](images)
        likely = torch.log_softmax(heads[:, 1 : 1 + self.classes], dim=1)
        return log(self.classes) + likely.gather(1, classes[:, None])[:, 0]

    def _adversarial(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor, Tensor]:
        discriminator = networks["discriminator"]
        noise, aux_noise = noise.split((self.latent_dim, self.aux_noise_dim), dim=1)
        made = networks["generator"](noise)
        first, second, third = aux_noise.chunk(3, dim=1)
        of_generator = (discriminator.frozen(made, first)[:, 0] - 1).square().mean()
        real = (discriminator(examples, second)[:, 0] - 1).square().mean()
        fake = discriminator(made.detach(), third)[:, 0].square().mean()
        return of_generator, (real + fake) / 2

    def _information(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor, Tensor]:
        noise, aux_noise = noise.split((self.latent_dim, self.aux_noise_dim), dim=1)
        _, category, codes = noise.split((self.noise_dim, self.classes, self.codes), dim=1)
        heads = networks["discriminator"](networks["generator"](noise), aux_noise.chunk(3, dim=1)[0])
        _, logits, found = heads.split((1, self.classes, self.codes), dim=1)
        cross = -(category * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()
        return self.categorical * cross, self.continuous * (found - codes).square().mean()
