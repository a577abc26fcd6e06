"""Label accuracy: how often a classifier finds the requested class in a GAN's images."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Labels = NDArray[np.int64]
Probabilities = NDArray[np.float32]


@dataclass(frozen=True)
class Agreement:
    """The share of images that show the requested class, in [0, 1], and its standard error."""

    share: float
    standard_error: float


def agreement(probabilities: Probabilities, asked: Labels, *, assigned: bool) -> Agreement:
    """Compare a classifier's probabilities (n, K) with the requested classes (n,).

    With `assigned`, the requested classes have no meaning of their own, as InfoGAN's: they are matched
    one to one to the classifier's classes so that the share is largest (Hungarian method).
    """
    if assigned:
        asked = assignment(probabilities, asked)
    share = float((probabilities.argmax(axis=1) == asked).mean())
    return Agreement(share, float(np.sqrt(share * (1 - share) / len(asked))))


def assignment(probabilities: Probabilities, asked: Labels) -> Labels:
    """Return the classifier's class (n,) to which each requested class (n,) is matched."""
    found = probabilities.argmax(axis=1)
    side = max(probabilities.shape[1], int(asked.max()) + 1)
    counts = np.zeros((side, side), np.int64)
    np.add.at(counts, (asked, found), 1)
    _, stands_for = linear_sum_assignment(counts, maximize=True)
    matched: Labels = stands_for[asked]
    return matched
