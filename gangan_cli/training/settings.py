"""Inputs and outputs of the engine, as dataclasses without torch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Settings:
    """Hyperparameters of training that every family has."""

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    snapshot_every: int
    init: str = "own"
    """Initial weights: each GAN's own ("own"), or those of GAN 0 for all ("shared")."""

    def steps(self, examples: int, batches: int = 1) -> int:
        """Return the number of steps per epoch, if a step takes `batches` batches; an incomplete last
        step is dropped."""
        return examples // (self.batch_size * batches)

    def saves(self, epoch: int) -> bool:
        """Return whether a snapshot is taken after `epoch`: after every `snapshot_every`-th, and after
        the last."""
        return epoch % self.snapshot_every == 0 or epoch == self.epochs


@dataclass(frozen=True)
class Epoch:
    """What a chunk leaves after an epoch, a row per GAN that is still sound.

    `losses` (n, L, 2): mean over the epoch, then last batch. `vectors` (n, P) are the snapshots, None
    at epochs that leave none; `resume` (n, R) is the exact state from which to go on, None where that
    waits. `diverged` are the GANs whose losses or weights stopped being finite in this epoch.
    """

    epoch: int
    gans: list[int]
    losses: NDArray[np.float64]
    vectors: NDArray[np.float32] | None
    resume: NDArray[np.float32] | None
    diverged: list[int]


@dataclass(frozen=True)
class Kept:
    """Checkpoints (n, R) of an epoch that was reported without them."""

    epoch: int
    gans: list[int]
    resume: NDArray[np.float32]
