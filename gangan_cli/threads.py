"""The number of threads that PyTorch uses."""

from collections.abc import Iterator
from contextlib import contextmanager

from gangan_cli import limits


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
