"""Messages of workers to the process that stores their results."""

from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.training.execution import Execution


@dataclass(frozen=True)
class EpochResult:
    """What a chunk leaves after an epoch, a row per GAN that is still finite.

    `losses` (n, L, 2): mean over the epoch, then last batch. `snapshots` (n, P) is None at epochs that
    leave none; `checkpoints` (n, R) is None where they come later (`Checkpoint`). `diverged` are the
    GANs whose losses or weights stopped being finite in this epoch.
    """

    epoch: int
    gans: list[int]
    losses: NDArray[np.float64]
    snapshots: NDArray[np.float32] | None
    checkpoints: NDArray[np.float32] | None
    diverged: list[int]
    step_losses: NDArray[np.float32] | None = None
    """(n, steps, L), if they are kept."""


@dataclass(frozen=True)
class InitialWeights:
    """The snapshots (n, P) of a chunk before training."""

    gans: list[int]
    snapshots: NDArray[np.float32]


@dataclass(frozen=True)
class Checkpoint:
    """Checkpoints (n, R) of an epoch that was reported without them."""

    epoch: int
    gans: list[int]
    checkpoints: NDArray[np.float32]


@dataclass(frozen=True)
class ChunkPlaced:
    """Another machine trains these GANs: the name of its node, and the numerics fingerprint there
    (devices.py)."""

    node: str
    gans: list[int]
    fingerprint: Mapping[str, Any]


@dataclass(frozen=True)
class WorkerLost:
    """A worker on a node has gone; its GANs are trained again by another one, after their last
    checkpoint, that of `epoch`."""

    node: str
    gans: list[int]
    epoch: int


@dataclass(frozen=True)
class CompileStarted:
    """The worker has to compile first."""


@dataclass(frozen=True)
class ExecutionChosen:
    """The chosen execution, and why it is not a faster one."""

    execution: Execution
    note: str = ""


def receive(pipe: Connection) -> Any:
    """Return the next message.

    Raises:
        EOFError: the process at the other end has gone, perhaps in the middle of a message, for which
            multiprocessing has an OSError.
    """
    try:
        return pipe.recv()
    except OSError as error:
        raise EOFError(str(error)) from None
