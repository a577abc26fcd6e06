import numpy as np
import pytest
import torch

from gangan_cli.metrics import pairwise


def test_distances_are_those_of_the_formula_in_any_block(random, small_blocks):
    a, b = (random.random((count, 20)).astype(np.float32) for count in (50, 100))
    direct = ((a[:, None].astype(np.float64) - b) ** 2).sum(axis=2)
    whole = np.concatenate(pairwise.of_blocks(lambda _, squares: squares.numpy(), a, b))
    small_blocks()
    parts = pairwise.of_blocks(lambda _, squares: squares.numpy(), a, b)
    assert len(parts) == 17
    assert np.abs(whole - direct).max() < 1e-5
    assert np.abs(np.concatenate(parts) - direct).max() < 1e-5


def test_a_shift_of_both_costs_no_accuracy(random):
    a = random.random((30, 20)).astype(np.float32)
    far = np.round(a * 1024).astype(np.float32) + 100_000
    (squares,) = pairwise.of_blocks(lambda _, squares: squares.numpy(), far, far)
    direct = ((far[:, None].astype(np.float64) - far) ** 2).sum(axis=2)
    assert np.abs(squares - direct).max() < 1e-5 * direct.max()


def test_values_that_are_not_finite_are_counted_even_where_infinities_cancel():
    bad = np.zeros((5, 2), np.float32)
    bad[1], bad[3, 0] = (np.inf, -np.inf), np.nan
    with pytest.raises(ValueError, match="samples: 2 of 5 rows hold NaN or infinity"):
        pairwise.checked(bad, "samples")


@pytest.mark.parametrize("shape", [(5,), (5, 0), (2, 3, 4)])
def test_what_is_no_matrix_is_refused(shape):
    with pytest.raises(ValueError, match=r"must be a matrix \(n, d\)"):
        pairwise.checked(np.zeros(shape, np.float32), "samples")


def test_columns_that_do_not_vary_count(random):
    a, b = (random.random((count, 20)).astype(np.float32) for count in (50, 30))
    b[:, 3:9] = 0.7
    direct = ((a[:, None].astype(np.float64) - b) ** 2).sum(axis=2)
    (squares,) = pairwise.of_blocks(lambda _, squares: squares.numpy(), a, b)
    assert np.abs(squares - direct).max() < 1e-5
    (none,) = pairwise.of_blocks(lambda _, squares: squares.numpy(), a[:, 3:4], b[:, 3:4])
    assert np.abs(none - (a[:, 3:4] - np.float32(0.7)) ** 2).max() < 1e-6


def test_distances_do_not_depend_on_the_number_of_threads(random, small_blocks):
    a, b = (random.random((count, 20)).astype(np.float32) for count in (50, 100))
    small_blocks()
    found = []
    for threads in (1, 3):
        torch.set_num_threads(threads)
        found.append(np.concatenate(pairwise.of_blocks(lambda _, squares: squares.numpy(), a, b)))
    torch.set_num_threads(1)
    assert np.array_equal(*found)
