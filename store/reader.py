"""Reading a run: snapshots, losses, constants, checkpoints, results, state."""

import os
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from store import keys, losses, results
from store.errors import Damaged, UnknownSnapshot
from store.keys import Keys, Pair
from store.results import Document
from store.state import Progress, State
from store.transaction import Transaction
from store.values import KINDS, STEP_LOSSES, StoredValues, Vector

ROWS_AT_ONCE = 64
"""Snapshots read in one transaction. More than that are shared among threads."""


class RunReader(StoredValues):
    """The reading half of a run."""

    @property
    def size_bytes(self) -> int:
        """Size on disk in bytes."""
        return sum(file.stat().st_blocks * 512 for file in self.path.iterdir() if file.is_file())

    @property
    def last_transaction(self) -> int:
        """Number of the last commit by any process: a cheap way to notice changes."""
        return self._environment.last_transaction()

    def keys(self, *, initial: bool = False) -> Keys:
        """Return the (gan, epoch) of every snapshot, in order, as an (n, 2) array; only with `initial`
        also those of initial weights, whose epoch is 0."""
        with self._cursor(b"snapshots") as cursor:
            found = keys.as_array(map(keys.unpack, cursor.iternext(keys=True, values=False)))
        return found if initial or not self.manifest.keeps_initial else found[found[:, 1] > 0]

    def snapshot(self, gan: int, epoch: int) -> Vector:
        """Return the weights of `gan` after `epoch` epochs: (P,) float32.

        Raises:
            UnknownSnapshot: the run does not hold it.
            Damaged: its bytes are not what was written.
        """
        vector = np.empty(self.manifest.layout.size, np.float32)
        self.read_into(keys.as_array([(gan, epoch)]), vector[None])
        return vector

    def matrix(self, of: Keys | None = None) -> tuple[Vector, Keys]:
        """Return snapshots as one (n, P) float32 matrix, and their keys as (n, 2).

        `of` selects and orders the rows, and may repeat some; the default is all snapshots in the order
        of their keys.

        Raises:
            UnknownSnapshot, Damaged: as `snapshot`.
        """
        of = self.keys() if of is None else of
        matrix = np.empty((len(of), self.manifest.layout.size), np.float32)
        self.read_into(of, matrix)
        return matrix, of

    def read_into(self, of: Keys, rows: Vector) -> None:
        """Copy the snapshots with the keys `of` (n, 2) into `rows` (n, P), float32.

        Transactions are short, so that a writer can reuse pages meanwhile. Many rows are read by
        threads, since checksums and copies, which take most of the time, release Python's lock.

        Raises:
            UnknownSnapshot, Damaged: as `snapshot`.
        """
        if len(of) < ROWS_AT_ONCE:
            self._read_rows(of, rows)
            return
        from concurrent.futures import ThreadPoolExecutor

        shares = range(0, len(of), ROWS_AT_ONCE)
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            done = [
                threads.submit(
                    self._read_rows,
                    of[first : first + ROWS_AT_ONCE],
                    rows[first : first + ROWS_AT_ONCE],
                )
                for first in shares
            ]
            for share in done:
                share.result()

    def columns(self, of: Keys, place: slice) -> Vector:
        """Return the weights at `place` of the snapshots with the keys `of` (n, 2): (n, width) float32.

        They are not checked: a checksum covers a whole vector. Read whole vectors first where that
        matters.

        Raises:
            UnknownSnapshot: as `snapshot`.
        """
        width = place.stop - place.start
        rows = np.empty((len(of), width), np.float32)
        for first in range(0, len(of), ROWS_AT_ONCE):
            with self._environment.reading() as transaction:
                for row, (gan, epoch) in zip(
                    rows[first:], of[first : first + ROWS_AT_ONCE].tolist(), strict=False
                ):
                    value = self._found(transaction, gan, epoch)
                    row[:] = np.frombuffer(value, "<f4", width, 4 * place.start)
        return rows

    def _read_rows(self, of: Keys, rows: Vector) -> None:
        with self._environment.reading() as transaction:
            for row, (gan, epoch) in zip(rows, of.tolist(), strict=True):
                value = self._found(transaction, gan, epoch)
                row[:] = self._decode(b"snapshots", keys.pack(gan, epoch), value, row.size)

    def _found(self, transaction: Transaction, gan: int, epoch: int) -> memoryview:
        value = transaction.get(b"snapshots", keys.pack(gan, epoch))
        if value is None:
            raise UnknownSnapshot(f"run {self.name!r} has no snapshot of GAN {gan} at epoch {epoch}")
        return value

    def index(self) -> dict[str, set[Pair]]:
        """Return the keys of all snapshots, losses and checkpoints, in one consistent view."""
        with self._environment.reading(STEP_LOSSES) as transaction:
            found: dict[str, set[Pair]] = {}
            for what, database in KINDS.items():
                if not transaction.holds(database):
                    continue
                with transaction.cursor(database) as cursor:
                    found[what] = {
                        keys.unpack(bytes(key)) for key in cursor.iternext(keys=True, values=False)
                    }
            return found

    def value(self, what: str, gan: int, epoch: int) -> NDArray[Any]:
        """Return a value of one of the KINDS, flat, as it is stored.

        Raises:
            UnknownSnapshot: there is none.
            Damaged: it is not what was written.
        """
        database, key = KINDS[what], keys.pack(gan, epoch)
        sizes = {"snapshot": self.manifest.layout.size, "losses": 2 * len(self.manifest.losses)}
        with self._environment.reading(STEP_LOSSES) as transaction:
            value = transaction.get(database, key) if transaction.holds(database) else None
            if value is None:
                raise UnknownSnapshot(f"run {self.name!r} has no {keys.describe(database, key)}")
            return self._decode(database, key, value, sizes.get(what)).copy()

    def progress(self) -> Progress:
        """Return how far the run has come, in one transaction: for viewers of many runs."""
        with self._environment.reading() as transaction, transaction.cursor(b"losses") as cursor:
            last = {gan: epoch - 1 for gan, epoch in losses.last_epochs(cursor).items()}
            means, keys = losses.read(cursor, len(self.manifest.losses), self._decode_losses, last, None)
            return Progress(
                state=self._state_in(transaction),
                done=transaction.count(b"losses"),
                snapshots=transaction.count(b"snapshots") - self._initial_snapshots(transaction),
                last={
                    gan: (epoch, tuple(row))
                    for (gan, epoch), row in zip(keys.tolist(), means[:, :, 0].tolist(), strict=True)
                },
            )

    def losses(
        self, after: Mapping[int, int] | None = None, limit: int | None = None
    ) -> tuple[NDArray[np.float64], Keys]:
        """Return losses as (n, L, 2) float64 and their keys as (n, 2).

        The middle axis follows `manifest.losses`; the last is the epoch's mean, then its last batch
        (which is what the paper's released code records). With `after`, only GANs that it names, each
        from the epoch that follows the one given, and at most `limit` of each.
        """
        with self._cursor(b"losses") as cursor:
            return losses.read(cursor, len(self.manifest.losses), self._decode_losses, after, limit)

    def step_losses(self, gan: int, epoch: int) -> NDArray[np.float32]:
        """Return the losses (steps, L) of each step of an epoch.

        Raises:
            UnknownSnapshot: the run does not hold them: see `manifest.keeps_step_losses`.
            Damaged: they are not what was written.
        """
        key = keys.pack(gan, epoch)
        with self._environment.reading(STEP_LOSSES) as transaction:
            value = transaction.get(STEP_LOSSES, key) if transaction.holds(STEP_LOSSES) else None
            if value is None:
                raise UnknownSnapshot(f"run {self.name!r} has no {keys.describe(STEP_LOSSES, key)}")
            flat = self._decode(STEP_LOSSES, key, value, None)
            return flat.reshape(-1, len(self.manifest.losses)).copy()

    def constant(self, name: str) -> NDArray[Any]:
        """Return an array that is stored once per run, in the shape that the manifest gives.

        Raises:
            KeyError: the manifest has no such constant.
            Damaged: its bytes are not what was written.
        """
        shape = self.manifest.constants[name]
        with self._environment.reading() as transaction:
            value = transaction.get(b"constants", name.encode())
            if value is None:
                raise Damaged(f"run {self.name!r} lacks its constant {name!r}")
            return self._decode(b"constants", name.encode(), value, prod(shape)).reshape(shape).copy()

    def checkpoint(self, gan: int) -> tuple[int, Vector | None]:
        """Return the epoch of the last checkpoint of `gan` and its vector (R,); (0, None) without
        one."""
        with self._cursor(b"resume") as cursor:
            if cursor.set_range(keys.pack(gan, 0)):
                found, epoch = keys.unpack(cursor.key())
                if found == gan:
                    key = keys.pack(gan, epoch)
                    return epoch, self._decode(b"resume", key, cursor.value(), None).copy()
        return 0, None

    def results(self, prefix: str = "") -> dict[str, Document]:
        """Return the results of evaluations whose keys begin with `prefix`, sorted by key.

        `state().results` changes when they do.

        Raises:
            Damaged: one of them is not what was written.
        """
        with self._environment.reading(results.NAME) as transaction:
            return results.read(transaction, self.name, prefix)

    def check_results(self) -> dict[bytes, str]:
        """Return the keys of all results, each with what is wrong with it; an empty text if nothing
        is."""
        with self._environment.reading(results.NAME) as transaction:
            return results.check(transaction, self.name)

    def state(self) -> State:
        """Return the run's state."""
        with self._environment.reading() as transaction:
            return self._state_in(transaction)

    # ------------------------------------------------------------------ helpers

    def _initial_snapshots(self, transaction: Transaction) -> int:
        if not self.manifest.keeps_initial:
            return 0
        initial = (keys.pack(gan, 0) for gan in range(self.manifest.gans))
        return sum(transaction.get(b"snapshots", key) is not None for key in initial)
