"""Asking the painter process for pictures. Imports no torch."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from gangan_cli import caches
from gangan_cli.tui.knobs import Knob

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class View:
    """The run that is looked at; the id tells one that was made anew under the same name."""

    store: Path
    run: str
    id: str


@dataclass(frozen=True)
class Request:
    """Pictures of `count` noises, fixed by the seed `noise`, that a snapshot's GAN makes.

    With `latent` (L,) the snapshot is a GAN-GAN's, and the pictures are those of the GAN at that
    point of its latent space; without, they are the snapshot's own, all the way down.
    """

    view: View
    gan: int
    epoch: int
    latent: tuple[float, ...] | None
    count: int
    noise: int
    knobs: tuple[Knob, ...] = ()
    """What of the noise of GANs that make images is chosen."""
    serial: int = 0


@dataclass(frozen=True)
class Painted:
    """What was asked for: (count, height, width) grey values."""

    serial: int
    images: Bytes


@dataclass(frozen=True)
class Measured:
    """The training snapshot nearest to the GAN painted, and its pictures of the same noise.

    `distance` is Euclidean in weight space; `spacing` that of consecutive snapshots, NaN if none are.
    """

    serial: int
    gan: int
    epoch: int
    distance: float
    spacing: float
    images: Bytes


@dataclass(frozen=True)
class Failed:
    """Why there is no picture."""

    serial: int
    reason: str


Answer = Painted | Measured | Failed


class Pictures:
    """The painter process, started with the first request. Of requests that pile up the last counts."""

    def __init__(self, answered: Callable[[Answer], None]) -> None:
        """Call `answered`, from another thread, with each answer."""
        self.answered = answered
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._busy = False
        self._waiting: Request | None = None
        self._serial = 0

    def ask(self, request: Request) -> int:
        """Ask for pictures; return the number under which the answers will come."""
        with self._guard:
            self._serial += 1
            request = Request(**{**vars(request), "serial": self._serial})
            if self._connection is None:
                self._start()
            if self._busy:
                self._waiting = request
            else:
                self._send(request)
            return request.serial

    def close(self) -> None:
        """End the process."""
        with self._guard:
            connection, self._connection = self._connection, None
            process, self._process = self._process, None
        if connection is not None:
            connection.close()
        if process is not None:
            process.kill()  # it holds nothing that needs saving
            process.wait()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        complaints = tempfile.TemporaryFile(dir=caches.scratch())  # noqa: SIM115 - the listener reads it at the end
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gangan_cli.tui.painter", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            start_new_session=True,  # the terminal's signals are not for it
            # One thread: a second one waits for a core that a training beside us is using. Measured
            # with one: of 30 steps 6 took over 100 ms with two threads, none with one.
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        theirs.close()
        self._connection = Connection(ours.detach())
        threading.Thread(
            target=self._listen, args=(self._connection, self._process, complaints), daemon=True
        ).start()

    def _send(self, request: Request) -> None:
        assert self._connection is not None
        self._busy = True
        with contextlib.suppress(OSError):  # the listener says that it ended
            self._connection.send(request)

    def _listen(
        self, connection: Connection, process: subprocess.Popen[bytes], complaints: IO[bytes]
    ) -> None:
        last = 0
        with complaints:
            with contextlib.suppress(EOFError, OSError):
                while True:
                    answer: Answer = connection.recv()
                    last = answer.serial
                    if not isinstance(answer, Measured):
                        self._next()
                    self.answered(answer)
            with self._guard:
                if self._connection is not connection:
                    return  # closed by us
                self._connection = self._process = None
                self._busy, self._waiting = False, None
            process.wait()
            complaints.seek(0)
            lines = complaints.read().decode(errors="replace").strip().splitlines()
        why = lines[-1] if lines else f"exit status {process.returncode}"
        reason = f"the process that makes pictures ended: {why}"
        self.answered(Failed(max(last, self._serial), reason))

    def _next(self) -> None:
        with self._guard:
            self._busy = False
            if self._waiting is not None and self._connection is not None:
                waiting, self._waiting = self._waiting, None
                self._send(waiting)
