"""The conditional GAN of 002, section 2.1 (Mirza and Osindero, 2014, as PyTorch-GAN has it).

Both networks embed the label. The losses are squared errors (LSGAN), the label of a generated image is
drawn evenly, and a real image has its own.
"""

from dataclasses import asdict, dataclass
from typing import ClassVar

import torch
from torch import Generator as Source
from torch import Tensor, nn

from gangan_cli.models.base import BaseGAN, one_hot
from gangan_cli.models.family import ImageSpec, Networks, Phase
from gangan_cli.models.gan import ADAM
from gangan_cli.models.latent_codes import LatentCode, latent_codes_of
from gangan_cli.models.layer_lists import numbers
from gangan_cli.models.layers import Perceptron
from gangan_cli.models.mlp import tanh

DROPOUT = 0.4


def embedding(classes: int) -> nn.Linear:
    """Return what maps one-hot labels to as many numbers, standard normal at first."""
    layer = nn.Linear(classes, classes, bias=False)
    nn.init.normal_(layer.weight)
    return layer


class Generator(nn.Module):
    """Noise and label to pixels in (-1, 1)."""

    def __init__(
        self, latent: int, classes: int, hidden: tuple[int, ...], pixels: int, bn: float
    ) -> None:
        super().__init__()
        self.label = embedding(classes)
        self.layers = Perceptron(latent + classes, hidden, pixels, normalised=bn)
        self.latent, self.classes = latent, classes

    def forward(self, noise: Tensor) -> Tensor:
        """Map (B, latent + classes), which end in one-hot labels, to (B, pixels)."""
        z, label = noise.split((self.latent, self.classes), dim=1)
        return tanh(self.layers(torch.cat([self.label(label), z], dim=1)))


class Discriminator(nn.Module):
    """Pixels and label to a score that is 1 for real ones, and 0 for generated ones."""

    def __init__(self, pixels: int, classes: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.label = embedding(classes)
        self.layers = Perceptron(pixels + classes, hidden, 1, dropout=DROPOUT)

    def forward(self, image: Tensor, label: Tensor, aux_noise: Tensor | None = None) -> Tensor:
        """Map (B, pixels), one-hot (B, classes) and uniform noise that decides which units drop out to
        (B, 1)."""
        made: Tensor = self.layers(torch.cat([image, self.label(label)], dim=1), aux_noise)
        return made


@dataclass(frozen=True)
class CGAN(BaseGAN):
    """A GAN that is told which digit: labels in both networks, squared errors, Adam."""

    pixels: int = 784
    classes: int = 10
    noise_dim: int = 100
    generator: str = "128,256,512,1024"
    discriminator: str = "512,512,512"
    bn_eps: float = 0.8

    name: ClassVar[str] = "cgan"
    class_conditional: ClassVar[bool] = True

    @classmethod
    def hparams_for(cls, image_spec: ImageSpec) -> dict[str, int]:
        """Return the hyperparameters that a dataset determines; it must have labels."""
        if not image_spec.classes:
            raise TypeError("the images have no labels, which it needs")
        pixels = image_spec.height * image_spec.width * image_spec.channels
        return {"pixels": pixels, "classes": image_spec.classes}

    @property
    def data_dim(self) -> int:
        """Return the length of an example: its pixels, and its label."""
        return self.pixels + self.classes

    @property
    def latent_dim(self) -> int:
        """Return the length of noise, which ends in a label."""
        return self.noise_dim + self.classes

    @property
    def latent_codes(self) -> tuple[LatentCode, ...]:
        return latent_codes_of(self.name, asdict(self))

    @property
    def aux_noise_dim(self) -> int:
        """Return how many units can drop out, in each of three looks of the discriminator."""
        return 3 * sum(numbers(self.discriminator, "discriminator")[1:])

    @property
    def phases(self) -> tuple[Phase, ...]:
        return (Phase(("generator", "discriminator"), self._losses, ("g_loss", "d_loss"), ADAM),)

    def networks(self) -> dict[str, nn.Module]:
        """Return fresh networks; the labels' embeddings are standard normal."""
        judges = numbers(self.discriminator, "discriminator")
        makes = numbers(self.generator, "generator")
        return {
            "discriminator": Discriminator(self.pixels, self.classes, judges),
            "generator": Generator(self.noise_dim, self.classes, makes, self.pixels, self.bn_eps),
        }

    def noise(self, shape: tuple[int, ...], generator: Source) -> Tensor:
        """Return noise (*shape, noise_dim + classes): standard normal, and a one-hot label."""
        z = torch.randn(*shape, self.noise_dim, generator=generator, device=generator.device)
        return torch.cat([z, one_hot(shape, self.classes, generator)], dim=-1)

    def _losses(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor, Tensor]:
        discriminator = networks["discriminator"]
        noise, aux_noise = noise.split((self.latent_dim, self.aux_noise_dim), dim=1)
        image, label = examples.split((self.pixels, self.classes), dim=1)
        asked, made = noise[:, self.noise_dim :], networks["generator"](noise)
        first, second, third = aux_noise.chunk(3, dim=1)
        of_generator = (discriminator.frozen(made, asked, first) - 1).square().mean()
        real = (discriminator(image, label, second) - 1).square().mean()
        fake = discriminator(made.detach(), asked, third).square().mean()
        return of_generator, (real + fake) / 2
