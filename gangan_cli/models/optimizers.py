"""Optimisers in the form that the engine can record: moments per parameter, and a step in place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Rates = NDArray[np.float64]


class Optimizer(Protocol):
    """An update rule."""

    @property
    def initial_state(self) -> tuple[float, ...]:
        """Initial value of each moment; its length is the number of moments per parameter."""

    def rates(self, learning_rates: Rates, done: int) -> Rates:
        """Return two scalars (updates, 2) for the `step` of each update of an epoch, given learning
        rates (updates,) and the number of updates `done` in the epochs before."""

    def step(
        self, parameter: "Tensor", gradient: "Tensor", moments: "Sequence[Tensor]", rates: "Tensor"
    ) -> None:
        """Change a parameter and its moments in place; `rates` (2,) is a row of `rates`."""


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba, 2015, algorithm 1)."""

    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    """As the paper's code and PyTorch have it."""

    @property
    def initial_state(self) -> tuple[float, ...]:
        """Return zeros: the averages of gradients and of their squares."""
        return 0.0, 0.0

    def rates(self, learning_rates: Rates, done: int) -> Rates:
        """Return rate / (1 - beta1^t) and 1 / sqrt(1 - beta2^t), which correct the averages' bias."""
        first, second = self.betas
        t = np.arange(done + 1, done + len(learning_rates) + 1, dtype=np.float64)
        return np.stack([learning_rates / (1 - first**t), 1 / np.sqrt(1 - second**t)], axis=1)

    def step(
        self, parameter: "Tensor", gradient: "Tensor", moments: "Sequence[Tensor]", rates: "Tensor"
    ) -> None:
        first, second = moments
        first.lerp_(gradient, 1 - self.betas[0])
        second.mul_(self.betas[1]).addcmul_(gradient, gradient, value=1 - self.betas[1])
        parameter.sub_(rates[0] * first / (second.sqrt() * rates[1] + self.epsilon))


@dataclass(frozen=True)
class RMSProp:
    """RMSProp as TensorFlow 1 has it: the average of squares begins at 1, epsilon stands in the root.

    Until that average has fallen to the size of squared gradients, some 150 steps, it hardly moves.
    """

    decay: float = 0.9
    epsilon: float = 1e-10

    @property
    def initial_state(self) -> tuple[float, ...]:
        """Return 1: the average of squared gradients."""
        return (1.0,)

    def rates(self, learning_rates: Rates, done: int) -> Rates:
        """Return the learning rates, and a column that is not used."""
        return np.stack([learning_rates, np.zeros_like(learning_rates)], axis=1)

    def step(
        self, parameter: "Tensor", gradient: "Tensor", moments: "Sequence[Tensor]", rates: "Tensor"
    ) -> None:
        (squares,) = moments
        squares.mul_(self.decay).addcmul_(gradient, gradient, value=1 - self.decay)
        parameter.sub_(rates[0] * gradient / (squares + self.epsilon).sqrt())


@dataclass(frozen=True)
class Momentum:
    """Gradient descent with momentum, as pylearn2 had it: v = m v - rate · gradient, w = w + v.

    After each update the rate is divided by `decay`, down to `least`. The momentum m goes linearly from
    `initial`, throughout epoch 1, to `final`, in epoch `saturate` and all later ones.
    """

    initial: float = 0.5
    final: float = 0.7
    saturate: int = 250
    decay: float = 1.000004
    least: float = 1e-6

    @property
    def initial_state(self) -> tuple[float, ...]:
        """Return 0: the velocity."""
        return (0.0,)

    def rates(self, learning_rates: Rates, done: int) -> Rates:
        """Return the rate and the momentum of each update. All epochs have equally many updates."""
        updates = np.arange(done, done + len(learning_rates), dtype=np.float64)
        rates = np.maximum(learning_rates * self.decay**-updates, self.least)
        grown = min((done // len(learning_rates)) / (self.saturate - 1), 1.0)
        momentum = self.initial + (self.final - self.initial) * grown
        return np.stack([rates, np.full_like(rates, momentum)], axis=1)

    def step(
        self, parameter: "Tensor", gradient: "Tensor", moments: "Sequence[Tensor]", rates: "Tensor"
    ) -> None:
        (velocity,) = moments
        velocity.mul_(rates[1]).sub_(rates[0] * gradient)
        parameter.add_(velocity)
