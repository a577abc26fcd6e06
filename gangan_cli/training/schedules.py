"""What changes in the course of training: the learning rate, and the blur of examples."""

import numpy as np
from numpy.typing import NDArray

from gangan_cli.models.family import Family

Shares = NDArray[np.float64]
"""The share of training that is done before each of some steps, (steps,)."""


def shares(done: int, steps: int, in_all: int) -> Shares:
    """Return the shares before each of `steps` steps that follow `done` ones, of so many in all."""
    return np.arange(done, done + steps) / in_all


def learning_rates(family: Family, rate: float, done: Shares) -> NDArray[np.float64]:
    """Return the learning rate in each step, (steps,). Where the family says so, it falls linearly from
    the middle of training on, to 0."""
    return rate * np.minimum(2 * (1 - done), 1) if family.decays else np.full(len(done), rate)


def blurs(family: Family, done: Shares) -> NDArray[np.float64]:
    """Return the blur in each step, (steps,): it falls linearly, to 0 by the middle of training."""
    return family.blur * np.maximum(1 - 2 * done, 0)
