"""(gan, epoch) <-> ordered bytes.

Big-endian, so that LMDB's byte order is numeric order and a GAN's epochs lie side by side.
"""

import struct
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.int64]
"""An (n, 2) array: a row per snapshot, columns gan (from 0) and epoch (from 1)."""

Pair = tuple[int, int]
"""(gan, epoch)."""

_PAIR = struct.Struct(">II")
SIZE = _PAIR.size


def pack(gan: int, epoch: int) -> bytes:
    """Return the 8-byte key of (gan, epoch).

    Raises:
        ValueError: either number is negative or does not fit 32 bits.
    """
    try:
        return _PAIR.pack(gan, epoch)
    except struct.error:
        raise ValueError(
            f"gan {gan} and epoch {epoch} must both lie between 0 and {2**32 - 1}"
        ) from None


def unpack(key: bytes) -> tuple[int, int]:
    """Return the (gan, epoch) of an 8-byte key."""
    gan, epoch = _PAIR.unpack(key)
    return gan, epoch


KINDS = {
    b"snapshots": "",
    b"losses": "losses of ",
    b"resume": "checkpoint of ",
    b"step_losses": "losses of the steps of ",
}
"""Databases with a value per (gan, epoch), and how these are described."""


def describe(database: bytes, key: bytes) -> str:
    """Describe what is stored under `key`, as in "losses of GAN 0 at epoch 3"."""
    if database in KINDS and len(key) == SIZE:
        what = KINDS[database]
        return "{}GAN {} at epoch {}".format(what, *unpack(key))
    what = "result" if database == b"results" else "constant"
    return f"{what} {key.decode(errors='replace')!r}"


def as_array(pairs: Iterable[tuple[int, int]]) -> Keys:
    """Return pairs as an (n, 2) array, also for n = 0."""
    return np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
