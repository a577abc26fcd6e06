"""The state of a run, and whether the process that trains it is alive."""

import dataclasses
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


def host_namespace() -> str:
    """Return an id of this machine, boot and process namespace.

    Process ids are valid only within these: two containers may share a folder and a host name.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def process_start(pid: int) -> str:
    """Return when a process of this machine started, in clock ticks since boot; "" where that is
    unknown.

    It distinguishes a process from a later one with the same number.
    """
    try:
        # The name, in parentheses, may hold anything; the start is the 20th field after it.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


@dataclass(frozen=True)
class Holder:
    """The process that trains a run. Times are seconds since 1970.

    `done` is how many GAN-epochs the run held when it began: with what it holds now, its speed.
    `born` tells the process from a later one of the same number, `file` the run from a copy of it.
    """

    host: str
    where: str
    pid: int
    since: float
    beat: float
    done: int = 0
    born: str = ""
    file: str = ""

    @classmethod
    def me(cls, done: int = 0, file: str = "") -> "Holder":
        """Return this process as a holder with a heartbeat of now."""
        now, pid = time.time(), os.getpid()
        return cls(socket.gethostname(), host_namespace(), pid, now, now, done, process_start(pid), file)

    def is_same(self, other: "Holder | None") -> bool:
        """Return whether `other` is the same process, holding since the same time."""
        return other is not None and dataclasses.replace(other, beat=self.beat) == self

    def __str__(self) -> str:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        return f"process {self.pid} on {self.host} since {since}"

    @property
    def elsewhere(self) -> bool:
        """Whether it runs on another machine, or in another container, than this process."""
        return self.where != host_namespace()

    def alive(self, file: str = "") -> bool:
        """Return whether it still trains the run whose file is `file`.

        On this machine that depends on whether its process exists, even a stopped one; elsewhere on its
        heartbeat.
        """
        if self.elsewhere:
            return abs(time.time() - self.beat) <= STALE_AFTER  # a clock far ahead proves nothing
        if self.file and file and self.file != file:
            return False  # the file was copied, and the original's holder with it
        if self.born:
            return process_start(self.pid) == self.born
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return time.time() - self.beat <= STALE_AFTER


@dataclass(frozen=True)
class State:
    """A run's status as stored, who holds it, and the epoch at which each diverged GAN stopped.

    `execution` is what decided the rounding when the run began, in the words of whoever trains it;
    empty before that. `transaction` is the commit that wrote the state, as every commit does: a first
    page that names another was scrambled, and leads to the past. `results` is the last commit that
    changed results, 0 if none did. `file` is the run's, and not stored.
    """

    stored: Status = "new"
    holder: Holder | None = None
    diverged: dict[int, int] = field(default_factory=dict)
    execution: dict[str, Any] = field(default_factory=dict)
    results: int = 0
    transaction: int = field(default=0, compare=False)
    file: str = field(default="", compare=False)

    @property
    def status(self) -> Status:
        """The status to show: "crashed" if the run is stored as in training, but its process is gone."""
        if self.stored == "training" and not (self.holder and self.holder.alive(self.file)):
            return "crashed"
        return self.stored

    def to_json(self) -> str:
        """Return the state as a JSON document."""
        document = asdict(self)
        del document["file"]
        return json.dumps(document)

    @classmethod
    def from_json(cls, document: bytes, file: str = "") -> "State":
        """Return the state that `to_json` wrote into the run whose file is `file`.

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
                results=int(read.get("results", 0)),
                transaction=int(read.get("transaction", 0)),
                file=file,
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Damaged(f"what is stored is not a run's state: {error}") from error


@dataclass(frozen=True)
class Progress:
    """How far a run has come: its state, the number of trained GAN-epochs and of snapshots, and each
    GAN's last epoch with that epoch's mean losses."""

    state: State
    done: int
    snapshots: int
    last: Mapping[int, tuple[int, tuple[float, ...]]]

    def medians(self) -> tuple[float, ...]:
        """Return the median of each loss over the GANs' last epochs; () if none is trained."""
        return tuple(map(median, zip(*(means for _, means in self.last.values()), strict=True)))
