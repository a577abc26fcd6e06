"""Scans a broken file for values, whether or not a tree leads to them."""

import mmap
from collections.abc import Iterator

import numpy as np

from store.lmdb_pages import BIG, HEADER, LEAF, MAGIC, META, TREE, BadPages, Tree, entries


def scan_leaves(content: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Yield the keys and values of every page that looks like a leaf, whether or not a tree leads to it.

    Many may be outdated or wrong: the caller must check them.
    """
    size = _page_size(content)
    count = len(content) // size
    heads = np.frombuffer(content, np.uint8, count * size).reshape(count, size)[:, :HEADER].copy()
    own, kinds = heads[:, :8].copy().view("<u8")[:, 0], heads[:, 10:12].copy().view("<u2")[:, 0]
    for number in np.flatnonzero((own == np.arange(count)) & (kinds == LEAF)).tolist():
        page = content[number * size : (number + 1) * size]
        try:
            found = entries(page, number, LEAF)
        except BadPages:
            continue
        for entry in found:
            place = entry.page * size + HEADER if entry.flags & BIG else number * size + entry.place
            if place + entry.size <= len(content):
                yield entry.key, content[place : place + entry.size]


def _page_size(content: memoryview) -> int:
    """Return the size of pages as the first ones say, or else as this machine's"""
    for place in (HEADER, mmap.PAGESIZE + HEADER):
        if len(content) >= place + META.size:
            magic, *_, free, _, _, _ = META.unpack_from(content, place)
            size = Tree(*TREE.unpack(free)).pad
            if magic == MAGIC and 512 <= size <= 1 << 16 and not size & (size - 1):
                return size
    return mmap.PAGESIZE
