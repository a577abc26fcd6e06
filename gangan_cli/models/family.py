"""What a family of GANs is: pure description, which one engine can train alone or by the hundred."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol

from gangan_cli.models.optimizers import Adam, Optimizer
from store import Layout

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Generator, Tensor, nn

    from gangan_cli.models.binding import Bound
    from gangan_cli.models.controls import Control

Networks = Mapping[str, "Bound"]
"""The networks of one GAN by name, each a function of batches, with its weights bound."""

Losses = Callable[[Networks, "Tensor", "Tensor", "Tensor"], "tuple[Tensor, ...]"]
"""(networks, examples (B, D), noise (B, L + C), progress ()) -> scalars. Progress is the share of
training that is done, from 0 to 1."""

Weights = Mapping[str, Mapping[str, "Tensor"]]
"""The weights of all networks, by network and name, (n, ...) or (...) each."""


@dataclass(frozen=True)
class Pictures:
    """What a family is told of a dataset: the images' sizes, and how many classes they are of."""

    height: int
    width: int
    channels: int = 1
    classes: int = 10
    """0 if they have no labels."""


@dataclass(frozen=True)
class Phase:
    """One kind of update: the networks of `learns` go down the gradient of the sum of the `losses`.

    What a loss must not reach it is kept from by the family: with `frozen` networks, whose weights have
    no gradient, and by detaching. So one phase can train two networks against each other on the same
    examples, each under its own loss.
    """

    learns: tuple[str, ...]
    losses: Losses
    called: tuple[str, ...]
    """The losses' names."""
    optimizer: Optimizer = field(default_factory=Adam)
    times: int = 1
    """How often it is done in a step, each time on examples and noise of its own."""
    spared: tuple[str, ...] = ()
    """Parameters of learning networks that keep their values, as in "generator.shared.weight"."""
    before: Callable[[Weights], None] | None = None
    """Changes weights in place before each update."""
    after: Callable[[Weights], None] | None = None
    """Changes weights in place after each update."""


class Family(Protocol):
    """A family with its sizes chosen. Instances are frozen dataclasses: their fields are the sizes."""

    name: ClassVar[str]
    labelled: ClassVar[bool]
    """Whether examples end in the image's class, one-hot."""
    paired: ClassVar[bool]
    """Whether an example is two images, one of each of two domains, and what is generated is a
    translation of an image of the first."""

    @property
    def averages(self) -> Mapping[str, float]:
        """Networks of which a snapshot holds a moving average over steps, and how much of it each step
        keeps. The others are stored as they are."""

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
    def controls(self) -> "tuple[Control, ...]":
        """What of a noise vector has a meaning, and can be chosen."""

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The updates of one step, in order, each with noise of its own. The first of each phase sees
        the same examples."""

    @property
    def chance_width(self) -> int:
        """How many numbers C losses are given for each example beyond its noise."""

    def networks(self) -> dict[str, "nn.Module"]:
        """Return freshly initialised networks in flattening order, the discriminator first."""

    def noise(self, shape: tuple[int, ...], generator: "Generator") -> "Tensor":
        """Return noise vectors (*shape, L)."""

    def chances(
        self, shape: tuple[int, ...], generator: "Generator", progress: "NDArray[np.float64]"
    ) -> "Tensor":
        """Return the other random numbers of some steps, (*shape, C), for blurred examples or units that
        drop out: `shape` is (steps, updates, B), and progress (steps,) the share done before each."""

    def generate(self, networks: Networks, noise: "Tensor") -> "Tensor":
        """Return generated examples (B, ...) from noise (B, L)."""


def updates(family: Family) -> tuple[Phase, ...]:
    """Return the phases of one step, each as often as it is done."""
    return tuple(phase for phase in family.phases for _ in range(phase.times))


def draws(family: Family) -> int:
    """Return how many batches of examples a step takes."""
    return max(phase.times for phase in family.phases)


def losses(family: Family) -> tuple[str, ...]:
    """Return the names of all losses."""
    return tuple(name for phase in family.phases for name in phase.called)


def layout(family: Family) -> Layout:
    """Return how a snapshot of `family` lies flat."""
    networks = _outlined(family)
    shapes = {
        f"{network}.{name}": tensor.shape
        for network, module in networks.items()
        for name, tensor in module.state_dict().items()
    }
    buffers = {
        f"{network}.{name}" for network, module in networks.items() for name, _ in module.named_buffers()
    }
    return Layout.of(shapes, buffers & set(shapes))


def parameters(family: Family) -> dict[str, int]:
    """Return how many parameters each network has."""
    return {
        network: sum(parameter.numel() for parameter in module.parameters())
        for network, module in _outlined(family).items()
    }


def resume_size(family: Family) -> int:
    """Return how many numbers R training goes on from: weights, the optimisers' moments, averages."""
    sizes = parameters(family)
    moments = sum(
        len(phase.optimizer.begins) * sizes[network]
        for phase in family.phases
        for network in phase.learns
    )
    averages = sum(sizes[network] for network in family.averages)
    memories = sum(
        buffer.numel()
        for module in _outlined(family).values()
        for name, buffer in module.named_buffers()
        if name not in module.state_dict()
    )
    return layout(family).size + moments + averages + memories


def _outlined(family: Family) -> "dict[str, nn.Module]":
    """Return networks that have shapes, but take no memory, whatever the sizes are."""
    import torch
    from torch.overrides import TorchFunctionMode

    class Undrawn(TorchFunctionMode):
        """Draws no initial weights: without memory, PyTorch imports its compiler for that, for 2 s."""

        def __torch_function__(self, function, types, arguments=(), named=None):  # type: ignore[no-untyped-def]
            named = named or {}
            if function in (torch.Tensor.normal_, torch.nn.init.normal_):
                return arguments[0] if arguments else named["tensor"]
            return function(*arguments, **named)

    with torch.device("meta"), Undrawn():
        return family.networks()
