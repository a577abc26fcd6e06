"""Results of evaluations: JSON documents with text keys.

Each is stored with the number of the transaction that wrote it, {"transaction": 7, "result": {…}}: if a
broken file holds two under one key, the later one counts.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from store import keys, record
from store.errors import Damaged
from store.transaction import Transaction

NAME = b"results"
"""The database; a run has it once something was put into it."""

MAX_KEY_BYTES = 400
"""Bytes of a key: LMDB takes 511."""

Document = dict[str, Any]


def texts(documents: Mapping[str, Mapping[str, Any]]) -> dict[bytes, str]:
    """Return documents as JSON texts, by the bytes of their keys.

    Raises:
        ValueError: a key is not printable text of 1 to MAX_KEY_BYTES bytes, or a number is not finite.
        TypeError: a document holds what JSON does not have.
    """
    found = {}
    for key, document in documents.items():
        _check_key(key)
        try:
            found[key.encode()] = json.dumps(dict(document), allow_nan=False)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"the result {key!r} cannot be stored: {error}") from error
    return found


def put(transaction: Transaction, documents: Mapping[bytes, str]) -> None:
    """Store what `texts` returned, in a write transaction."""
    for key, text in documents.items():
        sealed = f'{{"transaction": {transaction.number}, "result": {text}}}'
        transaction.put(NAME, key, record.encode_text(sealed, record.place(NAME, key)))


def read(transaction: Transaction, run: str, prefix: str) -> dict[str, Document]:
    """Return the documents of the run called `run` whose keys begin with `prefix`, in order.

    Raises:
        Damaged: one of them is not what was written.
    """
    found = {}
    for key, value in _stored(transaction, prefix):
        try:
            found[key.decode()] = decode(key, value)[1]
        except record.BadRecord as error:
            raise Damaged(f"{_wrong(run, key, error)}; gangan runs repair {run} drops it") from error
    return found


def check(transaction: Transaction, run: str) -> dict[bytes, str]:
    """Return all keys, each with what is wrong with its document; an empty text if nothing is."""
    found = {}
    for key, value in _stored(transaction):
        try:
            decode(key, value)
            found[key] = ""
        except record.BadRecord as error:
            found[key] = _wrong(run, key, error)
    return found


def decode(key: bytes, value: record.Buffer) -> tuple[int, Document]:
    """Return the number of the transaction that wrote a document, and the document.

    Raises:
        BadRecord: it is not what was written under `key`.
    """
    text = record.decode_text(value, record.place(NAME, key), sealed=True)
    try:
        _check_key(key.decode())
        document = json.loads(text, parse_constant=_refuse)
        if not isinstance(document["result"], dict):
            raise ValueError("not a document")
        return int(document["transaction"]), document["result"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise record.BadRecord(f"not a result: {error}") from error


def _stored(transaction: Transaction, prefix: str = "") -> Iterator[tuple[bytes, memoryview]]:
    start = prefix.encode(errors="surrogatepass")
    if not transaction.holds(NAME) or len(start) > MAX_KEY_BYTES:
        return
    with transaction.cursor(NAME) as cursor:
        if cursor.set_range(start):
            for key, value in cursor.iternext(keys=True, values=True):
                if not bytes(key).startswith(start):
                    return
                yield bytes(key), value  # type: ignore[misc]


def _wrong(run: str, key: bytes, error: record.BadRecord) -> str:
    return f"run {run!r}, {keys.describe(NAME, key)}: {error}"


def _check_key(key: str) -> None:
    if not key.isprintable() or not 1 <= len(key.encode()) <= MAX_KEY_BYTES:
        raise ValueError(f"{key!r:.80} cannot be a result's key: use printable text of 1 to 400 bytes")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
