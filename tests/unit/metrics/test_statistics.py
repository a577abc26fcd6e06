from functools import partial
from itertools import chain, combinations, product

import numpy as np
import pytest
from scipy import stats

from gangan_cli.metrics.statistics import (
    bootstrap,
    deviation_interval,
    difference_interval,
    difference_of_bests,
    expected_best,
    mean_interval,
    spearman,
)

mean = partial(np.mean, axis=-1)


def test_ranks_count_not_values():
    x = np.array([1.0, 2, 3, 4, 5])
    assert spearman(x, np.exp(x)) == pytest.approx(1)
    assert spearman(x, -(x**3)) == pytest.approx(-1)


def test_five_pairs_by_hand():
    # 1 - 6 Σd² / n(n² - 1), with d = 1, -1, 1, -1, 0.
    found = spearman(np.array([1, 2, 3, 4, 5]), np.array([2, 1, 4, 3, 5]))
    assert found == pytest.approx(1 - 6 * 4 / 120)


def test_equal_values_share_a_rank_as_in_scipy(random):
    for _ in range(20):
        x, y = random.integers(0, 6, (2, 30)).astype(float)
        assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)


@pytest.mark.parametrize(
    ("x", "y", "why"),
    [
        ([1.0, 2], [1.0, 2], "three or more pairs"),
        ([1.0, 2, 3], [1.0, 2], "three or more pairs"),
        ([1.0, 2, np.nan], [1.0, 2, 3], "x holds NaN"),
        ([1.0, 2, 3], [4.0, 4, 4], "y is 4 throughout"),
    ],
)
def test_what_has_no_order_is_refused(x, y, why):
    with pytest.raises(ValueError, match=why):
        spearman(np.array(x), np.array(y))


def test_the_interval_of_a_mean_is_about_two_standard_errors_wide(random):
    values = random.normal(3, 2, 400)
    found = bootstrap(values, mean)
    error = values.std() / 20
    assert found.estimate == values.mean()
    assert found.low == pytest.approx(found.estimate - 1.96 * error, abs=0.2 * error)
    assert found.high == pytest.approx(found.estimate + 1.96 * error, abs=0.2 * error)
    assert bootstrap(values, mean) == found
    assert bootstrap(values, mean, seed=1) != found


def test_alike_rows_of_a_group_do_not_feign_certainty(random):
    of_group = random.normal(size=30)
    groups = np.repeat(np.arange(30), 50)
    values = of_group[groups] + 0.01 * random.normal(size=1500)
    alone, together = bootstrap(values, mean), bootstrap(values, mean, groups)
    assert together.estimate == alone.estimate
    widths = [found.high - found.low for found in (alone, together)]
    assert widths[1] == pytest.approx(2 * 1.96 * of_group.std() / 30**0.5, rel=0.15)
    assert widths[1] > 5 * widths[0]


def test_groups_are_drawn_whole_whatever_their_names_sizes_and_places():
    groups = np.array(["b", "a", "b", "c", "b"])
    values = np.array([10, 1, 20, 5, 30])
    seen = set()
    bootstrap(values, lambda drawn: seen.add(tuple(sorted(drawn.tolist()))) or 0.0, groups, 500)
    whole = {"a": (1,), "b": (10, 20, 30), "c": (5,)}
    assert seen == {
        tuple(sorted(chain.from_iterable(whole[name] for name in drawn)))
        for drawn in product("abc", repeat=3)
    }


def test_groups_of_one_are_the_plain_bootstrap(random):
    values = random.integers(0, 99, 50)
    middle = partial(np.median, axis=-1)
    assert bootstrap(values, middle, np.arange(50), 50) == bootstrap(values, middle, None, 50)


def test_a_statistic_without_a_value_leaves_no_interval():
    found = bootstrap(np.arange(5.0), lambda rows: np.where(rows.max(-1) < 4, np.nan, 1.0))
    assert found.estimate == 1
    assert np.isnan([found.low, found.high]).all()


def test_what_cannot_be_resampled_is_refused():
    with pytest.raises(ValueError, match="1 value: two or more"):
        bootstrap(np.ones(1), mean)
    with pytest.raises(ValueError, match="1 group: two or more"):
        bootstrap(np.ones(9), mean, np.zeros(9))
    with pytest.raises(ValueError, match=r"9 values but groups of shape \(8,\)"):
        bootstrap(np.ones(9), mean, np.zeros(8))
    with pytest.raises(ValueError, match="0 resamples"):
        bootstrap(np.ones(9), mean, resamples=0)


@pytest.mark.parametrize("of", [1, 2, 5, 6])
def test_the_expected_best_is_the_mean_of_all_draws_bests(random, of):
    values = random.standard_normal(6)
    by_hand = np.mean([min(draw) for draw in combinations(values, of)])
    assert expected_best(values, of) == pytest.approx(by_hand)
    assert expected_best(np.stack([values, values + 1]), of) == pytest.approx([by_hand, by_hand + 1])


@pytest.mark.parametrize("of", [0, 4])
def test_more_draws_than_values_have_no_best(of):
    with pytest.raises(ValueError, match=f"the best of {of} cannot be had from 3 values"):
        expected_best(np.ones(3), of)


def test_two_samples_of_one_distribution_are_seldom_told_apart(random):
    told_apart = 0
    for _ in range(200):
        found = difference_of_bests(*random.lognormal(size=(2, 32)), of=8, resamples=200)
        assert found.low <= found.estimate <= found.high
        told_apart += found.low > 0 or found.high < 0
    assert told_apart <= 30  # 8 in 100 are usual; by the smallest of each all would be


def test_a_sample_with_better_bests_is_told_so(random):
    better, worse = random.lognormal(size=64), 1 + random.lognormal(size=64)
    assert difference_of_bests(better, worse, of=16).high < 0
    assert difference_of_bests(worse, better, of=16).low > 0


def test_intervals_of_few_values_are_those_of_student_and_welch(random):
    ours, theirs = random.normal(3, 1, 5), random.normal(2, 4, 9)
    found = mean_interval(ours, 0.9)
    expected = stats.t.interval(0.9, 4, loc=ours.mean(), scale=stats.sem(ours))
    assert (found.low, found.high) == pytest.approx(expected)
    between = difference_interval(ours, theirs)
    expected = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval()
    assert (between.low, between.high) == pytest.approx((expected.low, expected.high))
    assert between.estimate == pytest.approx(ours.mean() - theirs.mean())
    for few in (mean_interval, deviation_interval, partial(difference_interval, ours)):
        with pytest.raises(ValueError, match="two or more"):
            few(ours[:1])


def test_the_interval_of_a_standard_deviation_holds_it_as_often_as_it_says(random):
    found = [deviation_interval(values) for values in random.normal(5, 2, (2000, 4))]
    assert np.mean([one.low <= 2 <= one.high for one in found]) == pytest.approx(0.95, abs=0.015)
    assert all(one.low < one.estimate < one.high for one in found)


def test_alike_values_differ_by_nothing():
    assert difference_interval(np.ones(3), np.ones(3)).high == 0
