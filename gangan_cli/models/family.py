"""What a family of GANs is: pure description, which one engine can train alone or by the hundred."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from store import Layout

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn

Networks = Mapping[str, Callable[["Tensor"], "Tensor"]]
"""The networks of one GAN by name, each a function of a batch, with its parameters bound."""

Loss = Callable[[Networks, "Tensor", "Tensor", "Tensor"], "Tensor"]
"""(networks, examples (B, D), noise (B, L) or (B, L + D), progress ()) -> the scalar that the learning
network minimises. Progress is the share of training that is done, from 0 to 1."""


@dataclass(frozen=True)
class Phase:
    """One kind of update: the network that learns, what it minimises, and what the loss is called."""

    learns: str
    loss: Loss
    called: str


class Family(Protocol):
    """A family with its sizes chosen. Instances are frozen dataclasses: their fields are the sizes."""

    name: ClassVar[str]
    betas: ClassVar[tuple[float, float]]
    """Adam's two decay rates."""

    @property
    def averages(self) -> Mapping[str, float]:
        """Networks of which a snapshot holds a moving average over steps, and how much of it each step
        keeps. The others are stored as they are."""

    @property
    def blur(self) -> float:
        """Standard deviation, as training begins, of noise on examples, real and generated; it falls to
        0 by the middle of training. If it is not 0, what losses are given as noise (B, L + D) ends in
        the blur of each example."""

    @property
    def decays(self) -> bool:
        """Whether the learning rate falls, linearly to 0, over the second half of training."""

    @property
    def data_dim(self) -> int:
        """Length D of one example."""

    @property
    def latent_dim(self) -> int:
        """Length L of one noise vector."""

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The updates of one step, in order; each sees the same examples and noise of its own."""

    def networks(self) -> dict[str, "nn.Module"]:
        """Return freshly initialised networks in flattening order, the discriminator first."""

    def noise(self, shape: tuple[int, ...], generator: "Generator") -> "Tensor":
        """Return noise vectors (*shape, L)."""

    def generate(self, networks: Networks, noise: "Tensor") -> "Tensor":
        """Return examples (B, D) from noise (B, L)."""


def noise_width(family: Family) -> int:
    """Return how many numbers a loss is given as noise for each example."""
    return family.latent_dim + (family.data_dim if family.blur else 0)


def layout(family: Family) -> Layout:
    """Return how a snapshot of `family` lies flat."""
    import torch

    with torch.device("meta"):  # shapes without memory, whatever the sizes are
        networks = family.networks()
    return Layout.of(
        {
            f"{network}.{name}": tensor.shape
            for network, module in networks.items()
            for name, tensor in module.state_dict().items()
        }
    )
