import numpy as np
import pytest
import torch
from scipy import linalg

from gangan_cli.metrics.frechet import Moments, Reference, frechet_distance, moments


def by_the_book(a, b):
    """The formula with the root of the matrix itself, in float64."""
    root = linalg.sqrtm(a.covariance @ b.covariance).real
    return np.square(a.mean - b.mean).sum() + np.trace(a.covariance + b.covariance - 2 * root)


def test_it_agrees_with_the_root_of_the_matrix(random):
    a, b = (random.standard_normal((500, 24)) @ random.standard_normal((24, 24)) for _ in range(2))
    a, b = moments(a), moments(b)
    assert frechet_distance(a, b) == pytest.approx(by_the_book(a, b), rel=1e-8)
    assert frechet_distance(b, a) == pytest.approx(by_the_book(a, b), rel=1e-8)


def test_normal_distributions_along_axes_have_a_formula():
    a = Moments(np.array([1.0, 2.0]), 10, np.diag([4.0, 9.0]))
    b = Moments(np.array([4.0, 6.0]), 10, np.diag([1.0, 0.0]))
    assert frechet_distance(a, b) == pytest.approx(25 + (2 - 1) ** 2 + 9)
    assert frechet_distance(b, a) == pytest.approx(25 + (2 - 1) ** 2 + 9)


def test_moments_are_unbiased_and_do_not_depend_on_blocks(features, small_blocks):
    drawn = features(100)
    whole = moments(drawn)
    small_blocks()
    parts = moments(drawn)
    assert whole.count == 100
    assert np.allclose(whole.covariance, np.cov(drawn.T.astype(np.float64)), atol=1e-12)
    assert np.allclose(parts.covariance, whole.covariance, atol=1e-12)
    assert np.array_equal(parts.mean, whole.mean)


@pytest.mark.parametrize("count", [2, 20, 300])
def test_resampled_moments_are_those_of_rows_drawn_with_repeats(features, count):
    drawn = features(count)
    draws = np.random.default_rng(3).integers(count, size=count)
    rows, found = drawn[draws], moments(drawn, np.bincount(draws, minlength=count))
    assert found.count == count
    assert np.allclose(found.mean, moments(rows).mean)
    assert np.allclose(found.covariance, moments(rows).covariance, atol=1e-6)
    near = Reference(moments(features(400)))
    assert near.distance(found) == pytest.approx(near.distance(moments(rows)), rel=1e-5)


@pytest.mark.parametrize("count", [2, 10, 300])
def test_a_set_is_not_far_from_itself_even_if_smaller_than_its_features(features, count):
    own = moments(features(count))
    assert 0 <= frechet_distance(own, own) < 1e-6 * np.trace(own.covariance)


def test_sets_of_one_point_each_are_as_far_as_the_points():
    a, b = (moments(np.full((5, 3), value, np.float32)) for value in (1, 3))
    assert frechet_distance(a, b) == 12


def test_a_reference_gives_the_same_and_keeps_the_number_of_threads(features):
    a, b, threads = moments(features(100)), moments(features(100)), torch.get_num_threads()
    assert Reference(a).distance(b) == frechet_distance(a, b) == frechet_distance(Reference(a), b)
    assert torch.get_num_threads() == threads


def test_one_image_is_refused(features):
    with pytest.raises(ValueError, match="features must have at least 2 rows, not 1"):
        moments(features(1))


def test_values_that_are_not_finite_are_refused(features):
    drawn = features(10)
    drawn[3, 4] = np.nan
    with pytest.raises(ValueError, match="features: 1 of 10 rows hold NaN"):
        moments(drawn)


def test_other_features_are_refused(features):
    with pytest.raises(ValueError, match="the two sets of features have 32 and 31 columns"):
        frechet_distance(moments(features(10)), moments(features(10)[:, 1:]))


def test_arrays_that_may_not_be_written_do(features):
    drawn = features(10)
    drawn.flags.writeable = False
    own = moments(drawn)
    own.covariance.flags.writeable = False
    assert frechet_distance(own, own) < 1e-6


def test_of_few_vectors_it_is_the_same_as_by_their_covariance():
    random = np.random.default_rng(3)
    of_many, of_few = (random.random((n, 60)).astype(np.float32) for n in (500, 20))
    few = moments(of_few)
    assert few.factor.shape == (20, 60)
    np.testing.assert_allclose(few.covariance, np.cov(of_few.astype(np.float64).T), rtol=1e-6)
    by_covariance = Moments(few.mean, few.count, few.covariance)
    reference = Reference(moments(of_many))
    # Of the covariance's forty eigenvalues that are zero but for rounding, the roots are summed too.
    assert reference.distance(few) == pytest.approx(reference.distance(by_covariance), rel=1e-6)


@pytest.mark.parametrize(
    ("count", "shift", "within"),
    [(256, 0.0, 0.5), (2000, 0.0, 0.5), (256, 0.5, 0.2), (2000, 0.5, 0.2)],
)
def test_its_standard_error_is_the_spread_of_independent_draws(count, shift, within):
    """Near a distance of 0, whose first derivative vanishes, it is somewhat too large."""
    random = np.random.default_rng(0)

    def draw(rows):
        base = random.standard_normal((rows, 16)) @ np.diag(np.linspace(0.2, 2, 16))
        return np.maximum(base + shift, 0).astype(np.float32)  # skewed, with some zeros

    reference = Reference(moments(np.maximum(draw(20_000) - shift, 0)))
    sets = [draw(count) for _ in range(150)]
    spread = np.std([reference.distance(moments(one)) for one in sets], ddof=1)
    errors = [reference.standard_error(one) for one in sets[:20]]
    assert np.median(errors) == pytest.approx(spread, rel=within)
    assert np.std(errors) < 0.5 * np.median(errors)
