import numpy as np
import pytest

from gangan_cli.metrics.spots import white_spots


def test_a_bright_pixel_by_itself_is_a_spot_and_a_stroke_is_none():
    image = np.zeros((4, 7), np.uint8)
    image[0, 0] = 255  # in a corner
    image[2, 3] = 128
    image[1, 6] = image[2, 6] = 255
    assert white_spots(image[None]).tolist() == [2]


def test_what_touches_it_must_be_dark():
    image = np.zeros((3, 3), np.uint8)
    image[1, 1] = 255
    for row, column in np.ndindex(3, 3):
        if (row, column) != (1, 1):
            near = image.copy()
            near[row, column] = 25
            dim = image.copy()
            dim[row, column] = 26
            assert white_spots(np.stack([near, dim])).tolist() == [1, 0]


def test_grey_is_not_bright():
    image = np.zeros((2, 3, 3), np.uint8)
    image[:, 1, 1] = 127, 128
    assert white_spots(image).tolist() == [0, 1]


def test_it_is_the_definition_pixel_by_pixel(random):
    images = random.choice(np.array([0, 20, 60, 200], np.uint8), (20, 9, 8), p=[0.6, 0.3, 0.02, 0.08])
    counts = []
    for image in images / 255:
        alone = 0
        for row, column in np.ndindex(image.shape):
            around = image[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
            alone += image[row, column] > 0.5 and (around >= 0.1).sum() == 1
        counts.append(alone)
    assert white_spots(images).tolist() == counts and sum(counts) > 20


@pytest.mark.parametrize("images", [np.zeros((3, 784), np.uint8), np.zeros((3, 28, 28))])
def test_what_are_no_grey_images_of_bytes_is_refused(images):
    with pytest.raises(ValueError, match="images must be bytes"):
        white_spots(images)
