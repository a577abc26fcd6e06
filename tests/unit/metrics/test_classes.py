import numpy as np
import pytest
from scipy import stats

from gangan_cli.metrics.classes import against_counts, against_uniform


def test_a_fair_coin_by_hand():
    found = against_uniform(np.array([60, 40]))
    assert (found.statistic, found.degrees) == (4, 1)
    assert found.p == pytest.approx(0.0455, abs=1e-4)


def test_it_is_the_test_of_scipy(random):
    counts, others = random.integers(50, 150, (2, 10))
    uniform, two = against_uniform(counts), against_counts(counts, 3 * others)
    theirs = stats.chisquare(counts)
    assert (uniform.statistic, uniform.p) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-12)
    theirs = stats.chi2_contingency([counts, 3 * others])
    assert (two.statistic, two.p) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-12)
    assert (uniform.degrees, two.degrees) == (9, 9)


def test_sets_of_one_distribution_are_told_apart_in_one_of_twenty_cases(random):
    shares = random.dirichlet(np.full(10, 20))
    found = [
        against_counts(random.multinomial(1000, shares), random.multinomial(5000, shares)).p
        for _ in range(1000)
    ]
    assert np.mean(np.array(found) < 0.05) == pytest.approx(0.05, abs=0.02)


def test_classes_that_neither_set_has_do_not_count():
    two = np.array([30, 70, 0]), np.array([45, 55, 0])
    assert against_counts(*two) == against_counts(two[0][:2], two[1][:2])
    assert against_counts(np.array([5, 0]), np.array([9, 0])).p == 1


@pytest.mark.parametrize("counts", [[5], [0, 0], [3, -1], [[1, 2], [3, 4]]])
def test_what_are_no_counts_is_refused(counts):
    with pytest.raises(ValueError, match="counts must be those of images in two or more classes"):
        against_uniform(np.array(counts))


def test_different_numbers_of_classes_are_refused():
    with pytest.raises(ValueError, match="there are 2 and 3 classes"):
        against_counts(np.array([1, 2]), np.array([1, 2, 3]))
