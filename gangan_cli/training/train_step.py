"""One update of a population: gradients of the losses, then the optimiser; recorded once, then replayed.

The losses are differentiated (torch.func.grad) and mapped over the stack of GANs (vmap) a single time,
while make_fx records the tensor operations. A step then runs the recorded graph, without autograd, vmap
or calls of modules, and the graph can be compiled.
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

    trainable: dict[str, Parameters]
    """Parameters of the networks that are trained."""
    moments: dict[str, list[Parameters]]
    """Their moments in the optimiser."""
    frozen: dict[str, Parameters]
    """Parameters of the other networks, which do not change."""
    statistics: dict[str, Parameters]
    """Batch statistics of all networks."""


def update(
    modules: Mapping[str, torch.nn.Module],
    phase: Phase,
    mapped: bool,
    state: State,
    examples: Tensor,
    noise: Tensor,
    scalars: Tensor,
) -> Tensor:
    """Update `state` in place, as `phase` says, and return the losses (n, K).

    `examples` (n, B, D) and `noise` (n, B, L + C) hold a batch per GAN. They, the state and the losses
    have the first axis only if `mapped`: a stack of one needs no batched products. `scalars` (3,) holds
    the optimiser's two rates, and the progress of training from 0 to 1.
    """
    weights = {**state.frozen, **state.trainable}
    if phase.pre_update:
        phase.pre_update(weights)

    def total(
        trainable: dict[str, Parameters],
        frozen: dict[str, Parameters],
        statistics: dict[str, Parameters],
        examples: Tensor,
        noise: Tensor,
    ) -> tuple[Tensor, tuple[Tensor, dict[str, Parameters]]]:
        weights = {**frozen, **trainable}
        networks = bind_weights(
            modules, {name: {**weights[name], **statistics[name]} for name in modules}
        )
        losses = torch.stack(phase.losses(networks, examples, noise, scalars[2]))
        new_statistics = {name: network.statistics for name, network in networks.items()}
        return losses.sum(), (losses.detach(), new_statistics)

    differentiated = grad_and_value(total, has_aux=True)
    if mapped:
        differentiated = vmap(differentiated)
    gradients, (_, (losses, new_statistics)) = differentiated(
        state.trainable, state.frozen, state.statistics, examples, noise
    )
    for network, of_network in gradients.items():
        for name, gradient in of_network.items():
            if f"{network}.{name}" not in phase.frozen_params:
                moments = [moment[name] for moment in state.moments[network]]
                phase.optimizer.step(state.trainable[network][name], gradient, moments, scalars[:2])
    for network, of_network in new_statistics.items():
        for name, value in of_network.items():
            state.statistics[network][name].copy_(value)
    if phase.post_update:
        phase.post_update(weights)
    assert isinstance(losses, Tensor)
    return losses


def record(updating: Callable[..., Tensor], arguments: Sequence[object]) -> GraphModule:
    """Record the operations of `updating(*arguments)` as a graph of the flattened tensors of
    `arguments`.

    Nothing is computed: only the tensors' shapes are used.
    """
    tensors, structure = tree_flatten(tuple(arguments))

    def flat(*tensors: Tensor) -> Tensor:
        return updating(*tree_unflatten(tensors, structure))

    return make_fx(flat, tracing_mode="fake")(*tensors)
