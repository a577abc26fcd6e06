"""One update of a population: gradients of a loss, then Adam, recorded once and then replayed.

A loss is differentiated and mapped over the stack of GANs a single time, while the tensor operations
that this comes to are recorded; a step then runs the record. That leaves out autograd, the mapping and
the calls of modules, and the record can be compiled.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import functional_call, grad_and_value, vmap
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._pytree import tree_flatten, tree_unflatten

from gangan_cli.models.family import Networks, Phase

Parameters = dict[str, Tensor]
"""The stacked parameters (n, ...) of one network by name; without the first axis for a stack of one."""

EPSILON = 1e-8
"""Adam's; the paper's code and PyTorch leave it at this."""


def update(
    modules: Mapping[str, torch.nn.Module],
    phase: Phase,
    betas: tuple[float, float],
    mapped: bool,
    own: Parameters,
    first: Parameters,
    second: Parameters,
    others: Mapping[str, Parameters],
    examples: Tensor,
    noise: Tensor,
    pace: Tensor,
) -> Tensor:
    """Update the network that learns in `phase`, in place, and return the losses (n,).

    `own` are its parameters, `first` and `second` Adam's moments of them, `others` the parameters of
    the networks that stand still. `examples` (n, B, D) and `noise` (n, B, L) hold a batch per GAN. All
    have the first axis if `mapped`, none else: a stack of one needs no batched products. `pace` (3,) is
    the step's `adam_rates`, and the share of training that is done.
    """

    def loss(
        own: Parameters, others: Mapping[str, Parameters], examples: Tensor, noise: Tensor
    ) -> Tensor:
        return phase.loss(bind(modules, {**others, phase.learns: own}), examples, noise, pace[2])

    differentiated = vmap(grad_and_value(loss)) if mapped else grad_and_value(loss)
    gradients, losses = differentiated(own, others, examples, noise)
    assert isinstance(losses, Tensor)
    for name, gradient in gradients.items():
        adam(own[name], gradient, first[name], second[name], pace[:2], betas)
    return losses


def adam(
    parameter: Tensor,
    gradient: Tensor,
    first: Tensor,
    second: Tensor,
    rates: Tensor,
    betas: tuple[float, float],
) -> None:
    """Take a step of Adam (Kingma and Ba, 2015, algorithm 1); `rates` is a row of `adam_rates`."""
    first.lerp_(gradient, 1 - betas[0])
    second.mul_(betas[1]).addcmul_(gradient, gradient, value=1 - betas[1])
    parameter.sub_(rates[0] * first / (second.sqrt() * rates[1] + EPSILON))


def adam_rates(rates: NDArray[np.float64], betas: tuple[float, float], done: int) -> NDArray[np.float32]:
    """Return learning rates (steps,) with what corrects the bias after `done` steps: (steps, 2).

    The first column is rate / (1 - beta1^t), the second 1 / sqrt(1 - beta2^t).
    """
    t = np.arange(done + 1, done + len(rates) + 1, dtype=np.float64)
    corrections = np.stack([rates / (1 - betas[0] ** t), 1 / np.sqrt(1 - betas[1] ** t)], axis=1)
    with np.errstate(over="ignore"):  # a rate beyond float32 makes its GANs diverge, which is noticed
        return corrections.astype(np.float32)


def bind(
    modules: Mapping[str, torch.nn.Module], parameters: Mapping[str, Mapping[str, Tensor]]
) -> Networks:
    """Return the networks of one GAN as functions of a batch, with `parameters` in place."""
    return {
        network: partial(functional_call, module, dict(parameters[network]))
        for network, module in modules.items()
    }


def record(updating: Callable[..., Tensor], arguments: Sequence[object]) -> GraphModule:
    """Return the operations of `updating(*arguments)` as a function of their tensors, laid flat.

    Nothing is computed meanwhile: only the tensors' shapes are looked at.
    """
    tensors, structure = tree_flatten(tuple(arguments))

    def flat(*tensors: Tensor) -> Tensor:
        return updating(*tree_unflatten(tensors, structure))

    return make_fx(flat, tracing_mode="fake")(*tensors)
