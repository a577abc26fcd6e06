import itertools

import numpy as np
import pytest

from gangan_cli.metrics.nearest_mixtures import nearest_mixtures
from tests.runs import numbers


def residual(vector, others):
    weights, *_ = np.linalg.lstsq((others[1:] - others[0]).T, vector - others[0], rcond=None)
    return np.linalg.norm(vector - others[0] - weights @ (others[1:] - others[0]))


def test_the_pair_is_the_best_of_all_and_more_leave_less():
    others, vector = numbers(1, 9, 40).astype(float), numbers(2, 40).astype(float)
    found, chosen = nearest_mixtures(vector, others)
    pairs = {pair: residual(vector, others[list(pair)]) for pair in itertools.combinations(range(9), 2)}
    best = min(pairs, key=pairs.get)
    assert set(chosen[:2]) == set(best) and found[0] == pytest.approx(pairs[best])
    for k, of in zip((2, 4, 8), found, strict=True):
        assert of == pytest.approx(residual(vector, others[chosen[:k]]))
    assert found[0] > found[1] > found[2]


def test_averages_interpolations_and_extrapolations_leave_nothing():
    others = numbers(1, 9, 40)
    for weights in ((0.5, 0.5), (0.2, 0.8), (-0.5, 1.5)):
        found, chosen = nearest_mixtures(weights @ others[[3, 7]], others)
        assert found.max() < 1e-5 and set(chosen[:2]) == {3, 7}
    found, chosen = nearest_mixtures(others[:4].mean(axis=0), others)
    assert found[0] > 1 and found[1] < 1e-5 and set(chosen[:4]) == {0, 1, 2, 3}


def test_few_and_equal_others_are_no_trouble():
    vector = numbers(2, 6)
    found, chosen = nearest_mixtures(vector, numbers(1, 1, 6))
    assert np.allclose(found, np.linalg.norm(vector - numbers(1, 1, 6)[0])) and chosen.tolist() == [0]
    same = np.repeat(numbers(1, 1, 6), 5, axis=0)
    found, _ = nearest_mixtures(vector, same)
    assert np.allclose(found, np.linalg.norm(vector - same[0]), rtol=1e-6)
    found, _ = nearest_mixtures(vector, numbers(3, 3, 6))
    assert found[1] == found[2]


def test_wrong_numbers_are_refused():
    with pytest.raises(ValueError, match="from 0"):
        nearest_mixtures(numbers(2, 6), numbers(1, 0, 6))
    with pytest.raises(ValueError, match=r"\[4, 2\]"):
        nearest_mixtures(numbers(2, 6), numbers(1, 3, 6), of=(4, 2))
