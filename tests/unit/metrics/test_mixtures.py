import numpy as np
import pytest

from gangan_cli.metrics.mixtures import residuals_to_hull


def inner(vectors, snapshots):
    """Return what is known of them: products, squares and the Gram matrix."""
    return vectors @ snapshots.T, np.square(vectors).sum(axis=1), snapshots @ snapshots.T


def by_least_squares(vector, points):
    """Return the distance of a vector to the affine hull of points (k, d)."""
    differences = (points[1:] - points[0]).T
    weights = np.linalg.lstsq(differences, vector - points[0], rcond=None)[0]
    return np.linalg.norm(vector - points[0] - differences @ weights)


def brute_force(vector, snapshots, gans, k):
    """Return both residuals, one GAN and one vector at a time."""
    apart = np.linalg.norm(snapshots - vector, axis=1)
    of_one, nearest = [], []
    for gan in np.unique(gans):
        rows = np.flatnonzero(gans == gan)
        rows = rows[np.argsort(apart[rows])]
        of_one.append(by_least_squares(vector, snapshots[rows[:k]]))
        nearest.append(rows[0])
    nearest = sorted(nearest, key=lambda row: apart[row])[:k]
    choices = nearest, pursued(vector, snapshots, gans, k)
    return min(of_one), min(by_least_squares(vector, snapshots[rows]) for rows in choices)


def pursued(vector, snapshots, gans, k):
    """Return snapshots of k GANs by orthogonal matching pursuit."""
    directions, left, rows = snapshots / np.linalg.norm(snapshots, axis=1, keepdims=True), vector, []
    for _ in range(min(k, len(np.unique(gans)))):
        like = np.abs(directions @ left)
        like[np.isin(gans, gans[rows])] = -1
        rows.append(int(like.argmax()))
        left = vector - snapshots[rows].T @ np.linalg.lstsq(snapshots[rows].T, vector, rcond=None)[0]
    return rows


@pytest.fixture
def walks(random):
    """Snapshots of 9 GANs × 20 epochs in 50 dimensions, and each one's GAN."""
    paths = random.standard_normal((9, 1, 50)) + np.cumsum(
        0.1 * random.standard_normal((9, 20, 50)), axis=1
    )
    return paths.reshape(-1, 50), np.repeat(np.arange(9) * 3, 20)


def test_it_is_brute_forces_least_squares_up_to_rounding(random, walks):
    snapshots, gans = walks
    vectors = snapshots[random.integers(180, size=30)] + 0.2 * random.standard_normal((30, 50))
    found = residuals_to_hull(*inner(vectors, snapshots), gans)
    for place, k in enumerate(found.of):
        expected = np.array([brute_force(vector, snapshots, gans, k) for vector in vectors])
        np.testing.assert_allclose(found.of_one[place], expected[:, 0], rtol=1e-9)
        np.testing.assert_allclose(found.of_several[place], expected[:, 1], rtol=1e-9)


def test_a_gan_that_is_left_out_might_as_well_not_be_there(random, walks):
    snapshots, gans = walks
    rows = random.permutation(180)[:40]
    vectors, own = snapshots[rows], gans[rows]
    found = residuals_to_hull(*inner(vectors, snapshots), gans, own=own)
    for number, (vector, gan) in enumerate(zip(vectors, own, strict=True)):
        left = gans != gan
        for place, k in enumerate(found.of):
            expected = brute_force(vector, snapshots[left], gans[left], k)
            mine = found.of_one[place, number], found.of_several[place, number]
            assert mine == pytest.approx(expected, rel=1e-9)
    assert (residuals_to_hull(*inner(vectors, snapshots), gans).of_one < 1e-6).all()


def test_averages_and_interpolations_lie_in_the_hull(random, walks):
    snapshots, gans = walks
    paths = snapshots.reshape(9, 20, 50)
    between = 0.3 * paths[2, 4] + 0.7 * paths[2, 5]
    average, across = paths[4, 6:10].mean(axis=0), 0.6 * paths[1, 3] + 0.4 * paths[7, 3]
    new = random.standard_normal(50)
    found = residuals_to_hull(*inner(np.stack([between, average, across, new]), snapshots), gans)
    assert (found.of_one[:, 0] < 1e-6).all()
    assert (found.of_one[1:, 1] < 1e-6).all()
    assert found.of_one[0, 1] > 0.1
    # One step off: the snapshots that it is made of are not among the nearest.
    assert (found.of_several[:, 2] < 0.2 * found.of_several[:, 3]).all()
    assert (found.of_one[:, 2] > 3).all()


def test_fewer_snapshots_or_gans_than_asked_for_are_all_mixed(random, walks):
    snapshots, _ = walks
    gans = np.repeat(np.arange(60), 3)
    found = residuals_to_hull(*inner(snapshots[:5] + 0.1, snapshots), gans)
    np.testing.assert_array_equal(found.of_one[1], found.of_one[2])
    alone = np.arange(180)
    found = residuals_to_hull(*inner(snapshots[:5] + 0.1, snapshots), alone, of=(1, 2))
    assert found.of_one[0] == pytest.approx(np.full(5, 0.1 * 50**0.5))
    np.testing.assert_array_equal(found.of_one[0], found.of_one[1])
    three = np.repeat([0, 1, 2], 60)
    found = residuals_to_hull(*inner(snapshots, snapshots), three, of=(2, 8), own=three)
    assert (found.of_several[1] <= found.of_several[0] + 1e-9).all()


def test_equal_snapshots_and_those_on_a_line_do_no_harm(random):
    line = np.arange(20.0)[:, None] * np.ones(30)
    line[10:] = line[9]
    vector = np.zeros((1, 30))
    vector[0, 0] = 3
    found = residuals_to_hull(*inner(vector, line), np.zeros(20, int))
    assert found.of_one[:, 0] == pytest.approx(np.full(3, (9 - 9 / 30) ** 0.5))


def test_parts_do_not_matter(random, walks, monkeypatch):
    snapshots, gans = walks
    vectors = snapshots[:40] + 0.1
    whole = residuals_to_hull(*inner(vectors, snapshots), gans, own=gans[:40])
    monkeypatch.setattr("gangan_cli.metrics.mixtures.AT_ONCE", 7)
    parts = residuals_to_hull(*inner(vectors, snapshots), gans, own=gans[:40])
    np.testing.assert_allclose(parts.of_one, whole.of_one)
    np.testing.assert_allclose(parts.of_several, whole.of_several)


def test_bad_input_is_refused(walks):
    snapshots, gans = walks
    products, squares, gram = inner(snapshots[:3], snapshots)
    with pytest.raises(ValueError, match="3 × 180, which do not fit"):
        residuals_to_hull(products, squares[:2], gram, gans)
    with pytest.raises(ValueError, match="at least one snapshot"):
        residuals_to_hull(products, squares, gram, gans, of=(0, 2))
    with pytest.raises(ValueError, match="nothing to mix"):
        residuals_to_hull(products, squares, gram, np.zeros(180, int), own=np.zeros(3, int))
