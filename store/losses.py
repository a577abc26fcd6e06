"""Reading the losses of a run through a cursor."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from store import keys
from store.keys import Keys

Decode = Callable[[bytes, memoryview], NDArray[Any]]
"""(key, value) -> the array; raises Damaged."""


def read(
    cursor: Any, columns: int, decode: Decode, after: Mapping[int, int] | None, limit: int | None
) -> tuple[NDArray[np.float64], Keys]:
    """Return losses (n, columns, 2) and their keys (n, 2): see `RunReader.losses`."""
    pairs, values = [], []
    for pair, value in _found(cursor, after, limit):
        pairs.append(pair)
        values.append(decode(keys.pack(*pair), value).copy())
    return np.array(values, np.float64).reshape(len(pairs), columns, 2), keys.as_array(pairs)


def last_epochs(cursor: Any) -> dict[int, int]:
    """Return the last epoch of each GAN that has losses. Seeks backwards from GAN to GAN, so it reads
    one entry per GAN."""
    last: dict[int, int] = {}
    there = cursor.last()
    while there:
        gan, epoch = keys.unpack(cursor.key())
        last[gan] = epoch
        there = cursor.set_range(keys.pack(gan, 0)) and cursor.prev()
    return dict(sorted(last.items()))


def _found(
    cursor: Any, after: Mapping[int, int] | None, limit: int | None
) -> Iterator[tuple[tuple[int, int], memoryview]]:
    if after is None:
        for key, value in cursor.iternext(keys=True, values=True):
            yield keys.unpack(key), value
        return
    for gan, epoch in after.items():
        if cursor.set_range(keys.pack(gan, epoch + 1)):
            for key, value in islice(cursor.iternext(keys=True, values=True), limit):
                pair = keys.unpack(key)
                if pair[0] != gan:
                    break
                yield pair, value
