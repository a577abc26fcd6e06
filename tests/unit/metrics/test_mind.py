"""MIND beside closed forms and brute force."""

import numpy as np
import pytest

from gangan_cli.metrics.mind import Projections, directions


def drawn(count, width=6, mean=0.0, scale=1.0, seed=0):
    random = np.random.default_rng(seed)
    return (mean + scale * random.standard_normal((count, width))).astype(np.float32)


def test_a_set_is_at_no_distance_from_itself_in_any_order():
    features = drawn(50)
    assert Projections(features).mind(Projections(features[::-1])) == 0


def test_a_shift_costs_three_times_its_square():
    """Each projection moves by u·s, whose mean square over directions is |s|² / d."""
    features, shift = drawn(400), np.array([3, 0, 0, 0, 0, 4], np.float32)
    found = Projections(features).mind(Projections(features + shift))
    assert found == pytest.approx(3 * 25, rel=0.05)  # of 1,000 directions
    exact = 3 * 6 * np.mean((directions(6) @ shift) ** 2)
    assert found == pytest.approx(exact, rel=1e-4)


def test_a_scale_costs_the_squared_difference_of_spreads():
    features = drawn(3000)
    features -= features.mean(axis=0)
    spread = np.square(directions(6) @ features.T).mean()
    assert Projections(features).mind(Projections(2 * features)) == pytest.approx(18 * spread, rel=1e-4)


@pytest.mark.parametrize(("n", "m"), [(40, 40), (40, 30), (7, 61)])
def test_it_is_the_best_transport_of_the_projections(n, m):
    one, two = drawn(n), drawn(m, mean=0.5, scale=2, seed=1)
    total = 0.0
    for u in directions(6)[:1000]:
        # As many copies of each row as make the sets equally large: then the best pairing is sorted.
        x = np.sort(np.repeat(one @ u, m))
        y = np.sort(np.repeat(two @ u, n))
        total += np.mean((x - y) ** 2)
    assert Projections(one).mind(Projections(two)) == pytest.approx(3 * 6 * total / 1000, rel=1e-4)
    assert Projections(two).mind(Projections(one)) == pytest.approx(
        Projections(one).mind(Projections(two)), rel=1e-5
    )


def test_other_widths_and_numbers_that_are_none_are_refused():
    with pytest.raises(ValueError, match="features"):
        Projections(drawn(5)).mind(Projections(drawn(5, width=3)))
    with pytest.raises(ValueError, match="features"):
        Projections(np.full((5, 3), np.nan, np.float32)).mind(Projections(drawn(5, width=3)))
