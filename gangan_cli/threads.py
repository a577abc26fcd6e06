"""The number of threads that PyTorch and NumPy use, and work divided among them."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from gangan_cli import limits

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

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


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let NumPy's products use one thread each inside the block, where work is divided among threads
    already: with two for each, Fréchet distances of 1,000 images took ten times as long."""
    with _libraries().limit(limits=1, user_api="blas"):
        yield


@cache
def _libraries() -> "ThreadpoolController":
    """Return the libraries with threads of their own, which take a while to find."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


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
        with workers, one_blas_thread():
            return list(workers.map(function, items))
    finally:
        torch.set_num_threads(threads)  # MKL has one number of threads for the whole process
