"""What goes into the engine and what comes out, in a form that needs no torch to be read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Settings:
    """How a population is trained: the hyperparameters that every family has."""

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    snapshot_every: int
    init: str = "own"
    """Initial weights: each GAN's own, or for all those of GAN 0 ("shared")."""

    def steps(self, examples: int, batches: int = 1) -> int:
        """Return how many steps of so many batches an epoch has: the last, incomplete one is dropped."""
        return examples // (self.batch_size * batches)

    def saves(self, epoch: int) -> bool:
        """Tell whether `epoch` leaves a snapshot: every `snapshot_every`-th and the last do."""
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
    """The (n, R) states from which to go on after an epoch that was told of without them."""

    epoch: int
    gans: list[int]
    resume: NDArray[np.float32]
