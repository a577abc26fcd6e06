"""LMDB's errors as StoreErrors: each names the path, and says what to do next."""

import errno
import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import lmdb

from store.errors import Damaged, InUse, StoreError, StoreFull

_DAMAGE = (
    lmdb.CorruptedError,
    lmdb.PageNotFoundError,
    lmdb.InvalidError,
    lmdb.VersionMismatchError,
    lmdb.PanicError,
    lmdb.IncompatibleError,
    lmdb.BadTxnError,
    lmdb.MapResizedError,  # our map is larger than any run: only nonsense claims to be larger
)


_FULL = {
    errno.ENOSPC: "no space is left on its disk",
    errno.EDQUOT: "your quota of its disk is used up",
    errno.EFBIG: "it has reached the limit on the size of files (ulimit -f)",
}


@contextmanager
def lmdb_errors(path: Path, needed: Callable[[], int] = lambda: 0) -> Iterator[None]:
    """Turn errors of LMDB inside the block into StoreErrors that name `path`. `needed` returns how many
    bytes were being written.
    """
    try:
        yield
    except lmdb.MapFullError as error:
        raise StoreFull(
            f"{path} has reached the maximum size of a run: 256 GiB, or what ulimit -v leaves of "
            "address space"
        ) from error
    except lmdb.ReadersFullError as error:
        raise InUse(f"{path} has too many readers: close some, then try again") from error
    except _DAMAGE as error:
        raise Damaged(f"{path} is damaged: {error}") from error
    except (lmdb.Error, OSError) as error:
        free = shutil.disk_usage(path).free
        if reason := _full(path, error, needed(), free):
            raise StoreFull(
                f"{path}: {reason}: {needed() / 1e6:.1f} MB were to be written, {free / 1e6:.1f} MB "
                "are free; make room, then give the same command again"
            ) from error
        raise StoreError(f"{path}: {error}") from error


def _full(path: Path, error: Exception, needed: int, free: int) -> str:
    """Return what is full, if `error` says so; an empty text for any other error."""
    for number, reason in _FULL.items():
        if os.strerror(number) in str(error):
            return reason
    if os.strerror(errno.EIO) in str(error):  # what LMDB says when a part could be written
        if free < needed:
            return _FULL[errno.ENOSPC]
        limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        if limit != resource.RLIM_INFINITY and (path / "data.mdb").stat().st_size + needed > limit:
            return _FULL[errno.EFBIG]
    return ""
