"""Array <-> bytes: the raw values, then eight bytes that say what they are and prove it. No pickle.

The values come first so that they start where LMDB's value starts, aligned, and numpy can view them
in the memory map without a copy. The trailer is the dtype (four ASCII bytes) and the CRC-32 of
everything before it. CRC-32 because it is in the standard library and reads memory about as fast
as the disk does (4 GB/s where this was written).
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


class BadRecord(ValueError):
    """The bytes are not a record, or were changed after it was written."""


def encode(array: NDArray[Any]) -> bytes:
    """Return a one-dimensional record of `array` (float32, float64 or int64; any shape, flattened).

    Raises:
        TypeError: another dtype.
    """
    flat = np.ascontiguousarray(array).reshape(-1)
    tag = _TAGS.get(flat.dtype.newbyteorder("<"))
    if tag is None:
        raise TypeError(f"a record holds float32, float64 or int64, not {array.dtype}")
    body = flat.astype(flat.dtype.newbyteorder("<"), copy=False).tobytes() + tag
    return body + struct.pack("<I", zlib.crc32(body))


def decode(value: Buffer) -> NDArray[Any]:
    """Return a read-only view of the values in `value`, after checking them.

    The view shares memory with `value`: copy it if it must outlive the transaction.

    Raises:
        BadRecord: too short, an unknown dtype, or a checksum that does not match.
    """
    view = memoryview(value).cast("B")
    if len(view) < _TRAILER.size:
        raise BadRecord(f"{len(view)} bytes are too few for a record")
    tag, checksum = _TRAILER.unpack(view[-_TRAILER.size :])
    dtype = _DTYPES.get(tag)
    if dtype is None or (len(view) - _TRAILER.size) % dtype.itemsize:
        raise BadRecord("not a record: its dtype or length makes no sense")
    if zlib.crc32(view[:-4]) != checksum:
        raise BadRecord("its checksum does not match: the bytes changed after they were written")
    values = np.frombuffer(view[: -_TRAILER.size], dtype=dtype)
    values.flags.writeable = False
    return values
