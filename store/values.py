"""Single values of an open run: encoded with a checksum when they are written, checked when read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from store import keys, record, results
from store.environment import Environment
from store.errors import Damaged
from store.manifest import Manifest
from store.state import State
from store.transaction import Transaction

Vector = NDArray[np.float32]

MANIFEST, STATE = b"manifest", b"state"
"""Databases with one document, whose key is the name of the database."""

KINDS = {
    "snapshot": b"snapshots",
    "losses": b"losses",
    "resume": b"resume",
    "step losses": b"step_losses",
}
"""What is stored for a (gan, epoch), and in which database."""

STEP_LOSSES = KINDS["step losses"]
"""A database of OPTIONAL."""


class StoredValues:
    """What reading and writing a run have in common."""

    def __init__(self, path: Path, environment: Environment, manifest: Manifest) -> None:
        self.path, self.manifest, self._environment = path, manifest, environment

    @property
    def name(self) -> str:
        """Name of the folder. A run may be renamed and copied like any folder."""
        return self.path.name

    @contextmanager
    def _cursor(self, database: bytes) -> Iterator[Any]:
        with (
            self._environment.reading() as transaction,
            transaction.cursor(database) as cursor,
        ):
            yield cursor

    def _place(self, database: bytes, key: bytes) -> int:
        """Return the start value of a checksum: since format 2 it depends on the database and the
        key."""
        return record.place(database, key) if self.manifest.format > 1 else 0

    def _decode(self, database: bytes, key: bytes, value: memoryview, size: int | None) -> NDArray[Any]:
        try:
            array = record.decode(value, self._place(database, key))
            if size is not None and array.size != size:
                raise record.BadRecord(f"{array.size} values instead of {size}")
        except record.BadRecord as error:
            raise Damaged(f"run {self.name!r}, {keys.describe(database, key)}: {error}") from error
        return array

    def _decode_losses(self, key: bytes, value: memoryview) -> NDArray[Any]:
        return self._decode(b"losses", key, value, 2 * len(self.manifest.losses))

    def _check_present(self, transaction: Transaction) -> None:
        """Check that the meta page is not stale: each commit writes its number into the state.

        Raises:
            Damaged: the meta page leads to an earlier transaction, or not to the results.
        """
        try:
            state = self._state_in(transaction)
        except Damaged:
            return  # `state` reports it
        wrong = ""
        # Format 1 did not say its number, and LMDB's compaction begins to count anew.
        if state.transaction not in (0, transaction.number) and not self._environment.is_compacted():
            wrong = "its first pages lead to the past"
        elif state.results and not transaction.holds(results.NAME):
            wrong = "nothing leads to its results"
        if wrong:
            raise Damaged(
                f"{self.path} is damaged: {wrong}; gangan runs repair {self.name} saves what can be read"
            )

    def _state_in(self, transaction: Transaction) -> State:
        value, file = transaction.get(STATE, STATE), self._environment.identity
        if value is None:
            return State(file=file)
        try:
            return State.from_json(record.decode_text(value, record.place(STATE, STATE)), file)
        except (record.BadRecord, Damaged) as error:
            raise Damaged(
                f"run {self.name!r}, its state: {error}; gangan runs repair {self.name} mends it"
            ) from error

    def _put(
        self,
        transaction: Transaction,
        database: bytes,
        key: bytes,
        array: NDArray[Any],
        overwrite: bool = True,
    ) -> None:
        transaction.put(
            database, key, record.encode(array, self._place(database, key)), overwrite=overwrite
        )

    def _put_state(self, transaction: Transaction, state: State) -> None:
        state = replace(state, transaction=transaction.number)
        self._put_text(transaction, STATE, state.to_json())

    def _put_text(self, transaction: Transaction, name: bytes, document: str) -> None:
        if self.manifest.format == 1:
            transaction.put(name, name, document.encode())
        else:
            transaction.put(name, name, record.encode_text(document, record.place(name, name)))

    def _put_checkpoint(
        self, transaction: Transaction, epoch: int, gans: Sequence[int], resume: Vector
    ) -> None:
        for gan, state in zip(gans, resume, strict=True):
            self._forget(transaction, gan)
            self._put(transaction, b"resume", keys.pack(gan, epoch), state)

    @staticmethod
    def _forget(transaction: Transaction, gan: int) -> None:
        with transaction.cursor(b"resume") as cursor:
            while cursor.set_range(keys.pack(gan, 0)) and keys.unpack(bytes(cursor.key()))[0] == gan:
                cursor.delete()
