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
from gangan_cli.wording import plain

DONE, FAILED, USAGE, STORE = 0, 1, 2, 3


def say(message: str) -> None:
    """Write a line of narration."""
    sys.stderr.write(plain(message, keep="\n") + "\n")
    sys.stderr.flush()


def warn(message: str) -> None:
    """Write a line about something that is not as it should be, but stops nothing."""
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
    except BrokenPipeError:  # whoever read our output has gone, as `head` does
        sys.stdout = None
        leave(FAILED)
    except Exception as error:
        if isinstance(error, OutputLost):
            sys.stdout = None  # or Python tries again at its end
        code = _code_of(error)
        if code is None:
            _explain(error, FAILED, hint=" (a bug in gangan: --debug shows where)")
        _explain(error, code)


class _Interrupted(SystemExit):
    """A signal has ended the command."""


@contextmanager
def interruptible(kept: str) -> Iterator[None]:
    """End at a signal, and say what is `kept` of the work."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        for again in signals.ENDING:  # as timeout(1) sends each twice
            signal.signal(again, signal.SIG_IGN)
        raise _Interrupted(128 + number)

    try:
        signals.heed(interrupt)
        yield
    except _Interrupted:
        say(f"interrupted: {kept}; the same command does the rest")
        raise


class Attempts:
    """The work of a command on its runs, one by one: one that fails does not stop the others."""

    def __init__(self, several: bool) -> None:
        """Take whether there are `several` runs; the failure of a single one is the command's own."""
        self._several = several
        self._worst = DONE

    @contextmanager
    def at(self, run: str) -> Iterator[None]:
        """Work on a run: say why it is left out, if it fails."""
        try:
            yield
        except Exception as error:
            code = _code_of(error)
            if not self._several or code is None or isinstance(error, OSError):
                raise
            warn(f"{run} is left out: {error}")
            self._worst = max(self._worst, STORE if code == STORE else FAILED)

    def conclude(self) -> None:
        """End the command with the worst of its runs' exit codes, unless all went well."""
        if self._worst:
            leave(self._worst)


def _code_of(error: Exception) -> int | None:
    """Return the exit code of an error that is foreseen."""
    if isinstance(error, ConfigurationError):
        return USAGE
    if isinstance(error, WorkFailed | OutputLost):
        return FAILED
    # Imported here: they bring numpy along, which --help and completion need not wait for.
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
