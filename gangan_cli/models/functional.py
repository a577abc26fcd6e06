"""Modules with weights bound: functions of batches, for torch.func; and flat vectors as named
tensors."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.func import functional_call

from store.layout import Layout


class FunctionalModule:
    """A module with weights bound. Calling it maps batches, and updates its batch statistics."""

    def __init__(
        self, module: nn.Module, parameters: Mapping[str, Tensor], statistics: dict[str, Tensor]
    ) -> None:
        self._module, self._parameters, self.statistics = module, parameters, statistics

    def __call__(self, *batches: Tensor) -> Tensor:
        """Map batches (B, ...) to one."""
        values = {**self._parameters, **self.statistics}
        made: Tensor = functional_call(self._module, values, batches)
        # functional_call leaves in `values` what the module assigned to its buffers.
        self.statistics.update({name: values[name].detach() for name in self.statistics})
        return made

    @property
    def frozen(self) -> "FunctionalModule":
        """The same network with detached parameters: gradients pass through it to its input, but not
        into it."""
        parameters = {name: parameter.detach() for name, parameter in self._parameters.items()}
        return FunctionalModule(self._module, parameters, self.statistics)


def bind_weights(
    modules: Mapping[str, nn.Module], weights: Mapping[str, Mapping[str, Tensor]]
) -> dict[str, FunctionalModule]:
    """Return the networks of one GAN with `weights` (parameters and batch statistics) bound."""
    bound = {}
    for network, module in modules.items():
        given = weights.get(network, {})
        parameters = {name: given[name] for name, _ in module.named_parameters()}
        # What is in no snapshot is as in a new network.
        statistics = {name: given.get(name, buffer) for name, buffer in module.named_buffers()}
        bound[network] = FunctionalModule(module, parameters, statistics)
    return bound


def split_networks(layout: Layout, vector: Tensor) -> dict[str, dict[str, Tensor]]:
    """Return a (P,) vector as named tensors by network, which are views."""
    parts: dict[str, dict[str, Tensor]] = {}
    for tensor in layout.tensors:
        network, _, name = tensor.name.partition(".")
        parts.setdefault(network, {})[name] = vector[tensor.place].view(tensor.shape)
    return parts


def join_networks(layout: Layout, parts: Mapping[str, Mapping[str, Tensor]]) -> Tensor:
    """Return named tensors, by network, as one (P,) vector."""
    places = (tensor.name.partition(".") for tensor in layout.tensors)
    return torch.cat([parts[network][name].reshape(-1) for network, _, name in places])
