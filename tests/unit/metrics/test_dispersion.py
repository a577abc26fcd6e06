import numpy as np
import pytest
from scipy.spatial.distance import pdist

from gangan_cli.metrics.dispersion import Spread, dispersion


def trajectories(random, gans, epochs=10, dimensions=6):
    """Return codes of snapshots, which scatter little around each GAN's own place, and their GANs."""
    places = random.standard_normal((gans, 1, dimensions))
    codes = places + 0.1 * random.standard_normal((gans, epochs, dimensions))
    return codes.reshape(-1, dimensions), np.repeat(np.arange(gans), epochs)


def test_mean_distances_by_hand(random):
    samples = random.standard_normal((12, 3))
    training = Spread(np.array([[0.0], [1], [10], [14]]), np.array([5, 5, 2, 2]))
    found = dispersion(Spread(samples), Spread(random.standard_normal((20, 3)) * 5))
    assert 0.1 < found.low < found.estimate < found.high < 0.4
    # 10, 14, 9 and 13; those of one GAN, 1 and 4, do not count.
    mean = dispersion(Spread(np.array([[0.0], [2], [5]])), training).estimate
    assert mean == pytest.approx(np.mean([2, 5, 3]) / np.mean([10, 14, 9, 13]))
    assert dispersion(Spread(samples), Spread(samples * 2)).estimate == pytest.approx(1 / 2)
    assert Spread(samples).mean(np.ones((1, 12), int))[0] == pytest.approx(pdist(samples).mean())


def test_a_gan_drawn_twice_is_not_two(random):
    codes, gans = trajectories(random, 5)
    times = np.array([[2, 0, 1, 1, 1]])
    repeated = np.concatenate([np.flatnonzero(gans == gan) for gan in (0, 0, 2, 3, 4)])
    apart = np.linalg.norm(codes[repeated][:, None] - codes[repeated], axis=2)
    other = gans[repeated][:, None] != gans[repeated]
    assert Spread(codes, gans).mean(times)[0] == pytest.approx(apart[other].mean())


def test_new_gans_are_spread_like_gans_and_collapsed_ones_are_not(random):
    covered = 0
    for _ in range(40):
        training = Spread(*trajectories(random, 25))
        new = trajectories(random, 64, epochs=1)[0]
        found = dispersion(Spread(new), training)
        covered += found.low <= 1 <= found.high
        assert dispersion(Spread(0.5 * new), training).high < 0.7
    print(f"intervals that cover 1: {covered / 40:.2f} (nominal 0.95)")
    assert covered >= 34


def test_bad_codes_are_refused(random):
    good = Spread(random.standard_normal((5, 3)))
    with pytest.raises(ValueError, match="codes of 3 and 2 numbers"):
        dispersion(good, Spread(random.standard_normal((5, 2))))
    with pytest.raises(ValueError, match="at least two"):
        Spread(np.ones((4, 2)), np.zeros(4, int))
    with pytest.raises(ValueError, match="finite"):
        Spread(np.full((4, 2), np.nan))
    with pytest.raises(ValueError, match="with a GAN for each"):
        Spread(np.ones((4, 2)), np.arange(3))
