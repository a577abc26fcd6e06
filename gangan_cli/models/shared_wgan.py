"""Shared-WGAN (Karuvally, 001): a WGAN whose generator borrows convolutions from its critic.

By default it is the kernel of the second one, which only the critic's updates change: before its own
update the generator takes a copy, and its gradients pass through it to the layers before. Biases and
normalisation are each network's own. The released code has three generations (001, section 1.1): the
paper's numbers are of the first, which this default is; later ones share the first convolution
(`share=1`), and biases too (`bias=true`).
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from torch import nn

from gangan_cli.models.family import ImageSpec, Phase, Weights
from gangan_cli.models.layer_lists import numbers
from gangan_cli.models.wgan import WGAN

UPDATES = ("critic", "both", "frozen", "edges")

SHAREABLE = 4
"""Convolutions that the critic has."""


@dataclass(frozen=True)
class SharedWGAN(WGAN):
    """A WGAN whose generator's second convolution is its critic's."""

    share: str = "2"
    """Which convolutions, counted from 1. If one is the third or fourth, the critic's do not narrow."""
    update: str = "critic"
    """Whose updates change them: the critic's, both networks', or none ("frozen" and "edges"), each
    network then having its own: the controls. The generator's are as they were drawn, or with "edges"
    spread as a trained critic's are, half of them at the ends of what clipping leaves."""
    bias: bool = False
    """Whether biases are shared too."""
    copies: str = "each"
    """When the generator takes the critic's: before its own update ("once", as released), or after each
    of the critic's ("each", as in runs of earlier versions of gangan: no option)."""

    name: ClassVar[str] = "shared-wgan"

    def __post_init__(self) -> None:
        super().__post_init__()
        if max(self._shared) > SHAREABLE:
            raise TypeError(f"share is {self.share!r}: the critic has {SHAREABLE} convolutions")
        if self.update not in UPDATES:
            raise TypeError(f"no update {self.update!r}: choose from {', '.join(UPDATES)}")

    @classmethod
    def hparams_for(cls, image_spec: ImageSpec) -> dict[str, Any]:
        """Return the hyperparameters that follow from a dataset's images, and how new runs copy.

        Raises:
            TypeError: it is not for such images.
        """
        return {**super().hparams_for(image_spec), "copies": "once"}

    @property
    def critic_widths(self) -> tuple[int, ...]:
        """Return the channels of the critic's convolutions."""
        return (self.width,) * SHAREABLE if max(self._shared) > 2 else super().critic_widths

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return the critic's updates, then the generator's, with what they leave to the other."""
        critic, generator = super().phases
        own = tuple(f"generator.{name}" for name in self._names)
        if not self._is_shared:
            return critic, replace(generator, frozen_params=own)
        if self.copies == "each":
            critic = replace(critic, post_update=self._to_generator)
        else:
            generator = replace(generator, pre_update=self._to_generator)
        if self.update == "critic":
            return critic, replace(generator, frozen_params=own)
        return critic, replace(generator, post_update=self._to_critic)

    @property
    def tied_parameters(self) -> tuple[str, ...]:
        """Return the names of the generator's parameters that are the critic's."""
        return tuple(f"generator.{name}" for name in self._names) if self._is_shared else ()

    def networks(self) -> dict[str, nn.Module]:
        """Return fresh networks, as those of a WGAN but for shared layers at the edges."""
        networks = super().networks()
        if self.update == "edges":
            for name in self._names:
                values = networks["generator"].get_parameter(name)
                nn.init.uniform_(values, -2 * self.clip, 2 * self.clip)
                values.data.clamp_(-self.clip, self.clip)
        return networks

    @property
    def _is_shared(self) -> bool:
        return self.update in ("critic", "both")

    @property
    def _shared(self) -> tuple[int, ...]:
        return numbers(self.share, "share")

    @property
    def _names(self) -> tuple[str, ...]:
        """The parameters of the shared layers, in either network."""
        kinds = ("weight", "bias") if self.bias else ("weight",)
        return tuple(f"convolutions.{number - 1}.{kind}" for number in self._shared for kind in kinds)

    def _to_generator(self, weights: Weights) -> None:
        for name in self._names:
            weights["generator"][name].copy_(weights["critic"][name])

    def _to_critic(self, weights: Weights) -> None:
        for name in self._names:
            weights["critic"][name].copy_(weights["generator"][name])
