"""Schedules: learning rates, and the scalars that each update gets."""

import numpy as np
from numpy.typing import NDArray

from gangan_cli.models.family import Family

Progress = NDArray[np.float64]
"""The share of training that is done before each of some steps, (steps,), from 0 to 1."""


def progress_of_steps(done: int, steps: int, in_all: int) -> Progress:
    """Return the progress (steps,) before each of `steps` steps, which follow `done` earlier ones, of
    `in_all` steps."""
    return np.arange(done, done + steps) / in_all


def learning_rates(family: Family, rate: float, progress: Progress) -> NDArray[np.float64]:
    """Return the learning rate in each step, (steps,): constant, or with `lr_decay` falling linearly to
    0 over the second half of training."""
    return rate * np.minimum(2 * (1 - progress), 1) if family.lr_decay else np.full(len(progress), rate)


def step_scalars(family: Family, rate: float, done: int, progress: Progress) -> NDArray[np.float32]:
    """Return the scalars of the updates of an epoch's steps, (steps, updates, 3): see train_step.py.
    `done` steps came before."""
    rates = learning_rates(family, rate, progress)
    columns = []
    for phase in family.phases:
        own = phase.optimizer.rates(np.repeat(rates, phase.n_updates), done * phase.n_updates)
        columns.append(own.reshape(len(rates), phase.n_updates, 2))
    scalars = np.concatenate(columns, axis=1)
    same = np.broadcast_to(progress[:, None, None], (*scalars.shape[:2], 1))
    with np.errstate(
        over="ignore"
    ):  # a rate beyond float32 makes GANs diverge, which the engine detects
        return np.concatenate([scalars, same], axis=2).astype(np.float32)
