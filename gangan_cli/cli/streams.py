"""The standard streams as a command may find them: closed, on a full disk, read by one who leaves.

Narration that cannot be written is dropped, since work is worth more than what is said of it. Data that
cannot be written is an error: whoever reads it must not take a part for the whole.
"""

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator

from gangan_cli.cli import encoding

STDIN, STDOUT, STDERR = 0, 1, 2


class OutputLost(Exception):
    """Data cannot be written to stdout."""


class _Narration(io.TextIOWrapper):
    """A stream that drops what cannot be written."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            super().flush()


class _Data(io.TextIOWrapper):
    """A stream that says in a sentence why something cannot be written.

    That its reader has left stays a BrokenPipeError: there is nobody to tell then.
    """

    def write(self, text: str) -> int:
        with _explained():
            return super().write(text)

    def flush(self) -> None:
        with _explained():
            super().flush()


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = "stdout is closed" if error.errno == errno.EBADF else error.strerror
        raise OutputLost(
            f"the output cannot be written ({reason}): give it a pipe, or a file on a disk with room"
        ) from error


def prepare() -> None:
    """Replace sys.stdout and sys.stderr by such streams, and open those that came closed."""
    _open_closed()
    encoding.register()
    usual = sys.stdout.encoding if sys.stdout else "utf-8"
    # Of their own, and not what Python has made: that holds back what it could not write, and complains
    # of it again when it ends.
    sys.stdout = _Data(
        open(STDOUT, "wb", closefd=False),  # noqa: SIM115 - open as long as we are
        encoding=usual,
        errors=encoding.ALIKE,
        line_buffering=os.isatty(STDOUT),
    )
    sys.stderr = _Narration(
        open(STDERR, "wb", buffering=0, closefd=False),  # noqa: SIM115
        encoding=sys.stderr.encoding if sys.stderr else usual,
        errors=encoding.ALIKE,
        write_through=True,
    )


def _open_closed() -> None:
    """Open standard streams that came closed: the next file would take their place, and what is meant
    for them would be written into a run."""
    for number in (STDIN, STDOUT, STDERR):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is taken. Data cannot be written to what is open for
            # reading, which is right: nobody would get it.
            os.open(os.devnull, os.O_WRONLY if number == STDERR else os.O_RDONLY)
    if sys.stdin is None:
        sys.stdin = open(STDIN, closefd=False)  # noqa: SIM115


def finish() -> None:
    """Write what waits to be written.

    Raises:
        OutputLost: it cannot be.
        BrokenPipeError: its reader has left.
    """
    if sys.stdout is not None:
        sys.stdout.flush()
