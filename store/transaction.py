"""A transaction over the databases of a run."""

from typing import Any

import lmdb


class Transaction:
    """A transaction over the databases of a run, by name."""

    def __init__(self, transaction: lmdb.Transaction, databases: dict[bytes, Any]) -> None:
        self._transaction, self._databases = transaction, databases
        self.number = transaction.id()
        self.written = 0

    def get(self, database: bytes, key: bytes) -> memoryview | None:
        """Return the value under `key`, a view that ends with the transaction, or None."""
        return self._transaction.get(key, db=self._databases[database])  # type: ignore[return-value]

    def put(self, database: bytes, key: bytes, value: bytes, *, overwrite: bool = True) -> None:
        """Store `value` under `key`; with `overwrite=False` only if there is nothing yet."""
        self.written += len(value)
        self._transaction.put(key, value, db=self._databases[database], overwrite=overwrite)

    def delete(self, database: bytes, key: bytes) -> None:
        """Remove what is stored under `key`, if anything is."""
        self._transaction.delete(key, db=self._databases[database])

    def holds(self, database: bytes) -> bool:
        """Return whether the run has a database, which may be one of OPTIONAL."""
        return database in self._databases

    def count(self, database: bytes) -> int:
        """Return the number of values in a database, without reading them."""
        return self._transaction.stat(self._databases[database])["entries"]

    def cursor(self, database: bytes) -> lmdb.Cursor:
        """Return a cursor over a database; close it, or use it with `with`."""
        return self._transaction.cursor(self._databases[database])
