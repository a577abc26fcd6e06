"""The number of threads that PyTorch uses, and work divided among them."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from gangan_cli import limits

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 16
"""Maximum number of threads among which work is divided: each one holds its own block of it."""


def stay_within_limits() -> None:
    """Use at most as many threads as this process may use cores: threads that share a product spin while
    they wait for one that is not scheduled."""
    import torch

    torch.set_num_threads(min(torch.get_num_threads(), limits.cores()))


@contextmanager
def one_thread() -> Iterator[None]:
    """Use one thread inside the block: small products are slower with more threads, and round
    differently with each number of them."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def in_threads(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Return function(item) of each item, in order. Threads take one item at a time, and PyTorch uses
    one thread in each: threads that share every product wait for each other, most of all beside other
    programs."""
    import torch

    threads = torch.get_num_threads()
    if threads == 1:
        return [function(item) for item in items]
    workers = ThreadPoolExecutor(min(threads, MOST), initializer=torch.set_num_threads, initargs=(1,))
    try:
        with workers:
            return list(workers.map(function, items))
    finally:
        torch.set_num_threads(threads)  # MKL has one number of threads for the whole process
