import numpy as np
import pytest
from scipy import stats

from gangan_cli.metrics.order import order_test
from tests.unit.metrics.made_up import AXIS, smooth


@pytest.mark.parametrize("scale", [0.25, 0.5, 1.0, 1.5])
def test_the_length_scale_is_that_of_the_curves(random, scale):
    found = order_test(AXIS, AXIS, others=smooth(random, scale, curves=20))
    assert found.length_scale == pytest.approx(scale, rel=0.3)
    assert found.noise <= 1e-3
    assert order_test(AXIS, AXIS, others=smooth(random, scale, 20, noise=0.5)).noise >= 0.1


def test_rho_is_spearmans_and_p_that_of_independent_values(random):
    values = random.standard_normal(16)
    found = order_test(AXIS, values, others=random.standard_normal((50, 16)))
    exact = stats.spearmanr(AXIS, values)
    assert found.rho == pytest.approx(exact.statistic)
    assert found.p == pytest.approx(exact.pvalue, abs=0.05)
    assert found.usual == pytest.approx(0.5, abs=0.05)


def test_a_smooth_rising_curve_may_be_a_random_one():
    assert order_test(AXIS, AXIS).p > 0.3
    assert order_test(AXIS, np.exp(AXIS / 2)).p > 0.1


def test_a_rising_curve_where_others_turn_is_in_order(random):
    found = order_test(AXIS, AXIS + 0.05 * AXIS**2, others=smooth(random, 0.25, curves=7))
    assert found.p < 0.01
    assert found.usual < found.rho == 1
    assert order_test(AXIS, -AXIS, others=smooth(random, 0.25, curves=7)).p < 0.01


def test_a_rough_curve_that_never_turns_is_in_order(random):
    found = [
        order_test(AXIS, np.cumsum(random.gamma(0.3, size=16)), simulations=500).p for _ in range(20)
    ]
    assert np.mean(np.array(found) < 0.05) >= 0.9


def test_values_that_are_all_alike_have_no_order():
    found = order_test(AXIS, np.full(16, 3.0))
    assert (found.rho, found.p) == (0, 1)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="5 or more positions"):
        order_test(AXIS[:4], AXIS[:4])
    with pytest.raises(ValueError, match="a value each"):
        order_test(AXIS, AXIS[:5])
    with pytest.raises(ValueError, match="finite"):
        order_test(AXIS, np.full(16, np.nan))
    with pytest.raises(ValueError, match="must differ"):
        order_test(np.zeros(16), AXIS)
