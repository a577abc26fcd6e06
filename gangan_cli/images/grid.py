"""Pictures of digits as one picture: grey values, sizes, and the gaps between them."""

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

COLOURS = 3
"""Length of the last axis of pictures in colour."""


def shades(images: NDArray[np.float32]) -> Bytes:
    """Return pictures in [-1, 1] as bytes: grey values, or those of each colour."""
    found: Bytes = np.clip((images + 1) * 127.5, 0, 255).round().astype(np.uint8)
    return found


def grey(images: NDArray[np.float32]) -> Bytes:
    """Return pictures (n, height, width) in [-1, 1], or in colour (n, height, width, 3), as grey
    values 0 to 255: of colours how bright they look (ITU-R BT.601)."""
    if images.shape[-1] == COLOURS:
        images = images @ np.array([0.299, 0.587, 0.114], np.float32)
    return shades(images)


def tile(images: Bytes, gap: int = 1, ground: int = 255) -> Bytes:
    """Return pictures (rows, columns, height, width, ...) as one, `gap` pixels of `ground` between."""
    rows, columns, height, width, *colours = images.shape
    size = rows * (height + gap) - gap, columns * (width + gap) - gap
    sheet = np.full((*size, *colours), ground, np.uint8)
    for row in range(rows):
        for column in range(columns):
            top, left = row * (height + gap), column * (width + gap)
            sheet[top : top + height, left : left + width] = images[row, column]
    return sheet


def shrink(images: Bytes, height: int, width: int) -> Bytes:
    """Return pictures (n, H, W) as (n, height, width), each pixel the mean of the area it stands for."""
    if images.shape[1:] == (height, width):
        return images
    down, across = _shares(images.shape[1], height), _shares(images.shape[2], width)
    means: Bytes = (down @ images @ across.T).round().astype(np.uint8)
    return means


def _shares(before: int, after: int) -> NDArray[np.float32]:
    """Return (after, before): how much of each old pixel lies in each new one, rows summing to 1."""
    edges = np.arange(after + 1) * (before / after)
    low, high = edges[:-1, None], edges[1:, None]
    pixels = np.arange(before)
    overlap = np.minimum(high, pixels + 1) - np.maximum(low, pixels)
    shares: NDArray[np.float32] = (np.maximum(overlap, 0) * (after / before)).astype(np.float32)
    return shares
