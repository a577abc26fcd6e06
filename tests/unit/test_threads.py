import threading

import pytest
import torch

from gangan_cli.threads import in_threads


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_work_is_divided_among_threads_that_have_one_each(three_threads):
    together = threading.Barrier(3)

    def square(item):
        if item < 3:
            together.wait(timeout=60)  # which only passes if three are at work
        return item**2, torch.get_num_threads()

    assert in_threads(square, range(7)) == [(item**2, 1) for item in range(7)]
    assert torch.get_num_threads() == 3


def test_with_one_thread_the_caller_does_the_work():
    assert torch.get_num_threads() == 1
    here = threading.get_ident()
    assert in_threads(lambda _: threading.get_ident(), range(2)) == [here, here]


def test_an_exception_reaches_the_caller(three_threads):
    def fail(item):
        raise ValueError(f"item {item}")

    with pytest.raises(ValueError, match="item 0"):
        in_threads(fail, range(2))
    assert torch.get_num_threads() == 3
