"""Where a run stands, and whether the process that trains it is alive."""

import json
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Literal

from store.errors import Damaged

Status = Literal["new", "training", "interrupted", "crashed", "diverged", "complete"]

BEAT_EVERY = 5.0
"""Seconds between two heartbeats of a training process."""

STALE_AFTER = 30.0
"""Seconds without a heartbeat after which its process counts as dead."""


def here() -> str:
    """Return what tells this machine, boot and process namespace from any other.

    Process ids mean something only within it: two containers may share a folder and a host name.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


@dataclass(frozen=True)
class Holder:
    """The process that trains a run. Times are seconds since 1970.

    `done` is how many GAN-epochs the run held when it began: with what it holds now, its speed.
    """

    host: str
    where: str
    pid: int
    since: float
    beat: float
    done: int = 0

    @classmethod
    def me(cls, done: int = 0) -> "Holder":
        """Return this process as a holder whose heart just beat."""
        now = time.time()
        return cls(socket.gethostname(), here(), os.getpid(), now, now, done)

    def __str__(self) -> str:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        return f"process {self.pid} on {self.host} since {since}"

    def alive(self) -> bool:
        """Tell whether it still trains, by its heartbeat and, on this machine, by its process."""
        if time.time() - self.beat > STALE_AFTER:
            return False
        if self.where != here():
            return True
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return True


@dataclass(frozen=True)
class State:
    """A run's status as stored, who holds it, and the epoch at which each diverged GAN stopped.

    `execution` is what decided the rounding when the run began, in the words of whoever trains it;
    empty before that.
    """

    stored: Status = "new"
    holder: Holder | None = None
    diverged: dict[int, int] = field(default_factory=dict)
    execution: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> Status:
        """What to tell a reader: a run in training whose process is gone has crashed."""
        if self.stored == "training" and not (self.holder and self.holder.alive()):
            return "crashed"
        return self.stored

    def to_json(self) -> bytes:
        """Return the state as a JSON document."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, document: bytes) -> "State":
        """Return the state that `to_json` wrote.

        Raises:
            Damaged: it did not write this.
        """
        try:
            read = json.loads(document)
            return cls(
                stored=read["stored"],
                holder=Holder(**read["holder"]) if read["holder"] else None,
                diverged={int(gan): epoch for gan, epoch in read["diverged"].items()},
                execution=dict(read.get("execution", {})),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Damaged(f"what is stored is not a run's state: {error}") from error


@dataclass(frozen=True)
class Glance:
    """Where a run stands: its state, how many GAN-epochs are trained and how many snapshots there are,
    and of each GAN its last epoch with that epoch's mean losses."""

    state: State
    done: int
    snapshots: int
    last: Mapping[int, tuple[int, tuple[float, ...]]]

    def medians(self) -> tuple[float, ...]:
        """Return each loss's median over the GANs; nothing where none is trained."""
        return tuple(map(median, zip(*(means for _, means in self.last.values()), strict=True)))
