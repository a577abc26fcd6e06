import numpy as np
import pytest

from gangan_cli.metrics.prdc import Manifold, prdc


def test_points_on_a_line_by_hand():
    real = Manifold(np.array([[0.0], [1.0], [3.0], [100.0]]), k=1)
    fake = Manifold(np.array([[0.5], [2.5], [50.0]]), k=1)
    assert real.radii.tolist() == pytest.approx([1, 1, 2, 97], rel=1e-5)
    assert fake.radii.tolist() == pytest.approx([2, 2, 47.5], rel=1e-5)
    found = prdc(real, fake)
    # 0.5 lies within 0 and 1; 2.5 within 3; both, at 99.5 and 97.5, not within 100; 50 only within 100.
    assert found.precision == 1
    assert found.density == pytest.approx(4 / 3)
    # 0, 1 and 3 lie within the first two fakes; 100, at 50, not within the third.
    assert found.recall == pytest.approx(3 / 4)
    assert found.coverage == 1
    assert found.precision_error == found.coverage_error == 0
    assert found.recall_error == pytest.approx((0.75 * 0.25 / 4) ** 0.5)
    assert found.density_error == pytest.approx(np.std([2, 1, 1]) / 3**0.5)


def test_a_set_covers_itself(features):
    own = Manifold(features(100), k=5)
    found = prdc(own, own)
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    # Each lies within its own radius and those of the k - 1 whose k-th neighbour is further.
    assert found.density == pytest.approx(1)


def test_one_good_image_over_and_over_is_precise_and_covers_little(features):
    real = features(100)
    found = prdc(Manifold(real), Manifold(np.tile(real[:1], (50, 1))))
    assert found.precision == 1
    assert found.recall <= 0.01
    assert found.coverage < 0.2


def test_sets_far_apart_share_nothing(features):
    found = prdc(Manifold(features(50)), Manifold(features(60) + 100))
    assert (found.precision, found.recall, found.density, found.coverage) == (0, 0, 0, 0)


def test_blocks_do_not_matter(features, small_blocks):
    real, fake = features(100), features(90, 0.2)
    whole = prdc(Manifold(real), Manifold(fake))
    small_blocks()
    assert prdc(Manifold(real), Manifold(fake)) == whole


def test_bad_input_is_refused(features):
    good, bad = features(20), features(20)
    bad[7, 0] = np.nan
    with pytest.raises(ValueError, match="features must have at least 6 rows, not 5"):
        Manifold(good[:5])
    with pytest.raises(ValueError, match="features: 1 of 20 rows hold NaN"):
        Manifold(bad)
    with pytest.raises(ValueError, match="k = 0"):
        Manifold(good, k=0)
    with pytest.raises(ValueError, match="real and fake features have 32 and 31 columns"):
        prdc(Manifold(good), Manifold(good[:, 1:]))
    with pytest.raises(ValueError, match="neighbour 5 in one set, 3 in the other"):
        prdc(Manifold(good), Manifold(good, k=3))
