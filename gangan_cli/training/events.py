"""What training tells whoever listens: the command line prints these, nothing else is said."""

from collections.abc import Mapping
from dataclasses import dataclass

from gangan_cli.training.execution import Chosen as Chosen
from gangan_cli.training.execution import Compiling as Compiling
from store.state import Status


@dataclass(frozen=True)
class Started:
    """Training is about to begin; `done` GAN-epochs of `total` are in the store already."""

    run: str
    total: int
    done: int
    workers: int
    device: str


@dataclass(frozen=True)
class DatasetRead:
    """The images are read: `remarks` say how, `warnings` what may be wrong with them."""

    run: str
    remarks: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Encoding:
    """A new GAN-GAN's snapshots are being read, and learnt to be written as a few numbers."""

    run: str


@dataclass(frozen=True)
class Moved:
    """The run goes on where results round differently: what `changed` is (there, here) by name."""

    run: str
    changed: Mapping[str, tuple[object, object]]


@dataclass(frozen=True)
class Short:
    """A GAN-GAN will be trained for few `steps`; so often would `repeat` have to be for `usual` ones."""

    run: str
    steps: int
    usual: int
    repeat: int


@dataclass(frozen=True)
class EpochFinished:
    """One GAN's epoch is in the store; `losses` are means over the epoch."""

    run: str
    gan: int
    epoch: int
    losses: Mapping[str, float]


@dataclass(frozen=True)
class GanDiverged:
    """A GAN was stopped: its losses or weights were not finite in `epoch`; earlier ones are kept."""

    run: str
    gan: int
    epoch: int


@dataclass(frozen=True)
class Ended:
    """Training is over: complete, diverged (some GANs stopped early) or interrupted by `signal`."""

    run: str
    state: Status
    snapshots: int
    trained: int
    seconds: float
    diverged: Mapping[int, int]
    signal: int | None = None


Event = (
    Started
    | DatasetRead
    | Encoding
    | Moved
    | Short
    | Compiling
    | Chosen
    | EpochFinished
    | GanDiverged
    | Ended
)
