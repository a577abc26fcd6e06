import numpy as np
import pytest
from scipy import special

from gangan_cli.metrics.parzen import SIGMAS, log_likelihoods, parzen


def test_the_widths_are_those_of_the_released_script():
    given = (0.1, 0.1292, 0.1668, 0.2154, 0.2783, 0.3594, 0.4642, 0.5995, 0.7743, 1.0)
    assert pytest.approx(given, abs=5e-5) == SIGMAS


def test_one_sample_makes_one_peak(random):
    image = random.random((1, 784)).astype(np.float32)
    found = parzen(image, image, image)
    assert found.sigma == SIGMAS[0]
    assert found.log_likelihood == -784 * np.log(SIGMAS[0] * np.sqrt(2 * np.pi))
    assert (found.standard_error, found.samples) == (0, 1)


def test_it_tends_to_minus_the_entropy_of_a_normal_distribution(random):
    samples, validation, test = (random.normal(0.5, 2, (count, 1)) for count in (5000, 500, 5000))
    found = parzen(samples, validation, test)
    entropy = np.log(2 * np.sqrt(2 * np.pi * np.e))
    assert found.log_likelihood == pytest.approx(-entropy, abs=0.02 + 3 * found.standard_error)
    assert found.standard_error == pytest.approx(0.5**0.5 / 5000**0.5, rel=0.1)


def test_it_is_the_formula_in_float64_at_the_size_of_images(random):
    samples, rows = (random.random((count, 784)).astype(np.float32) for count in (70, 40))
    squares = ((rows[:, None].astype(np.float64) - samples) ** 2).sum(axis=2)
    for sigma, found in zip(SIGMAS, log_likelihoods(rows, samples, SIGMAS), strict=True):
        peaks = special.logsumexp(-squares / (2 * sigma**2), axis=1) - np.log(70)
        direct = peaks - 784 * np.log(sigma * np.sqrt(2 * np.pi))
        assert np.abs(found - direct).max() < 2e-3


def test_far_rows_are_unlikely_not_impossible():
    far, origin = np.full((1, 784), 1e3, np.float32), np.zeros((4, 784), np.float32)
    found = log_likelihoods(far, origin, (0.1,))
    assert found[0, 0] == pytest.approx(-784 * 1e6 / 0.02, rel=1e-5)


def test_the_width_comes_from_validation_alone(random):
    samples = np.zeros((1, 2))
    near, far = 0.15 * random.standard_normal((400, 2)), random.standard_normal((400, 2))
    assert parzen(samples, near, far).sigma < 0.2
    assert parzen(samples, far, near).sigma > 0.7
    assert parzen(samples, far, near, sigmas=(0.3,)).sigma == 0.3


def test_blocks_do_not_matter(random, small_blocks):
    samples, validation, test = (random.random((count, 30)) for count in (100, 20, 50))
    whole = parzen(samples, validation, test)
    small_blocks()
    parts = parzen(samples, validation, test)
    assert parts.sigma == whole.sigma
    assert parts.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-6)
    assert parts.standard_error == pytest.approx(whole.standard_error, rel=1e-4)


def test_bad_input_is_refused(random):
    good, bad = random.random((5, 3)), random.random((5, 3))
    bad[0, 0] = np.nan
    with pytest.raises(ValueError, match="samples must have at least 1 rows, not 0"):
        parzen(good[:0], good, good)
    with pytest.raises(ValueError, match="test: 1 of 5 rows hold NaN"):
        parzen(good, good, bad)
    with pytest.raises(ValueError, match="samples and validation have 3 and 2 columns"):
        parzen(good, good[:, 1:], good)
    with pytest.raises(ValueError, match="widths must be above 0"):
        parzen(good, good, good, sigmas=(0.1, 0.0))
