import numpy as np
import pytest
from scipy.stats import norm, wasserstein_distance

from gangan_cli.metrics.normal import (
    jensen_shannon,
    mass_outside,
    normal_quantiles,
    optimal_discriminator,
    value,
    wasserstein,
)

EDGES = np.linspace(-8, 8, 801)
X = (EDGES[1:] + EDGES[:-1]) / 2


def density(mean: float, std: float) -> np.ndarray:
    return norm(mean, std).pdf(X)


def mass(mean: float, std: float) -> np.ndarray:
    return np.diff(norm(mean, std).cdf(EDGES))


def test_quantiles_stand_for_the_distribution():
    found = normal_quantiles(4, 0.5, 10_000)
    assert found.mean() == pytest.approx(4, abs=1e-9)
    assert found.std() == pytest.approx(0.5, rel=1e-3)
    assert found[2500] == pytest.approx(norm(4, 0.5).ppf(0.25005), abs=1e-9)


def test_wasserstein_is_scipys_and_the_shift_of_a_shifted_sample():
    random = np.random.default_rng(0)
    samples = random.normal([[3.0], [4.0]], [[0.2], [2.0]], size=(2, 1000))
    expected = [wasserstein_distance(one, normal_quantiles(4, 0.5, 1000)) for one in samples]
    np.testing.assert_allclose(wasserstein(samples, 4, 0.5), expected)
    assert wasserstein(normal_quantiles(4.25, 0.5, 1000), 4, 0.5) == pytest.approx(0.25)


def test_mass_outside_counts_both_sides():
    numbers = np.array([[1.0, 3.0, 4.0, 7.0], [2.0, 6.0, 4.0, 4.0]])
    assert mass_outside(numbers, 2, 6).tolist() == [0.5, 0]


def test_the_divergence_goes_from_zero_to_log_two_and_is_symmetric():
    p, q, far = mass(4, 0.5), mass(3, 1), mass(-4, 0.1)
    assert jensen_shannon(p, p) == pytest.approx(0, abs=1e-12)
    assert jensen_shannon(p, far) == pytest.approx(np.log(2))
    assert jensen_shannon(p, q) == pytest.approx(float(jensen_shannon(q, p)))
    assert jensen_shannon(np.stack([p, q]), p).shape == (2,)


def test_mass_outside_of_the_bins_is_a_bin():
    p = mass(4, 0.5)
    assert jensen_shannon(np.zeros_like(p), p) == pytest.approx(np.log(2), abs=1e-6)


def test_at_its_optimum_the_value_is_the_divergence():
    """C(G) = -log 4 + 2 JSD (Goodfellow et al. 2014, equation 6), here of N(4, 0.5²) and N(3, 1)."""
    best = optimal_discriminator(density(4, 0.5), density(3, 1))
    real, made = (normal_quantiles(mean, std, 20_000) for mean, std in ((4, 0.5), (3, 1)))
    found = value(np.interp(real, X, best), np.interp(made, X, best))
    expected = -np.log(4) + 2 * jensen_shannon(mass(3, 1), mass(4, 0.5))
    assert found == pytest.approx(float(expected), abs=2e-3)


def test_a_discriminator_of_one_half_has_the_value_of_the_equilibrium():
    assert value(np.full(5, 0.5), np.full(7, 0.5)) == pytest.approx(-np.log(4))
    assert np.isfinite(value(np.zeros(2), np.ones(2)))


def test_the_optimum_is_one_half_where_densities_are_equal_or_nothing_lies():
    found = optimal_discriminator(np.array([0.8, 0.0, 0.0, 0.5]), np.array([0.2, 0.0, 0.3, 0.5]))
    np.testing.assert_allclose(found, [0.8, 0.5, 0, 0.5])
