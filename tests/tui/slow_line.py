"""A terminal on a slow line, which answers what `gangan tui` asks of it when the test says."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.commands import command
from tests.tui.terminal import alive, terminal_environment, wait_until

ASKED = b"\x1b[c"
"""The end of what is asked, which every terminal answers."""

PATIENCE = 30.0
"""Seconds after which a wait has failed."""


class SlowLine:
    """A pseudo-terminal in which `gangan tui ARGUMENTS` runs. Use with `with`."""

    def __init__(self, folder: Path, *arguments: object) -> None:
        environment = terminal_environment(folder / "state", TERM="xterm-kitty")
        self.pid, self._line = pty.fork()
        if not self.pid:
            program = command("tui", *arguments)
            os.execve(program[0], program, environment)
        fcntl.ioctl(self._line, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 140, 1400, 600))
        self._said = b""

    def type(self, text: bytes) -> None:
        """Send what is typed, or answered."""
        os.write(self._line, text)

    def wait_for(self, *wanted: bytes) -> float:
        """Return the monotonic clock when all of this has been written since the last wait."""
        self._listen(lambda: all(one in self._said for one in wanted), PATIENCE, wanted)
        self._said = b""
        return time.monotonic()

    def let_pass(self, seconds: float) -> None:
        """Read what is written for so long, as a terminal does."""
        self._listen(lambda: False, seconds, ())

    def status(self) -> int:
        """Return the exit status, once it has ended."""
        self._listen(lambda: False, PATIENCE, ())
        wait_until(lambda: not alive(self.pid), "gangan tui to end", 5)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _listen(self, reached: Callable[[], bool], seconds: float, wanted: tuple[bytes, ...]) -> None:
        until = time.monotonic() + seconds
        while not reached():
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._line], [], [], left)[0]:
                assert not wanted, f"waited for {wanted}: {self._said[-2000:]!r}"
                return
            try:
                self._said += os.read(self._line, 65536)
            except OSError:  # it has ended
                assert not wanted, f"ended before {wanted}: {self._said[-2000:]!r}"
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._line)
