"""Shared-WGAN (Karuvally, 001): a WGAN whose generator borrows convolutions from its critic.

By default it is the kernel of the second one, which only the critic's updates change: after each the
generator has a copy, and its gradients pass through it to the layers before. Biases and normalisation
are each network's own.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

from gangan_cli.models.family import Phase, Weights
from gangan_cli.models.layer_lists import numbers
from gangan_cli.models.wgan import WGAN

UPDATES = ("critic", "both", "frozen")

SHAREABLE = 4
"""Convolutions that the critic has."""


@dataclass(frozen=True)
class SharedWGAN(WGAN):
    """A WGAN whose generator's second convolution is its critic's."""

    share: str = "2"
    """Which convolutions, counted from 1. If one is the third or fourth, the critic's do not narrow."""
    update: str = "critic"
    """Whose updates change them: the critic's, both networks', or none ("frozen"), each network then
    having its own: the code."""

    name: ClassVar[str] = "shared-wgan"

    def __post_init__(self) -> None:
        super().__post_init__()
        if max(self._shared) > SHAREABLE:
            raise TypeError(f"share is {self.share!r}: the critic has {SHAREABLE} convolutions")
        if self.update not in UPDATES:
            raise TypeError(f"no update {self.update!r}: choose from {', '.join(UPDATES)}")

    @property
    def critic_widths(self) -> tuple[int, ...]:
        """Return the channels of the critic's convolutions."""
        return (self.width,) * SHAREABLE if max(self._shared) > 2 else super().critic_widths

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return the critic's updates, then the generator's, with what they leave to the other."""
        critic, generator = super().phases
        kernels = tuple(f"generator.{kernel}" for kernel in self._kernels)
        if self.update == "frozen":
            return critic, replace(generator, frozen_params=kernels)
        critic = replace(critic, post_update=self._to_generator)
        if self.update == "critic":
            return critic, replace(generator, frozen_params=kernels)
        return critic, replace(generator, post_update=self._to_critic)

    @property
    def _shared(self) -> tuple[int, ...]:
        return numbers(self.share, "share")

    @property
    def _kernels(self) -> tuple[str, ...]:
        return tuple(f"convolutions.{number - 1}.weight" for number in self._shared)

    def _to_generator(self, weights: Weights) -> None:
        for kernel in self._kernels:
            weights["generator"][kernel].copy_(weights["critic"][kernel])

    def _to_critic(self, weights: Weights) -> None:
        for kernel in self._kernels:
            weights["critic"][kernel].copy_(weights["generator"][kernel])
