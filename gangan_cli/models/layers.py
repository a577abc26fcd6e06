"""Layers that the engine can map over GANs and record: no random numbers, no state changed in place."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class BatchNorm(nn.Module):
    """Batch normalisation of (B, C, ...), with the running statistics of PyTorch's unless not `tracked`.

    In evaluation mode it uses them; without, it uses the batch's own then too.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(
        self, features: int, epsilon: float = 1e-5, momentum: float = 0.1, *, tracked: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))
        self.epsilon, self.momentum, self.tracked = epsilon, momentum, tracked
        if tracked:
            self.register_buffer("running_mean", torch.zeros(features))
            self.register_buffer("running_var", torch.ones(features))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, ...) to the same shape."""
        weight, bias, epsilon = self.weight, self.bias, self.epsilon
        if not self.tracked:
            return F.batch_norm(x, None, None, weight, bias, training=True, eps=epsilon)
        if not self.training:
            return F.batch_norm(x, self.running_mean, self.running_var, weight, bias, eps=epsilon)
        axes, count = [0, *range(2, x.dim())], x.numel() / x.shape[1]
        variance, mean = torch.var_mean(x.detach(), axes, correction=0)
        self.running_mean = self.running_mean.lerp(mean, self.momentum)
        self.running_var = self.running_var.lerp(variance * (count / (count - 1)), self.momentum)
        return F.batch_norm(x, None, None, weight, bias, training=True, eps=epsilon)


def dropped(x: Tensor, aux_noise: Tensor, share: float) -> Tensor:
    """Return x (B, C, ...) with those of its channels set to 0 whose chance (B, C), uniform in [0, 1),
    is below `share`, and the others made up for (dropout, Srivastava et al., 2014)."""
    kept = (aux_noise >= share).to(x.dtype) / (1 - share)
    return x * kept.view(*kept.shape, *[1] * (x.dim() - 2))


class Perceptron(nn.Module):
    """Linear layers with a leaky ReLU of slope 0.2 between them.

    The hidden layers but the first have batch normalisation before it if `normalised` gives its epsilon,
    and dropout if `dropout` is a share.
    """

    def __init__(
        self,
        inputs: int,
        hidden: Sequence[int],
        outputs: int,
        *,
        normalised: float | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        widths = [inputs, *hidden, outputs]
        self.linear = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        norms = [] if normalised is None else [BatchNorm(width, normalised) for width in hidden[1:]]
        self.norms = nn.ModuleList(norms)
        self.dropout, self.droppable = dropout, tuple(hidden[1:]) if dropout else ()

    def forward(self, x: Tensor, aux_noise: Tensor | None = None) -> Tensor:
        """Map (B, inputs) to (B, outputs); `aux_noise` (B, sum of `droppable`) say what drops out."""
        drops = [] if aux_noise is None else list(aux_noise.split(self.droppable, dim=1))
        last = len(self.linear) - 1
        for place, linear in enumerate(self.linear):
            x = linear(x)
            if place == last:
                break
            if place and self.norms:
                x = self.norms[place - 1](x)
            if place and drops:
                x = dropped(x, drops[place - 1], self.dropout)
            x = F.leaky_relu(x, 0.2)
        return x
