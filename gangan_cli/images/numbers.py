"""Datasets of numbers instead of images: draws from a normal distribution (001, section 1.7)."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError

if TYPE_CHECKING:
    from torch import Tensor

PREFIX = "normal:"
"""Prefix of the name of a dataset of numbers."""

FORM = f"{PREFIX}MEAN,STD,N"

MOST = 100_000_000
"""Maximum of numbers in a dataset: 400 MB."""


@dataclass(frozen=True)
class Numbers:
    """N draws from a normal distribution, the same each time: they depend on these three alone.

    20 numbers are a sample that a discriminator can learn by heart (the released code of 001 draws its
    sample once, before the loop); of 100,000 a batch is new in each step, as the paper has it.
    """

    mean: float
    std: float
    count: int
    remarks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The dataset's canonical name, as in "normal:4,0.5,100000"."""
        return f"{PREFIX}{self.mean:.12g},{self.std:.12g},{self.count}"

    @cached_property
    def values(self) -> NDArray[np.float32]:
        """The numbers, (N, 1)."""
        drawn = np.random.default_rng(0).standard_normal((self.count, 1))
        return (self.mean + self.std * drawn).astype(np.float32)

    def describe(self) -> dict[str, Any]:
        """Return the manifest's description of the dataset, with a hash of its numbers."""
        return {
            "name": self.name,
            "examples": self.count,
            "sha256": hashlib.sha256(self.values.tobytes()).hexdigest(),
        }

    def density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the density of the distribution itself, not of the draws, at each of `x`."""
        z = (x - self.mean) / self.std
        made: NDArray[np.float64] = np.exp(-(z**2) / 2) / (self.std * np.sqrt(2 * np.pi))
        return made

    def load(self, device: str) -> "NumberExamples":
        """Bring the numbers to `device`."""
        import torch

        return NumberExamples(torch.from_numpy(self.values).to(device))


class NumberExamples:
    """Numbers on a device."""

    def __init__(self, values: "Tensor") -> None:
        self._values = values

    def __len__(self) -> int:
        return len(self._values)

    def batch(self, indices: "Tensor") -> "Tensor":
        """Return numbers (n, B, 1) for (n, B) indices."""
        return self._values.index_select(0, indices.reshape(-1)).view(*indices.shape, 1)


def are_numbers(name: str) -> bool:
    """Tell whether a dataset of this name would be one of numbers."""
    return name.startswith(PREFIX)


def numbers_named(name: str) -> Numbers:
    """Return the dataset that is written as "normal:MEAN,STD,N".

    Raises:
        ConfigurationError: it is written otherwise, or the numbers are out of bounds.
    """
    parts = name.removeprefix(PREFIX).split(",")
    try:
        mean, std, count = float(parts[0]), float(parts[1]), int(parts[2])
    except (ValueError, IndexError):
        mean = std = count = 0
    if len(parts) != 3 or not (isfinite(mean) and isfinite(std) and std > 0 and 1 <= count <= MOST):
        raise ConfigurationError(
            f"dataset {name!r}: give {FORM}, with a deviation above 0 and 1 to {MOST:,} numbers, as in "
            f"{PREFIX}4,0.5,100000"
        )
    return Numbers(mean, std, count)
