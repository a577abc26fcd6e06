"""The client of the render process (render_process.py). Imports no torch."""

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
from gangan_cli.tui.code_sliders import CodeSlider

Bytes = NDArray[np.uint8]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """The run that is shown. `id` distinguishes it from another run made later under the same name."""

    store: Path
    run: str
    id: str


@dataclass(frozen=True)
class Request:
    """A request for `count` pictures of a snapshot, from noise that depends only on the seed `noise`.

    With `latent` (L,) the snapshot is a GAN-GAN's, and one GAN, generated from that latent, makes all
    pictures. Without, the snapshot itself makes them; if it is a GAN-GAN's, each comes from another GAN.
    """

    view: View
    gan: int
    epoch: int
    latent: tuple[float, ...] | None
    count: int
    noise: int
    knobs: tuple[CodeSlider, ...] = ()
    """Chosen values for parts of the noise of the GANs that make the images; ignored with `latent`."""
    serial: int = 0


@dataclass(frozen=True)
class DensityChart:
    """What one GAN of numbers makes, over `x` (b,): the density of what it generates, its discriminator,
    the density of the data, all (b,); and the mean and standard deviation of what it generates."""

    x: Values
    made: Values
    judged: Values
    real: Values
    mean: float
    std: float


@dataclass(frozen=True)
class Rendered:
    """The requested pictures: (count, height, width) grey values.

    GANs of numbers have a `chart` instead; their only picture is a small one of its density.
    """

    serial: int
    images: Bytes
    chart: DensityChart | None = None


@dataclass(frozen=True)
class NearestFound:
    """The training snapshot nearest to the generated GAN, and its pictures from the same noise.

    `distance` is Euclidean in weight space. `epoch_step` is its unit (the median distance between
    consecutive snapshots of a GAN), NaN if no GAN has two.
    """

    serial: int
    gan: int
    epoch: int
    distance: float
    epoch_step: float
    images: Bytes


@dataclass(frozen=True)
class Failed:
    """The request failed, for this reason."""

    serial: int
    reason: str


Answer = Rendered | NearestFound | Failed


class RenderClient:
    """Starts the render process with the first request, and sends it one request at a time; of those
    that wait meanwhile, only the last is sent."""

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
        """Request pictures; return the serial number that the answers will have."""
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
            [sys.executable, "-m", "gangan_cli.tui.render_process", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            start_new_session=True,  # so that it does not get the terminal's signals
            # One thread: a second one would wait for a core that a training is using. Measured beside
            # one training: of 30 slider steps 6 took over 100 ms with two threads, none with one.
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
        with contextlib.suppress(OSError):  # the process has ended, which the listener reports
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
                    if not isinstance(answer, NearestFound):
                        self._next()
                    self.answered(answer)
            with self._guard:
                if self._connection is not connection:
                    return  # close() was called
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
