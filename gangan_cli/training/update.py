"""One update of a population: gradients of losses, then an optimiser, recorded once and then replayed.

The losses are differentiated and mapped over the stack of GANs a single time, while the tensor
operations that this comes to are recorded; a step then runs the record. That leaves out autograd, the
mapping and the calls of modules, and the record can be compiled.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import grad_and_value, vmap
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._pytree import tree_flatten, tree_unflatten

from gangan_cli.models.family import Phase
from gangan_cli.models.functional import bind_weights

Parameters = dict[str, Tensor]
"""Stacked parameters (n, ...) of one network by name; without the first axis for a stack of one."""


class State(NamedTuple):
    """The tensors that an update reads and changes, by network and name."""

    learning: dict[str, Parameters]
    """Parameters of the networks that are trained."""
    moments: dict[str, list[Parameters]]
    """Their moments in the optimiser."""
    still: dict[str, Parameters]
    """Parameters of the other networks, which stay as they are."""
    statistics: dict[str, Parameters]
    """Batch statistics of all networks."""


def update(
    modules: Mapping[str, torch.nn.Module],
    phase: Phase,
    mapped: bool,
    state: State,
    examples: Tensor,
    noise: Tensor,
    pace: Tensor,
) -> Tensor:
    """Update `state` in place, as `phase` says, and return the losses (n, K).

    `examples` (n, B, D) and `noise` (n, B, L + C) hold a batch per GAN. They, the state and the losses
    have the first axis if `mapped`, none else: a stack of one needs no batched products. `pace` (3,) is
    the optimiser's rates, and the share of training that is done.
    """
    weights = {**state.still, **state.learning}
    if phase.pre_update:
        phase.pre_update(weights)

    def total(
        learning: dict[str, Parameters],
        still: dict[str, Parameters],
        statistics: dict[str, Parameters],
        examples: Tensor,
        noise: Tensor,
    ) -> tuple[Tensor, tuple[Tensor, dict[str, Parameters]]]:
        given = {**still, **learning}
        networks = bind_weights(modules, {name: {**given[name], **statistics[name]} for name in modules})
        losses = torch.stack(phase.losses(networks, examples, noise, pace[2]))
        became = {name: network.statistics for name, network in networks.items()}
        return losses.sum(), (losses.detach(), became)

    differentiated = grad_and_value(total, has_aux=True)
    if mapped:
        differentiated = vmap(differentiated)
    gradients, (_, (losses, became)) = differentiated(
        state.learning, state.still, state.statistics, examples, noise
    )
    for network, of_network in gradients.items():
        for name, gradient in of_network.items():
            if f"{network}.{name}" not in phase.frozen_params:
                moments = [moment[name] for moment in state.moments[network]]
                phase.optimizer.step(state.learning[network][name], gradient, moments, pace[:2])
    for network, of_network in became.items():
        for name, value in of_network.items():
            state.statistics[network][name].copy_(value)
    if phase.post_update:
        phase.post_update(weights)
    assert isinstance(losses, Tensor)
    return losses


def record(updating: Callable[..., Tensor], arguments: Sequence[object]) -> GraphModule:
    """Return the operations of `updating(*arguments)` as a function of their tensors, laid flat.

    Nothing is computed meanwhile: only the tensors' shapes are looked at.
    """
    tensors, structure = tree_flatten(tuple(arguments))

    def flat(*tensors: Tensor) -> Tensor:
        return updating(*tree_unflatten(tensors, structure))

    return make_fx(flat, tracing_mode="fake")(*tensors)
