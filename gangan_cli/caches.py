"""The user's folders: caches, which may be deleted at any time; state, which is remembered; and
temporary files.

All other modules ask here for such a folder. There may be none: a container's user often has no home.
"""

import atexit
import contextlib
import fcntl
import os
import pwd
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from gangan_cli.errors import WorkFailed

LOOK_EVERY = 0.2
"""Seconds between two attempts to take a lock."""


class CacheUnwritable(WorkFailed):
    """A cache cannot be written, or there is no place for one."""


def folder(kind: str) -> Path:
    """Return the cache folder of a kind of files.

    Raises:
        CacheUnwritable: the user has no home folder.
    """
    return _own("XDG_CACHE_HOME", ".cache") / kind


def state() -> Path:
    """Return the folder for state that is kept between two sessions.

    Raises:
        CacheUnwritable: the user has no home folder.
    """
    return _own("XDG_STATE_HOME", ".local/state")


def writable(kind: str, variable: str = "") -> Path:
    """Return the folder that an environment variable names, else the cache folder of a kind, created if
    necessary. If neither can be written, return a temporary folder, which is removed when this process
    ends.

    For files of libraries that fail or complain without a folder.

    Raises:
        WorkFailed: no folder can be written.
    """
    places = [Path(os.environ.get(variable, ""))]
    with contextlib.suppress(CacheUnwritable):
        places.append(folder(kind))
    for place in places:
        with contextlib.suppress(OSError):
            if place.is_absolute():
                place.mkdir(parents=True, exist_ok=True, mode=0o700)
                tempfile.TemporaryFile(dir=place).close()
                return place
    return _passing(kind)


@cache
def _passing(kind: str) -> Path:
    place = Path(tempfile.mkdtemp(prefix=f"gangan-{kind}-", dir=scratch()))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


def _own(variable: str, usual: str) -> Path:
    """Return gangan's folder in the one that an XDG variable names, else in the default one of the home
    folder. Relative paths are ignored, as the XDG specification says."""
    named = Path(os.environ.get(variable, ""))
    if named.is_absolute():
        return named / "gangan"
    homes = [os.environ.get("HOME", "")]
    with contextlib.suppress(KeyError):  # a user whom /etc/passwd does not know
        homes.append(pwd.getpwuid(os.getuid()).pw_dir)
    for home in map(Path, homes):
        if home.is_absolute():
            return home / usual / "gangan"
    raise CacheUnwritable(f"there is no home folder: set HOME or {variable} to a folder")


def scratch(longest: int | None = None) -> Path:
    """Return a folder for temporary files, whose path has at most `longest` bytes.

    Raises:
        WorkFailed: there is none.
    """
    candidates = ["/tmp", "/var/tmp", os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm"]
    with contextlib.suppress(OSError):  # none of those that Python looks at can be written
        candidates.insert(0, tempfile.gettempdir())
    for candidate in map(Path, candidates):
        short = longest is None or len(os.fsencode(candidate)) <= longest
        if short and candidate.is_absolute() and os.access(candidate, os.W_OK | os.X_OK):
            return candidate
    brief = f" and a path of at most {longest} bytes" if longest else ""
    raise WorkFailed(
        f"there is no folder for temporary files: set TMPDIR to one that can be written{brief}"
    )


@contextmanager
def alone(file: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Lock a file of a cache, so that only one process creates it; `waiting` is called repeatedly while
    another process holds the lock.

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
