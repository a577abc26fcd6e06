"""Flow matching over weights (Lipman et al., "Flow Matching for Generative Modeling", 2023).

A velocity network learns the straight paths from noise x0 to examples x1: at x = (1 - t) x0 + t x1 its
target is x1 - x0 (section 4.1, with sigma_min = 0). Sampling integrates the velocity from t = 0 to 1.
Gupta et al. ("DeepWeightFlow", 2026) do this over weights. With a condition, the last values of an
example and of a latent vector are inputs of the network that it does not change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from gangan_cli.models.base import uniform
from gangan_cli.models.family import Networks, Phase, WeightSpec
from gangan_cli.models.latent_codes import LatentCode
from gangan_cli.models.optimizers import Adam

FREQUENCIES = 4
"""Number of sine and cosine pairs that encode the time t."""


class Velocity(nn.Module):
    """Linear layers with SiLU between them; each hidden layer is added to what it gets."""

    def __init__(self, inputs: int, width: int, layers: int, outputs: int) -> None:
        super().__init__()
        self.input = nn.Linear(inputs, width)
        self.hidden = nn.ModuleList([nn.Linear(width, width) for _ in range(layers)])
        self.out = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs) to (B, outputs)."""
        x = self.input(x)
        for layer in self.hidden:
            x = x + layer(F.silu(x))
        velocity: Tensor = self.out(F.silu(x))
        return velocity


@dataclass(frozen=True)
class WeightsFlow:
    """One velocity network, sampled by the midpoint method, with averaged weights."""

    data_dim: int
    latent_dim: int
    width: int = 256
    layers: int = 3
    solver_steps: int = 16
    ema_decay: float = 0.999
    lr_decay: bool = True
    condition: int = 0
    """Number of last values of an example, and of a noise vector, that are the condition."""

    name: ClassVar[str] = "flow"
    class_conditional: ClassVar[bool] = False
    cpu_stack: ClassVar[int] = 1
    translates_images: ClassVar[bool] = False
    weight_options: ClassVar[Mapping[str, Any]] = {
        "width": 256,
        "layers": 3,
        "solver_steps": 16,
        "ema_decay": 0.999,
        "lr_decay": True,
    }

    def __post_init__(self) -> None:
        if not self.ema_decay <= 1:
            raise TypeError(f"ema-decay is {self.ema_decay}: give at most 1")
        if self.solver_steps < 1 or self.width < 1:
            raise TypeError("width and solver-steps are at least 1")

    @classmethod
    def hparams_for_weights(cls, spec: WeightSpec, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the hyperparameters of a flow over weights: its latent is as long as an example."""
        size = spec.dim + spec.conditions
        return {**options, "data_dim": size, "latent_dim": size, "condition": spec.conditions}

    @property
    def latent_codes(self) -> tuple[LatentCode, ...]:
        """Return (): conditions belong to a GAN-GAN's run (weightspace/conditions.py)."""
        return ()

    @property
    def ema_decays(self) -> Mapping[str, float]:
        """The decay of the velocity network's moving average."""
        return {"velocity": self.ema_decay} if self.ema_decay else {}

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The update of the velocity network."""
        return (Phase(("velocity",), self._loss, ("flow_loss",), Adam()),)

    @property
    def aux_noise_dim(self) -> int:
        """One: the time t, uniform in [0, 1)."""
        return 1

    def networks(self) -> dict[str, nn.Module]:
        """Return a fresh network under PyTorch's default initialisation."""
        inputs = self.data_dim + 1 + 2 * FREQUENCIES
        outputs = self.data_dim - self.condition
        return {"velocity": Velocity(inputs, self.width, self.layers, outputs)}

    def noise(self, shape: tuple[int, ...], generator: Generator) -> Tensor:
        """Return noise (*shape, latent_dim): standard normal, the condition uniform in [-1, 1]."""
        noise = torch.randn(*shape, self.latent_dim, generator=generator, device=generator.device)
        if self.condition:
            # The normal distribution's own function makes a normal number uniform.
            noise[..., -self.condition :] = torch.erf(noise[..., -self.condition :] / 2**0.5)
        return noise

    def aux_noise(
        self, shape: tuple[int, ...], generator: Generator, progress: NDArray[np.float64]
    ) -> Tensor:
        """Return times (*shape, 1)."""
        return uniform(shape, 1, generator)

    def generate(self, networks: Networks, noise: Tensor) -> Tensor:
        """Return examples (B, data_dim - condition): the velocity integrated by the midpoint method."""
        x, condition = self._split(noise)
        step = 1 / self.solver_steps
        for number in range(self.solver_steps):
            time = torch.full_like(x[..., :1], number * step)
            middle = x + step / 2 * networks["velocity"](_inputs(x, condition, time))
            x = x + step * networks["velocity"](_inputs(middle, condition, time + step / 2))
        return x

    def _loss(
        self, networks: Networks, examples: Tensor, noise: Tensor, progress: Tensor
    ) -> tuple[Tensor]:
        (start, _), time = self._split(noise[..., :-1]), noise[..., -1:]
        end, condition = self._split(examples)
        velocity = networks["velocity"](_inputs(start.lerp(end, time), condition, time))
        return ((velocity - (end - start)).square().mean(),)

    def _split(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return the values (B, D) themselves, and their condition."""
        size = self.data_dim - self.condition
        return values[..., :size], values[..., size:]


def _inputs(x: Tensor, condition: Tensor, time: Tensor) -> Tensor:
    angles = time * (torch.pi * torch.arange(1, FREQUENCIES + 1, device=time.device))
    return torch.cat([x, condition, time, angles.sin(), angles.cos()], dim=-1)
