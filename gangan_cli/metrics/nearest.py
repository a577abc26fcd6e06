"""The nearest reference of each query, as in a search for memorised training images."""

import numpy as np
from numpy.typing import NDArray

from gangan_cli.metrics import pairwise

CANDIDATES = 4
"""References per query that are measured in float64: the distances that select them are float32."""


def nearest(
    queries: NDArray[np.float32], references: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the nearest of references (m, d) to queries (n, d): Euclidean distances and indices (n,).

    If several are equally near, it is the first of them; if more than CANDIDATES are, any of them.

    Raises:
        ValueError: an empty set, rows of different lengths or not finite.
    """
    queries, references = (
        pairwise.checked(queries, "queries"),
        pairwise.checked(references, "references"),
    )
    pairwise.same_width(queries, references, "queries and references")
    distances, indices = np.empty(len(queries)), np.empty(len(queries), np.int64)
    few = min(CANDIDATES, len(references))
    for place, squares in pairwise.squared_distances(queries, references):
        likely = squares.topk(few, largest=False).indices.sort(dim=1).values.numpy()
        apart = queries[place, None].astype(np.float64) - references[likely]
        direct = np.sqrt(np.square(apart).sum(axis=2))
        best = direct.argmin(axis=1)[:, None]
        distances[place] = np.take_along_axis(direct, best, 1)[:, 0]
        indices[place] = np.take_along_axis(likely, best, 1)[:, 0]
    return distances, indices
