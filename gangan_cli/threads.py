"""How many threads PyTorch computes with."""

from collections.abc import Iterator
from contextlib import contextmanager

from gangan_cli import limits


def stay_within_limits() -> None:
    """Compute with no more threads from now on than this process may use cores: those that share a
    product spin while they wait for one that is held up."""
    import torch

    torch.set_num_threads(min(torch.get_num_threads(), limits.cores()))


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread meanwhile: small products wait for each other on more, and round otherwise
    with each number of them."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
