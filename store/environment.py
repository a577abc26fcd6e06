"""Opening LMDB environments, once their pages are known to be whole."""

import errno
import mmap
import os
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lmdb

from store import pages
from store.errors import Damaged, InUse, NotAStore
from store.transaction import Transaction
from store.translation import translated

MAP_SIZE = 256 << 30
"""Bytes of address space per environment: far more than any run takes; the file keeps its real size."""

MAX_READERS = 510
"""Processes and threads that may read a run at once; each takes 64 bytes of lock.mdb."""

DATABASES = (b"manifest", b"state", b"constants", b"snapshots", b"losses", b"resume")

OPTIONAL = (b"results",)
"""Databases that a run has once something was put into them. Earlier versions know nothing of them."""

LOOKS = 5
"""How often a file is looked at, 20 ms apart, before what looks wrong is called damage: its writer may
be between a commit and the hole that follows it."""


def _map_size() -> int:
    """Return how much address space to take: MAP_SIZE, or a quarter of what `ulimit -v` has left.

    LMDB takes what the file needs in any case.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return MAP_SIZE
    try:
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * mmap.PAGESIZE
    except OSError:  # not Linux
        taken = 0
    return min(MAP_SIZE, max(0, limit - taken) // 4 // mmap.PAGESIZE * mmap.PAGESIZE + (1 << 20))


class Environment:
    """One LMDB environment with a run's databases, shared by all who open it in this process.

    LMDB's locks belong to the process, so the same file must not be opened twice in one: a second
    `open` of the same path gets the first one's environment, and the last `close` closes it.
    """

    _open: dict[Path, "Environment"] = {}  # noqa: RUF012 - the process-wide registry
    _guard = threading.Lock()

    def __init__(self, path: Path, write: bool) -> None:
        self.path, self.write, self.users = path, write, 0
        self.databases: dict[bytes, Any] = {}
        self._opening = threading.Lock()
        self._file, self._identity = path / "data.mdb", ""
        self._sound: object = None
        """What was last looked at and found whole: when the file was written, and a transaction."""
        with translated(path):
            if not write or self._file.exists():
                self._identity = identity(self._file.stat())
                self._look()
            self.lmdb = self._open_lmdb()
            try:
                self._identity = identity(self._file.stat())
                self.lmdb.reader_check()  # a killed reader would keep its pages for ever
                with self._transaction():
                    pass  # has looked at every page that LMDB is about to trust
                self.databases = {name: self.lmdb.open_db(name, create=write) for name in DATABASES}
            except lmdb.NotFoundError as error:
                self.lmdb.close()
                raise NotAStore(f"{path} is an LMDB environment, but not a run of gangan") from error
            except BaseException:
                self.lmdb.close()
                raise

    def _open_lmdb(self) -> lmdb.Environment:
        def opened(lock: bool) -> lmdb.Environment:
            return lmdb.open(
                os.fsencode(self.path),  # as bytes: the path may not be UTF-8
                map_size=_map_size(),
                max_dbs=len(DATABASES) + len(OPTIONAL),
                max_readers=MAX_READERS,
                readonly=not self.write,
                create=self.write,
                readahead=True,
                lock=lock,
            )

        try:
            return opened(lock=True)
        except (lmdb.Error, OSError) as error:
            if self.write or not any(os.strerror(n) in str(error) for n in (errno.EACCES, errno.EROFS)):
                raise
            # Somebody else's run, which we may only read. Without a place in the table of readers, a
            # page may be written anew under us: it is noticed, and looked at again.
            return opened(lock=False)

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
            self._there()
        except NotAStore:
            return False
        return True

    @property
    def identity(self) -> str:
        """What tells its file from a copy of it, on this machine."""
        return self._identity

    @contextmanager
    def reading(self, *also: bytes) -> Iterator[Transaction]:
        """Give one consistent view; keep it short, since pages it sees cannot be reused meanwhile.

        `also` are databases of OPTIONAL to look into, if the run has them.

        Raises:
            Damaged: the file has lost its end, or was scrambled.
            NotAStore: it has been removed.
        """
        with translated(self.path):
            for name in also:
                self._open_if_there(name)
            databases = self.databases  # before the transaction, which knows those opened by then
            with self._transaction() as transaction:
                yield Transaction(transaction, databases)

    def _open_if_there(self, name: bytes) -> None:
        """Open a database that another process may have added since the file was opened."""
        with self._opening:  # LMDB allows one at a time
            if name not in self.databases:
                with self._transaction() as transaction:
                    there = transaction.get(name) is not None
                if there:
                    self.databases = {**self.databases, name: self.lmdb.open_db(name, create=False)}

    @contextmanager
    def writing(self, *also: bytes) -> Iterator[Transaction]:
        """Give the write transaction; it is on disk when the block ends, or not there at all.

        `also` are databases of OPTIONAL, which it makes if the run has none. Not when the file is
        opened: that would be a commit whose number does not stand in the state.
        """
        written = 0
        with translated(self.path, lambda: written):
            with self.lmdb.begin(write=True, buffers=True) as transaction:
                opened = {
                    name: self.lmdb.open_db(name, transaction)
                    for name in also
                    if name not in self.databases
                }
                ours = Transaction(transaction, self.databases | opened)
                try:
                    yield ours
                finally:
                    written = ours.written
            self.databases = self.databases | opened
            if self._lacks():
                self._lengthen()
            self.lmdb.reader_check()

    def _lacks(self) -> int:
        """Return the length that the file should have, if it is shorter."""
        length: int = (self.lmdb.info()["last_pgno"] + 1) * self.lmdb.stat()["psize"]
        return length if self._file.stat().st_size < length else 0

    def _lengthen(self) -> None:
        """Put a hole where LMDB left pages unwritten that a transaction took and gave back.

        It lets every reader hold the file's length against what it should be. As a writer, since
        another process that writes meanwhile may make the file longer than we are about to.
        """
        transaction = self.lmdb.begin(write=True)
        try:
            if length := self._lacks():
                os.truncate(self._file, length)
        finally:
            transaction.abort()

    def last_transaction(self) -> int:
        """Return the number of the last committed transaction: if it stands, nothing changed."""
        with translated(self.path):
            return max(meta.transaction for meta in self._look()[1])

    def is_compacted(self) -> bool:
        """Tell whether the file is as `mdb_copy -c` makes one: a single transaction, no free page."""
        older, newer = sorted(self._look()[1], key=lambda meta: meta.transaction)
        return (older.transaction, newer.transaction, newer.free.entries) == (0, 1, 0)

    @contextmanager
    def _transaction(self) -> Iterator[lmdb.Transaction]:
        """Begin a transaction for reading, once the pages that it will see are known to be whole."""
        for look in range(LOOKS):
            written, _ = self._look()
            with self.lmdb.begin(buffers=True) as transaction:
                seen = written, transaction.id()
                try:
                    meta = self._meta_of(transaction.id())
                    # Who writes knows what it wrote: its file is looked at when it is opened.
                    if seen != self._sound and not (self.write and self._sound):
                        self._walk(meta)
                        self._sound = seen
                except pages.BadPages as error:
                    if look == LOOKS - 1:
                        raise Damaged(_broken(self.path, error)) from error
                else:
                    yield transaction
                    return
            time.sleep(0.02)

    def _meta_of(self, transaction: int) -> pages.Meta:
        """Return the first page that a transaction for reading has begun with.

        LMDB takes the number of the last commit first and copies its first page then. If two commits
        come in between, the copy is of the second: the next transaction would see less than this one.
        The page is written anew in that case, so whoever still finds it has begun with it.

        Raises:
            BadPages: it has been written anew, or the first two pages contradict each other.
        """
        with self._file.open("rb") as file:
            for meta in pages.metas(file.fileno()):
                if meta.transaction == transaction:
                    return meta
        raise pages.BadPages("its first two pages contradict each other")

    def _walk(self, meta: pages.Meta) -> None:
        with self._file.open("rb") as file:
            pages.check(file.fileno(), meta, DATABASES + OPTIONAL, writing=self.write)

    def _look(self) -> tuple[object, tuple[pages.Meta, pages.Meta]]:
        """Return when the file was written, and its first pages, which are read without its map.

        Touching in the memory map what the file lacks would end the process.
        """
        for look in range(LOOKS):
            found = self._there()
            try:
                with self._file.open("rb") as file:
                    return (found.st_mtime_ns, found.st_size), pages.metas(file.fileno())
            except pages.BadPages as error:
                if look == LOOKS - 1:
                    raise Damaged(_broken(self.path, error)) from error
            time.sleep(0.02)
        raise AssertionError

    def _there(self) -> os.stat_result:
        try:
            found = self._file.stat()
        except FileNotFoundError:
            raise NotAStore(f"{self.path} has been removed") from None
        if identity(found) != self._identity:
            raise NotAStore(f"{self.path} has been replaced by another run")
        return found


def identity(found: os.stat_result) -> str:
    """Return what tells a file from any other on this machine."""
    return f"{found.st_dev}:{found.st_ino}"


def _broken(path: Path, error: pages.BadPages) -> str:
    return f"{path} is damaged: {error}; gangan runs repair {path.name} saves what can be read"
