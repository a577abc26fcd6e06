"""White spots: bright pixels by themselves, the noise of which GANs with dense layers are accused."""

import numpy as np
from numpy.typing import NDArray

BRIGHT, DARK = 0.5, 0.1
"""A spot is brighter than BRIGHT, and its eight neighbours are darker than DARK, where white is 1."""


def white_spots(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the white spots (n,) of grey images (n, height, width) of 0 to 255.

    Outside of an image it is dark.

    Raises:
        ValueError: they are no such images.
    """
    if images.ndim != 3 or images.dtype != np.uint8:
        raise ValueError(f"images must be bytes (n, height, width), not {images.dtype} {images.shape}")
    _, height, width = images.shape
    not_dark = np.pad(images >= 255 * DARK, ((0, 0), (1, 1), (1, 1)))
    alone = images > 255 * BRIGHT
    for down in range(3):
        for right in range(3):
            if (down, right) != (1, 1):
                alone &= ~not_dark[:, down : down + height, right : right + width]
    counts: NDArray[np.int64] = alone.sum(axis=(1, 2))
    return counts
