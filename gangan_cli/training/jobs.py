"""What workers are given and what they return: the interface that processes on this machine and actors
of a Ray cluster share."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from gangan_cli.config import EngineSettings
from gangan_cli.training.examples import Source
from gangan_cli.training.execution import Execution, ExecutionRequest
from gangan_cli.training.messages import (
    Checkpoint,
    ChunkPlaced,
    CompileStarted,
    EpochResult,
    ExecutionChosen,
    InitialWeights,
    WorkerLost,
)


@dataclass(frozen=True)
class TrainJob:
    """What a worker needs to know of a run; it can be pickled."""

    family: str
    hparams: dict[str, Any]
    source: Source
    settings: EngineSettings


@dataclass(frozen=True)
class Chunk:
    """GANs to train together, and where to start: an epoch and checkpoints (n, R), or None."""

    gans: list[int]
    start: tuple[int, NDArray[np.float32]] | None

    @classmethod
    def after(cls, gans: list[int], epoch: int, states: dict[int, NDArray[np.float32]]) -> Self:
        """Return the chunk of `gans` that starts after an epoch with checkpoints (R,) by GAN. A GAN
        without one has diverged: it keeps its place in the stack, so that the others' bytes stay."""
        blank = np.full_like(next(iter(states.values())), np.nan)
        return cls(gans, (epoch, np.stack([states.get(gan, blank) for gan in gans])))


Message = (
    EpochResult
    | Checkpoint
    | InitialWeights
    | CompileStarted
    | ExecutionChosen
    | ChunkPlaced
    | WorkerLost
)


class Workers(Protocol):
    """Workers that train chunks. A context manager: leaving the block ends them."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def run(
        self,
        chunks: Sequence[Chunk],
        execution: Execution | ExecutionRequest,
        stopping: Callable[[], bool],
    ) -> Iterator[Message | None]:
        """Train `chunks`; yield each message, and None when a moment passes without one.

        Given a request, the first worker chooses the execution for all, and its messages come first.
        When `stopping` returns True, every worker stops after its current step.

        Raises:
            WorkFailed: a worker failed, and its work cannot be given to another one.
            StoreError: the run that a worker reads is damaged.
        """
