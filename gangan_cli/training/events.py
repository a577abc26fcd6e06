"""Events that training reports. The command line prints them; nothing else is printed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gangan_cli.training.messages import CompileStarted as CompileStarted
from gangan_cli.training.messages import EpochResult as EpochResult
from gangan_cli.training.messages import ExecutionChosen as ExecutionChosen
from gangan_cli.training.messages import WorkerLost as WorkerLost
from store.state import Status


@dataclass(frozen=True)
class TrainingStarted:
    """Training starts; `done` of `total` GAN-epochs are in the store already. `losses` are the names of
    the losses, in the order of `EpochResult.losses`."""

    run: str
    losses: tuple[str, ...]
    total: int
    done: int
    workers: int
    device: str


@dataclass(frozen=True)
class DatasetRead:
    """The images were read: `remarks` say how, `warnings` what may be wrong with them."""

    run: str
    remarks: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class EncodingStarted:
    """The encoder of a new GAN-GAN is being fitted: snapshots are read, and reduced to short codes."""

    run: str


@dataclass(frozen=True)
class EnvironmentChanged:
    """The run is resumed where results round differently: `changed` has (before, now) by name."""

    run: str
    changed: Mapping[str, tuple[object, object]]


@dataclass(frozen=True)
class TooFewSteps:
    """A GAN-GAN will be trained for only `steps` steps; with `repeat` set to the given value, it would
    be trained for `usual` steps."""

    run: str
    steps: int
    usual: int
    repeat: int


@dataclass(frozen=True)
class GanDiverged:
    """Training of a GAN was stopped: its losses or weights were not finite in `epoch`; earlier epochs
    are kept."""

    run: str
    gan: int
    epoch: int


@dataclass(frozen=True)
class TrainingEnded:
    """Training ended: complete, diverged (some GANs stopped early), or interrupted by `signal`."""

    run: str
    state: Status
    snapshots: int
    trained: int
    seconds: float
    diverged: Mapping[int, int]
    signal: int | None = None


Event = (
    TrainingStarted
    | DatasetRead
    | EncodingStarted
    | EnvironmentChanged
    | TooFewSteps
    | CompileStarted
    | ExecutionChosen
    | EpochResult
    | WorkerLost
    | GanDiverged
    | TrainingEnded
)
"""What is reported; an EpochResult once its epoch is on disk."""

Report = Callable[[Event], None]
"""Takes an event when it happens. An exception from it ends training as interrupted."""


def ignore(event: Event) -> None:
    """Report nothing."""
