"""The protocol of a family of GANs: a pure description, which the engine can train alone or in
stacks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from gangan_cli.models.optimizers import Adam, Optimizer
from store.layout import Layout

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Generator, Tensor, nn

    from gangan_cli.models.functional import FunctionalModule
    from gangan_cli.models.latent_codes import LatentCode

Networks = Mapping[str, "FunctionalModule"]
"""The networks of one GAN by name: functions of batches, with weights bound."""

Losses = Callable[[Networks, "Tensor", "Tensor", "Tensor"], "tuple[Tensor, ...]"]
"""(networks, examples (B, D), noise (B, L + C), progress ()) -> scalars. Noise is latent, then
auxiliary; progress goes from 0 to 1 over training."""

Weights = Mapping[str, Mapping[str, "Tensor"]]
"""The weights of all networks, by network and name: (n, ...) for a stack of n GANs, else (...)."""


@dataclass(frozen=True)
class ImageSpec:
    """What a family needs to know of a dataset: the shape of its images, and the number of classes."""

    height: int
    width: int
    channels: int = 1
    classes: int = 10
    """0 without labels."""


@dataclass(frozen=True)
class NumberSpec:
    """What a family needs to know of a dataset of numbers: only that each example is one number."""


@dataclass(frozen=True)
class WeightSpec:
    """What a generator of weights needs to know of its examples, weight vectors or codes of them.

    `dim` is their length; `epoch_step` the median distance of consecutive snapshots of a GAN, the unit
    of lengths; `conditions` the number of values that follow each example, and each latent, as its
    condition.
    """

    dim: int
    epoch_step: float = 1.0
    conditions: int = 0


@dataclass(frozen=True)
class Phase:
    """One kind of update: gradient descent of the networks `trains` on the sum of the `losses`.

    To stop gradients into a network, a loss uses its `.frozen` form, or detaches a tensor. So one phase
    can train two networks against each other on the same examples, each with its own loss.
    """

    trains: tuple[str, ...]
    losses: Losses
    loss_names: tuple[str, ...]
    """Names of the losses, in their order."""
    optimizer: Optimizer = field(default_factory=Adam)
    n_updates: int = 1
    """Updates per step (n_critic), each on its own examples and noise."""
    frozen_params: tuple[str, ...] = ()
    """Parameters of trained networks that keep their values, as in "generator.shared.weight"."""
    pre_update: Callable[[Weights], None] | None = None
    """Called before each update; may change weights in place."""
    post_update: Callable[[Weights], None] | None = None
    """Called after each update; may change weights in place."""


class Family(Protocol):
    """A family with its hyperparameters. Instances are frozen dataclasses, whose fields are the
    manifest's `hparams`."""

    name: ClassVar[str]
    class_conditional: ClassVar[bool]
    """Whether an example ends in the image's one-hot label."""
    translates_images: ClassVar[bool]
    """Whether it is an image-to-image family: an example is one image of each of two domains, unpaired,
    and what is generated is the translation of an image of the first."""
    cpu_stack: ClassVar[int]
    """How many GANs a processor trains together at most. 1 keeps a GAN's weights in a core's cache; tiny
    networks are faster in stacks, as on a GPU."""

    @property
    def ema_decays(self) -> Mapping[str, float]:
        """Decay per step of the exponential moving average of weights, by network. Snapshots hold the
        average of these networks, and the weights of all others."""

    @property
    def lr_decay(self) -> bool:
        """Whether the learning rate falls linearly to 0 over the second half of training."""

    @property
    def tied_parameters(self) -> tuple[str, ...]:
        """Parameters that are copies of another network's, as in "generator.shared.weight"."""

    @property
    def data_dim(self) -> int:
        """Length D of one example."""

    @property
    def latent_dim(self) -> int:
        """Length L of one noise vector."""

    @property
    def latent_codes(self) -> "tuple[LatentCode, ...]":
        """The parts of a latent vector that have a meaning and can be chosen: classes and codes."""

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The updates of one step, in order, each with its own noise. The first update of each phase
        sees the same examples."""

    @property
    def aux_noise_dim(self) -> int:
        """Length C of the auxiliary noise per example, which losses get after the latent noise."""

    def networks(self) -> dict[str, "nn.Module"]:
        """Return newly initialised networks in the order of a snapshot, the discriminator first."""

    def noise(self, shape: tuple[int, ...], generator: "Generator") -> "Tensor":
        """Return noise vectors (*shape, L)."""

    def aux_noise(
        self, shape: tuple[int, ...], generator: "Generator", progress: "NDArray[np.float64]"
    ) -> "Tensor":
        """Return auxiliary noise (*shape, C), for instance noise or dropout: `shape` is (steps, updates,
        B), and `progress` (steps,) the share of training before each step."""

    def generate(self, networks: Networks, noise: "Tensor") -> "Tensor":
        """Return generated examples (B, ...) from noise (B, L)."""


@runtime_checkable
class FromExamples(Protocol):
    """A family some of whose initial weights follow from the training examples."""

    def initialise(self, networks: "Mapping[str, nn.Module]", mean: "Tensor") -> None:
        """Set these weights in newly initialised networks, given the mean (D,) of all examples."""


@runtime_checkable
class Informative(Protocol):
    """A family whose discriminator is taught to find the class that an image was generated from."""

    def information(self, networks: Networks, images: "Tensor", classes: "Tensor") -> "Tensor | None":
        """Return what each of images (B, D) says of its class (B,), in nats; None if the
        hyperparameters leave this out. The mean bounds the mutual information of image and class from
        below."""


def unrolled_phases(family: Family) -> tuple[Phase, ...]:
    """Return the phases of one step, each repeated `n_updates` times."""
    return tuple(phase for phase in family.phases for _ in range(phase.n_updates))


def batches_per_step(family: Family) -> int:
    """Return the number of batches of examples per step."""
    return max(phase.n_updates for phase in family.phases)


def losses(family: Family) -> tuple[str, ...]:
    """Return the names of all losses."""
    return tuple(name for phase in family.phases for name in phase.loss_names)


def layout(family: Family) -> Layout:
    """Return the layout of a snapshot of `family`."""
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
    """Return the number of parameters of each network."""
    return {
        network: sum(parameter.numel() for parameter in module.parameters())
        for network, module in _outlined(family).items()
    }


def distinct_parameters(family: Family) -> int:
    """Return the number of parameters of all networks, those that two networks share counted once."""
    shapes = layout(family).shapes
    return sum(parameters(family).values()) - sum(prod(shapes[name]) for name in family.tied_parameters)


def resume_size(family: Family) -> int:
    """Return the length R of a checkpoint: weights, the optimisers' moments, moving averages, other
    buffers."""
    counts = parameters(family)
    moments = sum(
        len(phase.optimizer.initial_state) * counts[network]
        for phase in family.phases
        for network in phase.trains
    )
    averages = sum(counts[network] for network in family.ema_decays)
    memories = sum(
        buffer.numel()
        for module in _outlined(family).values()
        for name, buffer in module.named_buffers()
        if name not in module.state_dict()
    )
    return layout(family).size + moments + averages + memories


def _outlined(family: Family) -> "dict[str, nn.Module]":
    """Return networks on the meta device: they have shapes, but take no memory."""
    import torch
    from torch.overrides import TorchFunctionMode

    class Undrawn(TorchFunctionMode):
        """Skips drawing initial weights: on the meta device PyTorch would import its compiler for that,
        for 2 s."""

        def __torch_function__(self, function, types, arguments=(), named=None):  # type: ignore[no-untyped-def]
            named = named or {}
            if function in (torch.Tensor.normal_, torch.nn.init.normal_):
                return arguments[0] if arguments else named["tensor"]
            return function(*arguments, **named)

    with torch.device("meta"), Undrawn():
        return family.networks()
