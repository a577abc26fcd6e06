"""Array or text <-> bytes: the content, then eight bytes that say what it is and prove it. No pickle.

The content comes first so that it starts where LMDB's value starts, aligned, and numpy can view it in
the memory map without a copy. The trailer is a kind (four ASCII bytes: a dtype, or "json") and the
CRC-32 of everything before it, begun with a checksum of where it is stored: a value that turns up
under another key is not taken for that key's. CRC-32 because it is in the standard library and reads
memory about as fast as the disk does (4 GB/s where this was written).
"""

import struct
import zlib
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Buffer: TypeAlias = bytes | bytearray | memoryview

_TRAILER = struct.Struct("<4sI")
_DTYPES: dict[bytes, np.dtype[Any]] = {
    b"<f4 ": np.dtype("<f4"),
    b"<f8 ": np.dtype("<f8"),
    b"<i8 ": np.dtype("<i8"),
}
_TAGS = {dtype: tag for tag, dtype in _DTYPES.items()}
_TEXT = b"json"


class BadRecord(ValueError):
    """The bytes are not a record, or have changed since it was written."""


def place(database: bytes, key: bytes) -> int:
    """Return the start value of the checksum of the value under `key`."""
    return zlib.crc32(database + b"/" + key)


def encode(array: NDArray[Any], start: int = 0) -> bytes:
    """Return a one-dimensional record of `array` (float32, float64 or int64; any shape, flattened).

    `start` is the `place` where it will lie; 0 in runs of format 1, which did not say it.

    Raises:
        TypeError: another dtype.
    """
    flat = np.ascontiguousarray(array).reshape(-1)
    tag = _TAGS.get(flat.dtype.newbyteorder("<"))
    if tag is None:
        raise TypeError(f"a record holds float32, float64 or int64, not {array.dtype}")
    return _sealed(flat.astype(flat.dtype.newbyteorder("<"), copy=False).tobytes() + tag, start)


def decode(value: Buffer, start: int = 0) -> NDArray[Any]:
    """Return a read-only view of the values in `value`, after checking their checksum.

    The view shares memory with `value`: copy it if it must outlive the transaction.

    Raises:
        BadRecord: too short, an unknown dtype, or a checksum that does not match.
    """
    tag, content = _opened(value, start)
    dtype = _DTYPES.get(tag)
    if dtype is None or len(content) % dtype.itemsize:
        raise BadRecord("not a record: its dtype or length makes no sense")
    values = np.frombuffer(content, dtype=dtype)
    values.flags.writeable = False
    return values


def encode_text(text: str, start: int) -> bytes:
    """Return a record of a JSON document."""
    return _sealed(text.encode() + _TEXT, start)


def decode_text(value: Buffer, start: int, *, sealed: bool = False) -> bytes:
    """Return the JSON document in `value`, after checking it.

    Unless it is known to be `sealed`, it may be one of format 1, which had no checksum here.

    Raises:
        BadRecord: as `decode`.
    """
    if value[-8:-4] != _TEXT:
        if sealed or value[-1:] != b"}":
            raise BadRecord("not a document: its end was changed after it was written")
        return bytes(value)
    _, content = _opened(value, start)
    return bytes(content)


def _sealed(body: bytes, start: int) -> bytes:
    return body + struct.pack("<I", zlib.crc32(body, start))


def _opened(value: Buffer, start: int) -> tuple[bytes, memoryview]:
    view = memoryview(value).cast("B")
    if len(view) < _TRAILER.size:
        raise BadRecord(f"{len(view)} bytes are too few for a record")
    tag, checksum = _TRAILER.unpack(view[-_TRAILER.size :])
    if zlib.crc32(view[:-4], start) != checksum:
        raise BadRecord("its checksum does not match: the bytes changed after they were written")
    return tag, view[: -_TRAILER.size]
