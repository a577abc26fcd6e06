"""LMDB environments, opened only after their pages were checked."""

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

from store import lmdb_pages
from store.errors import Damaged, InUse, NotAStore
from store.lmdb_errors import lmdb_errors
from store.transaction import Transaction

MAP_SIZE = 256 << 30
"""Bytes of address space per environment: far more than any run takes; the file keeps its real size."""

MAX_READERS = 510
"""Maximum number of concurrent readers (processes times threads); each takes 64 bytes of lock.mdb."""

DATABASES = (b"manifest", b"state", b"constants", b"snapshots", b"losses", b"resume")

OPTIONAL = (b"results", b"step_losses")
"""Databases that are created when something is first stored in them. Earlier versions ignore them."""

READ_RETRIES = 5
"""How often a file that looks wrong is read again, 20 ms apart, before it counts as damaged: its writer
may be between a commit and the hole that follows it."""


def _map_size() -> int:
    """Return the bytes of address space to map: MAP_SIZE, or a quarter of what `ulimit -v` leaves. LMDB
    maps at least the whole file in any case.
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
    """The LMDB environment of one run, shared within this process.

    LMDB's locks belong to the process, so a process must not open the same file twice: a second `open`
    of the same path returns the same environment, and the last `close` closes it.
    """

    _open: dict[Path, "Environment"] = {}  # noqa: RUF012 - the process-wide registry
    _guard = threading.Lock()

    def __init__(self, path: Path, write: bool) -> None:
        self.path, self.write, self.users = path, write, 0
        self.databases: dict[bytes, Any] = {}
        self._opening = threading.Lock()
        self._file, self._identity = path / "data.mdb", ""
        self._sound: object = None
        """The last checked state: the file's modification time and size, and a transaction number."""
        with lmdb_errors(path):
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
        """Return the environment at `path`; if this process has it open already, the same one.

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
        """Close the file, once every `open` has its `close`."""
        with self._guard:
            self.users -= 1
            if self.users == 0:
                if self._open.get(self.path) is self:
                    del self._open[self.path]
                self.lmdb.close()

    def in_place(self) -> bool:
        """Return whether the path still holds the file that was opened: a run can be removed and made
        again."""
        try:
            self._there()
        except NotAStore:
            return False
        return True

    @property
    def identity(self) -> str:
        """Identifies the file on this machine; a copy has another identity."""
        return self._identity

    @contextmanager
    def reading(self, *also: bytes) -> Iterator[Transaction]:
        """Yield a read transaction. Keep it short: the pages that it sees cannot be reused meanwhile.

        `also` names databases of OPTIONAL that will be read, if the run has them.

        Raises:
            Damaged: the file is truncated or scrambled.
            NotAStore: it has been removed.
        """
        with lmdb_errors(self.path):
            for name in also:
                self._open_if_there(name)
            databases = self.databases  # before the transaction, which knows those opened by then
            with self._transaction() as transaction:
                yield Transaction(transaction, databases)

    def _open_if_there(self, name: bytes) -> None:
        """Open a database that another process may have created since the file was opened."""
        with self._opening:  # LMDB allows one at a time
            if name not in self.databases:
                with self._transaction() as transaction:
                    there = transaction.get(name) is not None
                if there:
                    self.databases = {**self.databases, name: self.lmdb.open_db(name, create=False)}

    @contextmanager
    def writing(self, *also: bytes) -> Iterator[Transaction]:
        """Yield a write transaction, which is durable when the block ends; if the block raises, nothing
        is written.

        `also` names databases of OPTIONAL, which are created here if the run has none. They are not
        created when the file is opened, since every commit must write its number into the state.
        """
        written = 0
        with lmdb_errors(self.path, lambda: written):
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
        """Return the length in bytes that the file should have if it is shorter than that, else 0."""
        length: int = (self.lmdb.info()["last_pgno"] + 1) * self.lmdb.stat()["psize"]
        return length if self._file.stat().st_size < length else 0

    def _lengthen(self) -> None:
        """Extend the file with a hole to the length that LMDB's header implies.

        LMDB leaves the last pages unwritten if a transaction took them and gave them back. With the
        hole, every reader can check the file's length. This takes LMDB's write lock, since another
        process may extend the file further meanwhile.
        """
        transaction = self.lmdb.begin(write=True)
        try:
            if length := self._lacks():
                os.truncate(self._file, length)
        finally:
            transaction.abort()

    def last_transaction(self) -> int:
        """Return the number of the last committed transaction; it changes with every commit."""
        with lmdb_errors(self.path):
            return max(meta.transaction for meta in self._look()[1])

    def is_compacted(self) -> bool:
        """Return whether the file looks as `mdb_copy -c` makes one: a single transaction, no free
        page."""
        older, newer = sorted(self._look()[1], key=lambda meta: meta.transaction)
        return (older.transaction, newer.transaction, newer.free.entries) == (0, 1, 0)

    @contextmanager
    def _transaction(self) -> Iterator[lmdb.Transaction]:
        """Begin a read transaction, after checking the pages that it will see."""
        for look in range(READ_RETRIES):
            written, _ = self._look()
            with self.lmdb.begin(buffers=True) as transaction:
                seen = written, transaction.id()
                # Who writes knows what it wrote: its file is checked when it is opened.
                whole = seen != self._sound and not (self.write and self._sound)
                try:
                    self._check(transaction.id(), whole)
                    self._sound = seen if whole else self._sound
                except lmdb_pages.BadPages as error:
                    if look == READ_RETRIES - 1:
                        raise Damaged(_broken(self.path, error)) from error
                else:
                    yield transaction
                    return
            time.sleep(0.02)

    def _check(self, transaction: int, whole: bool) -> None:
        """Check the meta page that a read transaction has started from, and if `whole` all its trees.

        LMDB first reads the number of the last commit and then copies that commit's meta page. If two
        commits happen in between, they have overwritten that page: the transaction then sees more than
        one that starts a moment later. The copy was right if the page still carries the number.

        Raises:
            BadPages: the page was overwritten, or something is damaged.
        """
        with self._file.open("rb") as file:
            metas = {meta.transaction: meta for meta in lmdb_pages.metas(file.fileno())}
            if transaction not in metas:
                raise lmdb_pages.BadPages("its first two pages contradict each other")
            if whole:
                trees = DATABASES + OPTIONAL
                lmdb_pages.check(file.fileno(), metas[transaction], trees, writing=self.write)

    def _look(self) -> tuple[object, tuple[lmdb_pages.Meta, lmdb_pages.Meta]]:
        """Return when the file was written, and its two meta pages, read without the memory map:
        touching a mapped page beyond the end of the file would kill the process.
        """
        for look in range(READ_RETRIES):
            found = self._there()
            try:
                with self._file.open("rb") as file:
                    return (found.st_mtime_ns, found.st_size), lmdb_pages.metas(file.fileno())
            except lmdb_pages.BadPages as error:
                if look == READ_RETRIES - 1:
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


def _broken(path: Path, error: lmdb_pages.BadPages) -> str:
    return f"{path} is damaged: {error}; gangan runs repair {path.name} saves what can be read"
