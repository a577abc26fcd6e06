"""Schedules: learning rates, and the scalars that each update gets."""

import numpy as np
from numpy.typing import NDArray

from gangan_cli.models.family import Family

Shares = NDArray[np.float64]
"""The share of training before each of some steps, (steps,), from 0 to 1."""


def shares(done: int, steps: int, in_all: int) -> Shares:
    """Return the share of training before each of `steps` steps, which follow `done` earlier ones."""
    return np.arange(done, done + steps) / in_all


def learning_rates(family: Family, rate: float, progress: Shares) -> NDArray[np.float64]:
    """Return the learning rate in each step, (steps,). Where the family says so, it falls linearly from
    the middle of training on, to 0."""
    return rate * np.minimum(2 * (1 - progress), 1) if family.decays else np.full(len(progress), rate)


def paces_of(family: Family, rate: float, done: int, progress: Shares) -> NDArray[np.float32]:
    """Return the scalars of the updates of some steps, (steps, updates, 3): see update.py. `done` steps
    came before."""
    rates = learning_rates(family, rate, progress)
    columns = []
    for phase in family.phases:
        own = phase.optimizer.rates(np.repeat(rates, phase.n_updates), done * phase.n_updates)
        columns.append(own.reshape(len(rates), phase.n_updates, 2))
    paces = np.concatenate(columns, axis=1)
    shared = np.broadcast_to(progress[:, None, None], (*paces.shape[:2], 1))
    with np.errstate(over="ignore"):  # a rate beyond float32 makes its GANs diverge, which is noticed
        return np.concatenate([paces, shared], axis=2).astype(np.float32)
