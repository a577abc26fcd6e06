import numpy as np
import pytest

from gangan_cli.metrics.kmeans import centroids


def test_clusters_that_lie_apart_are_found():
    random = np.random.default_rng(0)
    middles = np.array([[0, 0], [50, 0], [0, 50]], np.float32)
    rows = (np.repeat(middles, 700, axis=0) + random.standard_normal((2100, 2))).astype(np.float32)
    # Three that begin in one cluster may stay in it; of twelve some begin in each.
    found = centroids(rows, 12)
    for middle in middles:
        assert np.linalg.norm(found - middle, axis=1).min() < 1


def test_a_centroid_is_the_mean_of_all_that_were_assigned_to_it():
    rows = np.random.default_rng(1).standard_normal((900, 3)).astype(np.float32)
    [one] = centroids(rows, 1, passes=1, seed=5)
    first = rows[np.random.default_rng(5).permutation(900)[0]]
    np.testing.assert_allclose(one, (rows.sum(axis=0) + first) / 901, rtol=1e-4, atol=1e-6)


def test_as_many_centroids_as_rows_are_the_rows():
    rows = np.random.default_rng(2).standard_normal((40, 3)).astype(np.float32)
    found = centroids(rows, 40)
    np.testing.assert_allclose(np.sort(found, axis=0), np.sort(rows, axis=0), atol=1e-5)


def test_more_passes_bring_centroids_nearer_to_the_rows():
    rows = np.random.default_rng(3).random((3000, 20)).astype(np.float32)

    def error(passes):
        found = centroids(rows, 50, passes=passes)
        return np.square(rows[:, None] - found).sum(axis=2).min(axis=1).mean()

    assert error(4) < error(1) < error(0)


def test_fewer_rows_than_centroids_are_an_error():
    with pytest.raises(ValueError, match="at least 5 rows, not 4"):
        centroids(np.zeros((4, 2), np.float32), 5)
