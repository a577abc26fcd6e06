"""Opening LMDB environments, and turning LMDB's errors into ours. The only file that imports lmdb."""

import errno
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lmdb

from store.errors import Damaged, InUse, NotAStore, StoreError, StoreFull

MAP_SIZE = 256 << 30
"""Bytes of address space per environment: far more than any run takes; the file keeps its real size."""

DATABASES = (b"manifest", b"state", b"constants", b"snapshots", b"losses", b"resume")

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


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what LMDB raises inside the block into a StoreError that names `path`."""
    try:
        yield
    except lmdb.MapFullError as error:
        raise StoreFull(f"{path} has reached its {MAP_SIZE >> 30} GiB: start another run") from error
    except lmdb.ReadersFullError as error:
        raise InUse(f"{path} has too many readers: close some, then try again") from error
    except _DAMAGE as error:
        raise Damaged(f"{path} is damaged: {error}") from error
    except (lmdb.Error, OSError) as error:
        code = getattr(error, "errno", None) or getattr(error, "code", None)
        if code == errno.ENOSPC or "No space left" in str(error):
            raise StoreFull(
                f"no space left on the disk of {path}: make room, then give the same command again"
            ) from error
        raise StoreError(f"{path}: {error}") from error


class Transaction:
    """A transaction over a run's databases, which it takes by name."""

    def __init__(self, transaction: lmdb.Transaction, databases: dict[bytes, Any]) -> None:
        self._transaction, self._databases = transaction, databases

    def get(self, database: bytes, key: bytes) -> memoryview | None:
        """Return the value under `key`, a view that ends with the transaction, or None."""
        return self._transaction.get(key, db=self._databases[database])  # type: ignore[return-value]

    def put(self, database: bytes, key: bytes, value: bytes, *, anew: bool = True) -> None:
        """Store `value` under `key`; with `anew=False` only if there is nothing yet."""
        self._transaction.put(key, value, db=self._databases[database], overwrite=anew)

    def count(self, database: bytes) -> int:
        """Return how many values a database holds, without looking at them."""
        return self._transaction.stat(self._databases[database])["entries"]

    def cursor(self, database: bytes) -> lmdb.Cursor:
        """Return a cursor over a database; close it, or use it with `with`."""
        return self._transaction.cursor(self._databases[database])


class Environment:
    """One LMDB environment with a run's databases, shared by all who open it in this process.

    LMDB's locks belong to the process, so the same file must not be opened twice in one: a second
    `open` of the same path gets the first one's environment, and the last `close` closes it.
    """

    _open: dict[Path, "Environment"] = {}  # noqa: RUF012 - the process-wide registry
    _guard = threading.Lock()

    def __init__(self, path: Path, write: bool) -> None:
        self.path, self.write, self.users = path, write, 0
        self._file, self._length, self._identity = path / "data.mdb", 0, (0, 0)
        with translated(path):
            self.lmdb = lmdb.open(
                str(path),
                map_size=MAP_SIZE,
                max_dbs=len(DATABASES),
                readonly=not write,
                create=write,
                readahead=True,
            )
            try:
                self._page_size = self.lmdb.stat()["psize"]
                found = self._file.stat()
                self._identity = found.st_dev, found.st_ino
                self._check_length()
                self.databases = {name: self.lmdb.open_db(name, create=write) for name in DATABASES}
            except lmdb.NotFoundError as error:
                self.lmdb.close()
                raise NotAStore(f"{path} is an LMDB environment, but not a run of gangan") from error
            except BaseException:
                self.lmdb.close()
                raise

    @classmethod
    def open(cls, path: Path, write: bool) -> "Environment":
        """Return the environment at `path`, shared with whoever has it open in this process.

        Raises:
            InUse: it is open in this process for reading only, and writing was asked for.
            StoreError: it cannot be opened.
        """
        path = path.resolve()
        with cls._guard:
            environment = cls._open.get(path)
            if environment is None or not environment.in_place():
                environment = cls._open[path] = cls(path, write)
            elif write and not environment.write:
                raise InUse(f"{path} is open for reading in this process: close it first")
            environment.users += 1
            return environment

    def close(self) -> None:
        """Give back one use; the last one closes the file."""
        with self._guard:
            self.users -= 1
            if self.users == 0:
                if self._open.get(self.path) is self:
                    del self._open[self.path]
                self.lmdb.close()

    def in_place(self) -> bool:
        """Tell whether its file is still what lies at its path: a run can be removed and made anew."""
        try:
            self._length_there()
        except NotAStore:
            return False
        return True

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Give one consistent view; keep it short, since pages it sees cannot be reused meanwhile.

        Raises:
            Damaged: the file has lost its end.
            NotAStore: it has been removed.
        """
        self._check_length()
        with translated(self.path), self.lmdb.begin(buffers=True) as transaction:
            yield Transaction(transaction, self.databases)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Give the write transaction; it is on disk when the block ends, or not there at all."""
        with translated(self.path):
            with self.lmdb.begin(write=True, buffers=True) as transaction:
                yield Transaction(transaction, self.databases)
            # LMDB leaves pages unwritten that a transaction took and gave back. A hole in their
            # place lets every reader hold the file's length against what it should be.
            length = self._needed_length()
            if self._file.stat().st_size < length:
                os.truncate(self._file, length)

    def last_transaction(self) -> int:
        """Return the number of the last committed transaction: if it stands, nothing changed."""
        self._check_length()
        return self.lmdb.info()["last_txnid"]

    def _check_length(self) -> None:
        """Refuse a file that was cut: touching what it lacks in the memory map ends the process."""
        length = self._length_there()
        # A file never shrinks; only when it has not may LMDB look at its first pages.
        if length >= self._length and length < self._needed_length():
            time.sleep(0.02)  # its writer is between a commit and the hole that follows it
            length = self._length_there()
        if length < self._length or length < self._needed_length():
            raise Damaged(f"{self.path} is damaged: the end of its data.mdb is missing")
        self._length = length

    def _length_there(self) -> int:
        try:
            found = self._file.stat()
        except FileNotFoundError:
            raise NotAStore(f"{self.path} has been removed") from None
        if (found.st_dev, found.st_ino) != self._identity:
            raise NotAStore(f"{self.path} has been replaced by another run")
        return found.st_size

    def _needed_length(self) -> int:
        return (self.lmdb.info()["last_pgno"] + 1) * self._page_size
