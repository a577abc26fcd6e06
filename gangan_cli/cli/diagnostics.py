"""The only module that writes to stderr and knows exit codes.

0 done; 1 the work failed; 2 wrong usage or configuration; 3 the store is missing, full, damaged or in
use; 128 + n ended by signal n, and resumable.
"""

import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from gangan_cli import signals
from gangan_cli.cli.streams import OutputLost
from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.formatting import plain

DONE, FAILED, USAGE, STORE = 0, 1, 2, 3


def say(message: str) -> None:
    """Write a message and a newline to stderr."""
    sys.stderr.write(plain(message, keep="\n") + "\n")
    sys.stderr.flush()


def warn(message: str) -> None:
    """Write a line about a problem that does not stop the command."""
    say(f"warning: {message}")


def leave(code: int) -> NoReturn:
    """End the command with an exit code."""
    raise SystemExit(code)


@contextmanager
def errors_explained() -> Iterator[None]:
    """Turn errors into one sentence on stderr and an exit code; `gangan --debug` adds the traceback."""
    try:
        yield
    except KeyboardInterrupt:
        leave(130)
    except BrokenPipeError:  # the reader of our output has exited, as `head` does
        sys.stdout = None
        leave(FAILED)
    except Exception as error:
        if isinstance(error, OutputLost):
            sys.stdout = None  # otherwise Python tries again at exit
        code = _code_of(error)
        if code is None:
            _explain(error, FAILED, hint=" (a bug in gangan: --debug shows where)")
        _explain(error, code)


class _Interrupted(SystemExit):
    """A signal has ended the command."""


@contextmanager
def interruptible(kept: str) -> Iterator[None]:
    """Exit with 128 + n at signal n, and say what is `kept` of the work."""

    received: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        received.append(number)
        for again in signals.ENDING:  # timeout(1) sends each signal twice
            signal.signal(again, signal.SIG_IGN)
        raise _Interrupted(128 + number)

    try:
        signals.heed(interrupt)
        yield
    except BaseException:
        if not received:
            raise
        # Whatever was raised: an import, or a library, may have turned the exception into another.
        say(f"interrupted: {kept}; the same command does the rest")
        raise _Interrupted(128 + received[0]) from None


class RunFailures:
    """The work of a command on its runs, one after the other: a failure does not stop the others."""

    def __init__(self, several: bool) -> None:
        """Take whether there are `several` runs: if not, a failure of the only one ends the command."""
        self._several = several
        self._worst = DONE

    @contextmanager
    def guard(self, run: str) -> Iterator[None]:
        """Work on a run; if that fails, warn and leave the run out.

        A failure of the only run, an OSError or an unexpected error is raised again.
        """
        try:
            yield
        except Exception as error:
            code = _code_of(error)
            if not self._several or code is None or isinstance(error, OSError):
                raise
            warn(f"skipped {run}: {error}")
            self._worst = max(self._worst, STORE if code == STORE else FAILED)

    def exit_with_worst(self) -> None:
        """End the command with the worst of its runs' exit codes, unless all went well."""
        if self._worst:
            leave(self._worst)


def _code_of(error: Exception) -> int | None:
    """Return the exit code of an expected error; None for a bug."""
    if isinstance(error, ConfigurationError):
        return USAGE
    if isinstance(error, WorkFailed | OutputLost):
        return FAILED
    # Imported here because the store imports numpy, for which --help and completion should not wait.
    from store.errors import BadName, NotFound, RunExists, StoreError

    if isinstance(error, BadName | NotFound | RunExists):
        return USAGE
    if isinstance(error, StoreError):
        return STORE
    return FAILED if isinstance(error, OSError) else None


debugging = False
"""Set by `gangan --debug`."""


def _explain(error: Exception, code: int, hint: str = "") -> NoReturn:
    if debugging:
        traceback.print_exception(error)
    name = f"{type(error).__name__}: " if hint else ""
    said = str(error)
    if isinstance(error, OSError) and error.filename:
        said = f"{error.filename}: {error.strerror}"
    say(f"error: {name}{said}{hint}")
    leave(code)
