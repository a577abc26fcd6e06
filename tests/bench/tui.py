"""The TUI in a real terminal device: how soon its first screen is there, how fast it scrubs."""

import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.measure import Figure, ratios, seconds_of
from tests.commands import clean_environment, command
from tests.runs import numbers, small_manifest

COLUMNS, LINES = 120, 40
STEPS = 60
BLOCKS = ("▀".encode(), "▄".encode())


class Screen:
    """The TUI at the other end of a pseudo-terminal."""

    def __init__(self, *arguments: object, home: Path) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        environment = clean_environment(
            TERM="xterm-256color", COLORTERM="truecolor", XDG_STATE_HOME=str(home)
        )
        del environment["NO_COLOR"], environment["COLUMNS"]
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command("tui", "--images", "half", *arguments),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
        )
        os.close(theirs)
        self.fd = ours

    def read(self, patience: float) -> bytes:
        """Return what is written next, or nothing after `patience` seconds."""
        ready, _, _ = select.select([self.fd], [], [], patience)
        try:
            return os.read(self.fd, 1 << 16) if ready else b""
        except OSError:
            return b""  # the other end is closed

    def until(self, wanted: bytes, patience: float = 30) -> float:
        """Return the seconds since the start after which `wanted` had been written."""
        seen, end = b"", time.perf_counter() + patience
        while wanted not in seen:
            seen = seen[-200:] + self.read(0.5)
            assert time.perf_counter() < end, f"{wanted!r} was not written"
        return time.perf_counter() - self.began

    def quiet(self, seconds: float) -> bytes:
        """Read until nothing is written for so long; return it."""
        seen = b""
        while chunk := self.read(seconds):
            seen += chunk
        return seen

    def press(self, key: bytes) -> None:
        os.write(self.fd, key)


@contextmanager
def tui(*arguments: object) -> Iterator[Screen]:
    with tempfile.TemporaryDirectory() as home:
        screen = Screen(*arguments, home=Path(home))
        try:
            yield screen
        finally:
            screen.process.terminate()
            while screen.process.poll() is None:
                screen.read(0.05)
            os.close(screen.fd)


def first_screen(runs: int = 200, times: int = 7) -> tuple[list[float], list[float]]:
    """Return seconds to a list of `runs` runs, and to `python -c pass` in between."""
    import numpy as np

    from store import Run

    ours, idle = [], []
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder)
        for number in range(runs):
            dataset = {"name": "mnist5k", "height": 28, "width": 28}
            manifest = small_manifest(id=str(number), gans=4, epochs=20, dataset=dataset)
            with Run.create(store / f"run-{number:03}", manifest) as run:
                for epoch in range(1, 3 + number % 18):
                    run.commit(epoch, [0, 1, 2, 3], np.ones((4, 2, 2)), numbers(epoch, 4, 10))
                run.release("interrupted")
        for _ in range(times):
            with tui("--store", store) as screen:
                ours.append(screen.until(b"run-030"))
            began = time.perf_counter()
            subprocess.run(command("--version"), stdout=subprocess.DEVNULL, env=clean_environment())
            idle.append(time.perf_counter() - began)
    return ours, idle


def scrubbing(store: Path, run: str) -> tuple[list[float], list[int]]:
    """Return, for each step, seconds from the key to the picture's last byte, and all bytes written."""
    seconds, sizes = [], []
    with tui(run, "--store", store) as screen:
        screen.quiet(1.0)
        screen.press(b"3")
        screen.until(BLOCKS[0])
        screen.quiet(1.0)  # the machine's line is written every other second
        screen.press(b"\x1b[D")
        screen.quiet(1.0)
        for step in range(STEPS):
            screen.press(b"\x1b[D" if step % 2 else b"\x1b[C")
            began, size, last = time.perf_counter(), 0, 0.0
            while chunk := screen.read(0.12):
                size += len(chunk)
                # The nearest snapshot's digits follow as a second picture: only the first is waited for.
                if any(block in chunk for block in BLOCKS) and (not last or _next(began, last)):
                    last = time.perf_counter() - began
            assert last, "a step drew no picture"
            seconds.append(last)
            sizes.append(size)
    return seconds, sizes


def _next(began: float, last: float) -> bool:
    """Tell whether what comes now still belongs to the picture that came `last`."""
    return time.perf_counter() - began - last < 0.002


def bench() -> Iterator[Figure]:
    ours, idle = first_screen()
    yield Figure("tui: first screen, 200 runs", "s", ours, "≤ 0.7")
    yield Figure("tui: first screen / gangan --version", "×", ratios(ours, idle))
    with tempfile.TemporaryDirectory() as folder:
        for arguments in (
            ["train-gans", "--run", "a", "--dataset", "mnist5k", "--gans", 2, "--epochs", 6],
            ["train-gangan", "--on", "a", "--run", "g", "--batch-size", 4, "--epochs", 30],
        ):
            seconds_of(*command(*arguments, "--store", folder))
        for run, what in (("g", "a latent"), ("a", "epochs")):
            seconds, sizes = scrubbing(Path(folder), run)
            slow = 1000 * statistics.quantiles(seconds, n=20)[-1]
            each = [1000 * value for value in seconds]
            yield Figure(f"tui: key to picture, {what}, {COLUMNS}×{LINES}", "ms", each, format=".0f")
            yield Figure("tui: the same, 95th percentile", "ms", [slow], "< 33", ".0f")
            yield Figure("tui: bytes written, most", "kB", [max(sizes) / 1000], "< 60", ".0f")
