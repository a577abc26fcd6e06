"""Checks LMDB's pages without LMDB, before LMDB opens the file.

LMDB trusts its file. A scrambled page number makes it read outside the map, which kills the process; a
scrambled list of free pages makes it write over a snapshot. So the trees are checked here first: bounds,
the order of keys, counts, and that no page is used twice.

The format is that of LMDB 0.9 (data version 1: MDB_meta, MDB_page, MDB_node and MDB_db in its mdb.c).
"""

import os
import struct
from collections import deque
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import NamedTuple

MAGIC, VERSION = 0xBEEFC0DE, 1
BRANCH, LEAF, OVERFLOW = 1, 2, 4  # kinds of pages
BIG, SUBTREE = 1, 2  # flags of a node: its value lies in overflow pages; its value describes a tree
INTEGER_KEYS = 8  # flag of the tree of free pages
NOWHERE = 2**64 - 1
HEADER = 16
"""Bytes before a page's content: its number, its kind, and where its free space begins and ends."""

_PAGE = struct.Struct("<QHHHH")
_OVERFLOW = struct.Struct("<QHHI")
TREE = struct.Struct("<IHHQQQQQ")
META = struct.Struct("<IIQQ48s48sQQ")
_ENTRY = struct.Struct("<HHHH")
_NUMBER = struct.Struct("<Q")

Key = bytes | int


class BadPages(ValueError):
    """The file is not what LMDB would have written."""


class Tree(NamedTuple):
    """The description of a tree (MDB_db): its root, and how many pages and entries it has."""

    pad: int
    flags: int
    depth: int
    branches: int
    leaves: int
    overflows: int
    entries: int
    root: int


class Meta(NamedTuple):
    """The content of a meta page (MDB_meta). Commits write the two meta pages in turn."""

    free: Tree
    main: Tree
    last_page: int
    transaction: int

    @property
    def page_size(self) -> int:
        """Bytes of a page."""
        return self.free.pad


class Entry(NamedTuple):
    """An entry of a branch or a leaf: a key, and where its value is.

    `page` is the child of a branch, or the first page of a big value. A small value is in the page
    itself: `size` bytes from `place` on.
    """

    key: bytes
    flags: int
    size: int
    place: int
    page: int


def metas(file: int) -> tuple[Meta, Meta]:
    """Return the two meta pages of an open file.

    Raises:
        BadPages: they are not LMDB's, contradict each other, or the file is shorter than they imply.
    """
    first = _meta(file, 0, 0)
    second = _meta(file, 1, first.page_size)
    older, newer = sorted((first, second), key=lambda meta: meta.transaction)
    if first.page_size != second.page_size or newer.transaction - older.transaction > 1:
        raise BadPages("its first two pages contradict each other")
    if (newer.last_page + 1) * newer.page_size > os.fstat(file).st_size:
        raise BadPages("the end of its data.mdb is missing")
    return first, second


def _meta(file: int, number: int, place: int) -> Meta:
    content = os.pread(file, HEADER + META.size, place)
    if len(content) < HEADER + META.size:
        raise BadPages("the end of its data.mdb is missing")
    magic, version, _, _, free, main, last_page, transaction = META.unpack_from(content, HEADER)
    meta = Meta(Tree(*TREE.unpack(free)), Tree(*TREE.unpack(main)), last_page, transaction)
    size = meta.page_size
    if (
        (magic, version, meta.free.flags, meta.main.flags) != (MAGIC, VERSION, INTEGER_KEYS, 0)
        or not 512 <= size <= 1 << 16
        or size & (size - 1)
        or (transaction and transaction % 2 != number)
    ):
        raise BadPages("its first pages are scrambled")
    return meta


def check(file: int, meta: Meta, names: Collection[bytes], *, writing: bool) -> None:
    """Check the trees `names` of an open file, in the state that the transaction of `meta` left.

    With `writing`, also check what only a writer relies on: free pages, headers of overflow pages.

    Raises:
        BadPages: a tree is not as LMDB writes it.
    """
    walk = _Walk(file, meta, writing)
    for entry, page in list(walk.entries(meta.main)):
        if entry.flags & SUBTREE and entry.key in names:
            if entry.size != TREE.size:
                raise BadPages(f"the description of {entry.key.decode()} is scrambled")
            tree = Tree(*TREE.unpack_from(page, entry.place))
            if tree.flags or tree.pad:
                raise BadPages(f"the description of {entry.key.decode()} is scrambled")
            deque(walk.entries(tree), maxlen=0)
    if writing:
        for entry, page in list(walk.entries(meta.free)):
            walk.take_free(entry, page)
    walk.check_ranges()


class _Walk:
    """Walks through the trees of a file, and records which pages they use."""

    def __init__(self, file: int, meta: Meta, writing: bool) -> None:
        self._file, self._meta, self._writing = file, meta, writing
        self._ranges = [(0, 2)]  # first page and how many; two are metas

    def entries(self, tree: Tree) -> Iterator[tuple[Entry, bytes]]:
        """Yield the entries of a tree's leaves in order, each with the bytes of its page."""
        branches = leaves = overflows = total = 0
        integers = bool(tree.flags & INTEGER_KEYS)
        # Pages to visit, with the keys between which theirs must lie.
        waiting: list[tuple[int, int, Key | None, Key | None]] = [(tree.root, 1, None, None)]
        while waiting and tree.root != NOWHERE:
            number, depth, low, high = waiting.pop()
            kind = LEAF if depth == tree.depth else BRANCH
            page, found = self._page(number, kind)
            keys: list[Key] = [_integer(entry.key) if integers else entry.key for entry in found]
            if kind == BRANCH:
                branches += 1
                between = [low, *keys[1:], high]  # the first key of a branch is not set
                _check_order(number, keys[1:], low, high)
                children = zip((entry.page for entry in found), pairwise(between), strict=True)
                waiting += [(child, depth + 1, *pair) for child, pair in children][::-1]
                continue
            leaves += 1
            total += len(found)
            _check_order(number, keys, low, high)
            for entry in found:
                if entry.flags & BIG:
                    overflows += self._big(entry)
                yield entry, page
        if (branches, leaves, overflows, total) != tree[3:7]:
            raise BadPages("a tree does not hold what it should")

    def _page(self, number: int, kind: int) -> tuple[bytes, list[Entry]]:
        self._take(number, 1)
        size = self._meta.page_size
        page = os.pread(self._file, size, number * size)
        found = entries(page, number, kind)
        _check_packed(page, number, kind, found)
        return page, found

    def _big(self, entry: Entry) -> int:
        """Record the overflow pages of a big value as used; return how many they are."""
        size = self._meta.page_size
        count = -(-(HEADER + entry.size) // size)
        self._take(entry.page, count)
        if self._writing:  # who deletes a value frees as many pages as their head says
            head = os.pread(self._file, HEADER, entry.page * size)
            if _OVERFLOW.unpack(head) != (entry.page, 0, OVERFLOW, count):
                raise BadPages(f"page {entry.page} is scrambled")
        return count

    def take_free(self, entry: Entry, page: bytes) -> None:
        """Record the pages that an entry of the tree of free pages lists."""
        content = page[entry.place : entry.place + entry.size]
        if entry.flags & BIG:
            content = os.pread(self._file, entry.size, entry.page * self._meta.page_size + HEADER)
        count, *free = struct.unpack_from(f"<{len(content) // 8}Q", content) or (0,)
        if count > len(free):
            raise BadPages("a list of free pages is scrambled")
        for number in free[:count]:
            self._take(number, 1)

    def _take(self, first: int, count: int) -> None:
        if not 2 <= first <= self._meta.last_page + 1 - count:
            raise BadPages(f"it has no page {first}")
        self._ranges.append((first, count))

    def check_ranges(self) -> None:
        """Check that no page is used twice."""
        end = 0
        for first, count in sorted(self._ranges):
            if first < end:
                raise BadPages(f"page {first} is used for two things")
            end = first + count


def entries(page: bytes | memoryview, number: int, kind: int) -> list[Entry]:
    """Return the entries of page `number`, which must be a branch or a leaf.

    Raises:
        BadPages: it is not.
    """
    wrong = BadPages(f"page {number} is scrambled")
    if len(page) < HEADER:
        raise wrong
    *head, lower, upper = _PAGE.unpack_from(page)
    if head != [number, 0, kind] or lower % 2 or not HEADER < lower <= upper <= len(page):
        raise wrong
    found = []
    for place in struct.unpack_from(f"<{(lower - HEADER) // 2}H", page, HEADER):
        if not upper <= place <= len(page) - _ENTRY.size:
            raise wrong
        low, middle, flags, length = _ENTRY.unpack_from(page, place)
        size = low | middle << 16
        start = place + _ENTRY.size + length
        end, child = start, 0
        if kind == BRANCH:
            child = size | flags << 32
        elif flags & BIG:
            end += _NUMBER.size
            child = _NUMBER.unpack_from(page, start)[0] if end <= len(page) else 0
        else:
            end += size
        if end > len(page) or (kind == LEAF and flags & ~(BIG | SUBTREE)):
            raise wrong
        found.append(Entry(bytes(page[place + _ENTRY.size : start]), flags, size, start, child))
    if kind == BRANCH and len(found) < 2:
        raise wrong
    return found


def _check_packed(page: bytes, number: int, kind: int, found: list[Entry]) -> None:
    """Check that entries are contiguous: deleting one moves all bytes before it."""
    *_, end = _PAGE.unpack_from(page)
    for entry in sorted(found, key=lambda entry: entry.place):
        if entry.place - len(entry.key) - _ENTRY.size != end:
            break
        end = entry.place
        if kind == LEAF:
            end += _NUMBER.size if entry.flags & BIG else entry.size
        end += end % 2
    if end != len(page):
        raise BadPages(f"page {number} is scrambled")


def _check_order(number: int, keys: list[Key], low: Key | None, high: Key | None) -> None:
    if (
        sorted(set(keys)) != keys
        or (low is not None and keys and keys[0] < low)  # type: ignore[operator]
        or (high is not None and keys and not keys[-1] < high)  # type: ignore[operator]
    ):
        raise BadPages(f"the keys of page {number} are out of order")


def _integer(key: bytes) -> int:
    return int.from_bytes(key, "little")
