import numpy as np
import pytest
from scipy import stats

from gangan_cli.metrics.coverage import coverage


def test_four_groups_by_hand():
    found = coverage(np.array([4, 2, 2, 0]))
    # Σ (count - 2)² / 2 with 3 degrees of freedom; half of |4/8 - 1/4| + |0 - 1/4|.
    assert found.chi_square == pytest.approx(4)
    assert found.chi_square_p == pytest.approx(stats.chi2.sf(4, df=3))
    assert found.variation == pytest.approx(1 / 4)
    assert (found.smallest.estimate, found.smallest.low, found.missed) == (0, 0, 1)
    # Clopper and Pearson's upper limit of 0 of n, at 5 % / 2 / 4.
    assert found.smallest.high == pytest.approx(1 - (0.05 / 8) ** (1 / 8))


def test_two_groups_have_the_binomials_probability():
    found = coverage(np.array([9, 1]))
    assert found.p == pytest.approx(stats.binomtest(1, 10).pvalue, abs=0.006)
    # At least 2 of 10 in both groups is what even chances give in 97.9 of 100 cases.
    assert (found.usual_variation, found.usual_smallest) == (pytest.approx(0.3), 0.2)
    assert coverage(np.array([5, 5])).p == 1


def test_even_chances_are_called_uneven_at_the_nominal_rate(random):
    drawn = random.multinomial(64, np.full(25, 1 / 25), size=100)
    found = [coverage(counts) for counts in drawn]
    for rate in (
        np.mean([one.p < 0.05 for one in found]),
        np.mean([one.chi_square_p < 0.05 for one in found]),
    ):
        print(f"uneven at even chances: {rate:.3f} (nominal 0.05)")
        assert rate <= stats.binom.ppf(0.995, 100, 0.05) / 100
    assert np.mean([one.smallest.low <= 1 / 25 <= one.smallest.high for one in found]) >= 0.95


def test_one_near_sample_is_not_coverage():
    counts = np.full(25, 20)
    counts[7], counts[8] = 3, 37
    found = coverage(counts)
    assert found.missed == 0
    assert found.smallest.high < 1 / 25
    assert found.smallest.estimate < found.usual_smallest


def test_even_counts_of_many_samples_cover():
    found = coverage(np.full(25, 400))
    assert found.p == found.chi_square_p == 1
    assert found.smallest.low > 0.8 / 25


@pytest.mark.parametrize(
    ("counts", "why"), [([3], "1 group"), ([0, 0], "some above 0"), ([3, -1], "0 or more")]
)
def test_what_has_no_spread_is_refused(counts, why):
    with pytest.raises(ValueError, match=why):
        coverage(np.array(counts))
