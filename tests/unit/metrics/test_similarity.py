"""Largest cosines of kernels, and how their distributions are compared."""

import numpy as np
import pytest
from scipy import stats

from gangan_cli.metrics.similarity import exceeds, largest_cosines, largest_gap, permuted


@pytest.mark.parametrize(
    ("references", "mean", "std"), [(64, 0.453, 0.075), (192, 0.519, 0.063), (4096, 0.653, 0.042)]
)
def test_random_kernels_of_5_by_5_are_as_alike_as_they_must_be(references, mean, std):
    random = np.random.default_rng(0)
    found = np.concatenate(
        [
            largest_cosines(
                random.standard_normal((1500, 25), np.float32),
                random.standard_normal((references, 25), np.float32),
            )
            for _ in range(4)
        ]
    )
    assert found.mean() == pytest.approx(mean, abs=0.004)
    assert found.std() == pytest.approx(std, abs=0.004)


def test_a_kernel_is_like_its_own_multiple_and_unlike_its_opposite():
    kernels = np.eye(3, dtype=np.float32)
    assert largest_cosines(3 * kernels, kernels).tolist() == [1, 1, 1]
    assert largest_cosines(-kernels[:1], kernels[:1]).tolist() == [-1]
    assert largest_cosines(np.zeros((1, 3), np.float32), kernels).tolist() == [0]


def test_permuted_kernels_have_the_same_entries():
    kernels = np.arange(50, dtype=np.float32).reshape(2, 25)
    found = permuted(kernels, np.random.default_rng(0))
    assert found.shape == kernels.shape and not np.array_equal(found, kernels)
    assert sorted(found.flat) == sorted(kernels.flat)


def test_comparisons_are_those_of_scipy_also_with_ties():
    random = np.random.default_rng(0)
    ours, theirs = random.normal(0.3, 1, 80).round(1), random.normal(0, 1, 60).round(1)
    area = stats.mannwhitneyu(ours, theirs).statistic / (80 * 60)
    assert exceeds(ours, theirs) == pytest.approx(area)
    assert largest_gap(ours, theirs) == pytest.approx(stats.ks_2samp(ours, theirs).statistic)
    assert exceeds(ours, ours) == 0.5 and largest_gap(ours, ours) == 0
