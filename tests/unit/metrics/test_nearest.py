import numpy as np
import pytest
from scipy.spatial import distance

from gangan_cli.metrics.nearest import nearest


def test_it_finds_what_a_search_of_all_finds(random, small_blocks):
    queries, references = (random.random((count, 50)).astype(np.float32) for count in (40, 100))
    direct = distance.cdist(queries.astype(np.float64), references.astype(np.float64))
    for _ in range(2):
        distances, indices = nearest(queries, references)
        assert np.array_equal(indices, direct.argmin(axis=1))
        assert np.allclose(distances, direct.min(axis=1), rtol=1e-12)
        assert (distances.dtype, indices.dtype) == (np.float64, np.int64)
        small_blocks()


def test_a_memorised_image_is_at_distance_0(random):
    images = random.random((30, 784)).astype(np.float32)
    distances, indices = nearest(images[[7, 3]], images)
    assert distances.tolist() == [0, 0]
    assert indices.tolist() == [7, 3]


def test_tiny_distances_far_from_the_origin_are_told_apart():
    references = np.float32(1000) + np.arange(4, dtype=np.float32)[:, None] * np.float32([2**-13, 0])
    distances, indices = nearest(references[2:3] + np.float32([0, 2**-12]), references)
    assert indices.tolist() == [2]
    assert distances.tolist() == [2**-12]


def test_of_few_equals_the_first_is_named():
    references = np.array([[5.0, 0], [1, 0], [0, 1], [1, 0], [0, -1]])
    assert nearest(np.zeros((1, 2)), references)[1].tolist() == [1]


def test_many_equals_do_not_hide_the_distance():
    distances, indices = nearest(np.full((1, 3), 0.7), np.full((50, 3), 0.1))
    assert distances[0] == pytest.approx(0.6 * 3**0.5, rel=1e-6)
    assert 0 <= indices[0] < 50


def test_one_reference_is_enough():
    distances, indices = nearest(np.array([[3.0, 4.0]]), np.zeros((1, 2)))
    assert (distances.tolist(), indices.tolist()) == ([5], [0])


def test_bad_input_is_refused(random):
    good, bad = random.random((5, 3)), random.random((5, 3))
    bad[2] = np.inf
    with pytest.raises(ValueError, match="references must have at least 1 rows, not 0"):
        nearest(good, good[:0])
    with pytest.raises(ValueError, match="queries: 1 of 5 rows hold NaN or infinity"):
        nearest(bad, good)
    with pytest.raises(ValueError, match="queries and references have 3 and 2 columns"):
        nearest(good, good[:, 1:])


def test_bytes_are_searched_as_numbers(random):
    queries, references = (random.integers(0, 256, (count, 50), np.uint8) for count in (40, 5000))
    direct = distance.cdist(queries.astype(np.float64), references.astype(np.float64))
    distances, indices = nearest(queries, references)
    assert np.array_equal(indices, direct.argmin(axis=1))
    assert np.allclose(distances, direct.min(axis=1), rtol=1e-12)
