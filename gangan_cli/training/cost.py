"""The cost of a training step, by which the execution is chosen.

Only the forward pass is counted; the backward pass is proportional. Nothing is timed, so that the choice
does not depend on how busy the machine is.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from gangan_cli.models.family import Family, unrolled_phases
from gangan_cli.models.functional import bind_weights


@dataclass(frozen=True)
class Cost:
    """Cost of one step of one GAN: floating-point operations of its matrix products, and numbers
    written."""

    flops: int
    numbers: int


def cost_of(family: Family, batch_size: int) -> Cost:
    """Return the cost of a step of one GAN of `family` with batches of `batch_size`."""
    with torch.device("meta"):  # which has shapes only
        modules = family.networks()
        networks = bind_weights(
            modules, {name: dict(network.state_dict()) for name, network in modules.items()}
        )
        examples = torch.empty(batch_size, family.data_dim)
        noise = torch.empty(batch_size, family.latent_dim + family.aux_noise_dim)
        with _Counter() as counted:
            for phase in unrolled_phases(family):
                phase.losses(networks, examples, noise, torch.empty(()))
    return Cost(counted.flops, counted.numbers)


class _Counter(TorchDispatchMode):
    """Counts the work of operations as they are dispatched."""

    def __init__(self) -> None:
        super().__init__()
        self.flops = self.numbers = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if formula := flop_registry.get(func._overloadpacket):
            self.flops += formula(*args, **(kwargs or {}), out_val=made)
        if not func.is_view:
            self.numbers += sum(one.numel() for one in tree_leaves(made) if isinstance(one, Tensor))
        return made
