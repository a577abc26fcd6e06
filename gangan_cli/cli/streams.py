"""Standard streams that may be closed, on a full disk, or connected to a reader that exits.

Narration (stderr) that cannot be written is dropped, since the work is worth more than the messages.
Data (stdout) that cannot be written is an error: its reader must not take a part for the whole.
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
    """A stream that raises OutputLost, with the reason as a sentence, if data cannot be written.

    If its reader has exited, the error stays a BrokenPipeError, since nobody is left to read a message.
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
    """Replace sys.stdout and sys.stderr by these streams, and open standard streams that are closed."""
    _open_closed()
    encoding.register()
    usual = sys.stdout.encoding if sys.stdout else "utf-8"
    # New streams, because Python's own keep what they could not write in their buffers, and raise the
    # error again at exit.
    sys.stdout = _Data(
        open(STDOUT, "wb", closefd=False),  # noqa: SIM115 - open until we exit
        encoding=usual,
        errors=encoding.ASCII_FALLBACK,
        line_buffering=os.isatty(STDOUT),
    )
    sys.stderr = _Narration(
        open(STDERR, "wb", buffering=0, closefd=False),  # noqa: SIM115
        encoding=sys.stderr.encoding if sys.stderr else usual,
        errors=encoding.ASCII_FALLBACK,
        write_through=True,
    )


def _open_closed() -> None:
    """Open standard streams that are closed. Otherwise the next file to be opened would get the number
    of one, and output meant for the stream would be written into a run."""
    for number in (STDIN, STDOUT, STDERR):
        try:
            os.fstat(number)
        except OSError:
            # os.open takes the lowest free number. Stdout is opened for reading only, so that writing
            # data fails: nobody would get it.
            os.open(os.devnull, os.O_WRONLY if number == STDERR else os.O_RDONLY)
    if sys.stdin is None:
        sys.stdin = open(STDIN, closefd=False)  # noqa: SIM115


def finish() -> None:
    """Flush stdout.

    Raises:
        OutputLost: its data cannot be written.
        BrokenPipeError: its reader has exited.
    """
    if sys.stdout is not None:
        sys.stdout.flush()
