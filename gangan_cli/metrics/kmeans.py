"""Centroids of k-means by minibatches (Sculley, "Web-scale k-means clustering", 2010)."""

import numpy as np
import torch
from numpy.typing import NDArray

from gangan_cli.metrics import pairwise

BATCH = 1000


def centroids(
    rows: NDArray[np.generic], count: int, *, passes: int = 3, seed: int = 0
) -> pairwise.Matrix:
    """Return `count` centroids (count, d) of rows (n, d), after so many passes over them.

    They begin as random rows, without repeats. Each batch moves a centroid to the mean of all rows that
    were ever assigned to it, its first one included; one that none came to stays as it was.

    Raises:
        ValueError: fewer rows than centroids, or rows that are not finite.
    """
    points = pairwise.checked(rows, "rows", least=count)
    random = np.random.default_rng(seed)
    centres = points[random.permutation(len(points))[:count]].copy()
    members = np.ones(count)
    for _ in range(passes):
        order = random.permutation(len(points))
        for first in range(0, len(order), BATCH):
            batch = points[order[first : first + BATCH]]
            parts = pairwise.of_blocks(lambda _, squares: squares.argmin(dim=1), batch, centres)
            chosen, place = np.unique(torch.cat(parts).numpy(), return_inverse=True)
            sums = np.zeros((len(chosen), points.shape[1]))
            np.add.at(sums, place, batch)
            added = np.bincount(place)
            total = centres[chosen] * members[chosen, None] + sums
            members[chosen] += added
            centres[chosen] = total / members[chosen, None]
    return centres
