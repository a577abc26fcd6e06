"""The nearest reference of each query, as in a search for memorised training images."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gangan_cli.metrics import pairwise
from gangan_cli.threads import in_threads

CANDIDATES = 4
"""References per query that are measured in float64: the distances that select them are float32."""

AT_ONCE = 2000
"""References at a time, for as many queries as fit in a block."""


def nearest(
    queries: NDArray[np.generic], references: NDArray[np.generic]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the nearest of references (m, d) to queries (n, d): Euclidean distances and indices (n,).

    Bytes stay bytes: 60,000 images are 47 MB, and would be 188 as float32. If several are equally near,
    it is the first of them; if more than CANDIDATES are, any of them.

    Raises:
        ValueError: an empty set, rows of different lengths or not finite.
    """
    asked, known = _checked(queries, "queries"), _checked(references, "references")
    pairwise.same_width(asked, known, "queries and references")

    def few(first: int) -> tuple[Tensor, Tensor]:
        """Return squared distances to the nearest few of a part of the references, and these."""
        part = known[first : first + AT_ONCE].astype(np.float32, copy=False)
        count = min(CANDIDATES, len(part))
        parts = pairwise.of_blocks(lambda _, squares: squares.topk(count, largest=False), asked, part)
        squares, indices = (torch.cat(found) for found in zip(*parts, strict=True))
        return squares, first + indices

    squares, indices = (
        torch.cat(found, dim=1)
        for found in zip(*in_threads(few, range(0, len(known), AT_ONCE)), strict=True)
    )
    order = squares.topk(min(CANDIDATES, len(known)), largest=False).indices
    likely = indices.gather(1, order).sort(dim=1).values.numpy()
    distances, closest = np.empty(len(asked)), np.empty(len(asked), np.int64)
    for place in pairwise.blocks(len(asked), 2 * likely.shape[1] * asked.shape[1]):
        apart = asked[place, None].astype(np.float64) - known[likely[place]]
        direct = np.sqrt(np.square(apart).sum(axis=2))
        best = direct.argmin(axis=1)[:, None]
        distances[place] = np.take_along_axis(direct, best, 1)[:, 0]
        closest[place] = np.take_along_axis(likely[place], best, 1)[:, 0]
    return distances, closest


def _checked(array: NDArray[np.generic], name: str) -> pairwise.Matrix | pairwise.Bytes:
    if array.dtype == np.uint8 and array.ndim == 2 and array.size:
        return array.view(np.uint8)
    return pairwise.checked(array, name)
