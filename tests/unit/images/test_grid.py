import numpy as np
import pytest

from gangan_cli.images.grid import shrink, tile


def pictures(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def test_half_the_size_takes_the_mean_of_each_square_of_four_pixels():
    images = pictures(0, 3, 28, 28)
    means = images.reshape(3, 14, 2, 14, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(shrink(images, 14, 14), means, atol=0.51)


def test_the_same_size_leaves_pictures_as_they_are():
    images = pictures(0, 2, 28, 20)
    assert np.array_equal(shrink(images, 28, 20), images)


@pytest.mark.parametrize(("height", "width"), [(20, 20), (10, 14), (28, 9), (1, 1), (40, 33)])
def test_each_picture_keeps_its_mean_in_any_size(height, width):
    images = pictures(1, 4, 28, 28) // np.array([1, 2, 4, 8], np.uint8)[:, None, None]
    small = shrink(images, height, width)
    assert small.shape == (4, height, width)
    assert small.dtype == np.uint8
    np.testing.assert_allclose(small.mean(axis=(1, 2)), images.mean(axis=(1, 2)), atol=0.51)


def test_a_pixel_is_shared_by_those_it_lies_in():
    edge = np.array([[[0, 0, 255, 0, 0]]], np.uint8)
    assert shrink(edge, 1, 2).tolist() == [[[51, 51]]]
    assert shrink(edge, 1, 3).tolist() == [[[0, 153, 0]]]


def test_white_stays_white():
    assert (shrink(np.full((1, 28, 28), 255, np.uint8), 20, 9) == 255).all()


@pytest.mark.parametrize(("gap", "ground"), [(1, 255), (3, 0), (0, 255)])
def test_each_picture_lies_in_its_place_with_ground_between(gap, ground):
    images = pictures(2, 2, 3, 5, 4) // 2
    sheet = tile(images, gap, ground)
    assert sheet.shape == (2 * 5 + gap, 3 * 4 + 2 * gap)
    for row in range(2):
        for column in range(3):
            top, left = row * (5 + gap), column * (4 + gap)
            assert np.array_equal(sheet[top : top + 5, left : left + 4], images[row, column])
            sheet[top : top + 5, left : left + 4] = ground
    assert (sheet == ground).all()
