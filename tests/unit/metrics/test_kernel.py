import numpy as np
import pytest

from gangan_cli.metrics.kernel import kernel_distance


def test_two_points_each_by_hand():
    real, fake = np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]])
    found = kernel_distance(real, fake, subsets=2, size=2)
    # Kernels (xy + 1)³: within 0·1 and 1·2, between 0·1, 0·2, 1·1, 1·2.
    assert found.distance == pytest.approx(1 + 27 - 2 * (1 + 1 + 8 + 27) / 4)


def test_subsets_are_those_of_the_definition(features):
    real, fake = features(60), features(50, 0.3)
    found = kernel_distance(real, fake, subsets=7, size=20, seed=5)
    random, each = np.random.default_rng(5), []
    rows = [[random.choice(len(part), 20, replace=False) for _ in range(7)] for part in (real, fake)]
    for of_real, of_fake in zip(*rows, strict=True):
        x, y = real[of_real].astype(np.float64), fake[of_fake].astype(np.float64)
        xx, yy, xy = ((a @ b.T / 32 + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
        within = (xx.sum() - np.trace(xx) + yy.sum() - np.trace(yy)) / (20 * 19)
        each.append(within - 2 * xy.mean())
    assert found.distance == pytest.approx(np.mean(each), rel=1e-5)
    assert found.std == pytest.approx(np.std(each), rel=1e-5)
    assert found.standard_error == pytest.approx(np.std(each) / 7**0.5, rel=1e-5)


def test_without_bias_halves_of_one_set_are_0_apart(features):
    found = [kernel_distance(features(100), features(100), subsets=20, size=50) for _ in range(40)]
    distances = np.array([one.distance for one in found])
    assert abs(distances.mean()) < 3 * distances.std() / 40**0.5
    assert (distances < 0).any()


def test_blocks_do_not_matter_and_the_seed_does(features, small_blocks):
    real, fake = features(100), features(90, 0.2)
    whole = kernel_distance(real, fake, size=30)
    other = kernel_distance(real, fake, size=30, seed=1)
    small_blocks()
    parts = kernel_distance(real, fake, size=30)
    assert parts.distance == pytest.approx(whole.distance, rel=1e-5)
    assert parts.std == pytest.approx(whole.std, rel=1e-5)
    assert other.distance != whole.distance


def test_bad_input_is_refused(features):
    good, bad = features(20), features(20)
    bad[0, 0] = np.inf
    with pytest.raises(ValueError, match="fake features must have at least 20 rows, not 1"):
        kernel_distance(good, good[:1], size=20)
    with pytest.raises(ValueError, match="real features must have at least 1000 rows, not 20"):
        kernel_distance(good, good)
    with pytest.raises(ValueError, match="fake features: 1 of 20 rows hold NaN or infinity"):
        kernel_distance(good, bad, size=5)
    with pytest.raises(ValueError, match="have 32 and 30 columns"):
        kernel_distance(good, good[:, 2:], size=5)
    with pytest.raises(ValueError, match="1 subsets of 5"):
        kernel_distance(good, good, subsets=1, size=5)
