"""What is made once for a machine and kept in the user's cache, which may be deleted at any time."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gangan_cli.errors import WorkFailed

LOOK_EVERY = 0.2
"""Seconds after which one who waits looks again."""


class CacheUnwritable(WorkFailed):
    """A cache cannot be written."""


def folder(kind: str) -> Path:
    """Return the folder in which things of a kind are kept."""
    above = os.environ.get("XDG_CACHE_HOME")
    return (Path(above) if above else Path.home() / ".cache") / "gangan" / kind


@contextmanager
def alone(file: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Keep other processes from making the same file of a cache meanwhile; `waiting` is called again and
    again while another one does.

    Raises:
        CacheUnwritable: the cache cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = file.with_suffix(".lock").open("w")
    except OSError as error:
        raise CacheUnwritable(f"the cache {file.parent} cannot be written ({error.strerror})") from error
    with lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                waiting()
                time.sleep(LOOK_EVERY)
            except OSError:  # no locks here, as on some networks: then both make it
                break
        yield
