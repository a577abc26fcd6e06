"""Precision, recall, density and coverage: how two sets of features overlap, by nearest neighbours."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gangan_cli.metrics import pairwise

Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Manifold:
    """Features (n, d) with `radii` (n,): the distance of each row to its k-th nearest other row."""

    def __init__(self, features: NDArray[np.float32], k: int = 5) -> None:
        """Compute the radii.

        Raises:
            ValueError: no more than k rows, or one that is not finite.
        """
        if k < 1:
            raise ValueError(f"k = {k}: there is no such neighbour")
        self.features, self.k = pairwise.checked(features, "features", least=k + 1), k
        # Kept squared: a rounded root's square may be above or below the neighbour's squared distance.
        self.squared_radii = np.concatenate(
            pairwise.of_blocks(self._to_neighbour, self.features, self.features)
        )
        self.radii = np.sqrt(self.squared_radii, dtype=np.float64)

    def _to_neighbour(self, place: slice, squares: Tensor) -> NDArray[np.float32]:
        squares[:, place].fill_diagonal_(torch.inf)
        found: NDArray[np.float32] = squares.topk(self.k, largest=False).values[:, -1].numpy()
        return found

    def __len__(self) -> int:
        return len(self.features)


@dataclass(frozen=True)
class PRDC:
    """How a fake set of m covers a real set of n: four scores, each with its standard error.

    `precision` is the share of fakes within the radius of any real, `recall` the share of reals within
    the radius of any fake: Kynkäänniemi et al., "Improved precision and recall metric …" (2019).
    `density` is the mean number of reals within whose radius a fake lies, over k; it may exceed 1.
    `coverage` is the share of reals with a fake within their own radius: Naeem et al., "Reliable
    fidelity and diversity metrics …" (2020).

    The errors are binomial; that of density is from the spread over the fakes. They treat the radii as
    fixed and the points as independent.
    """

    precision: float
    recall: float
    density: float
    coverage: float
    precision_error: float
    recall_error: float
    density_error: float
    coverage_error: float


def prdc(real: Manifold, fake: Manifold) -> PRDC:
    """Compare a fake set with a real set.

    Raises:
        ValueError: features of different lengths, or another k.
    """
    pairwise.same_width(real.features, fake.features, "real and fake features")
    if real.k != fake.k:
        raise ValueError(f"the radii reach to neighbour {real.k} in one set, {fake.k} in the other")
    of_real, of_fake = real.squared_radii, torch.from_numpy(fake.squared_radii)

    def compared(place: slice, squares: Tensor) -> tuple[Counts, Flags, Flags]:
        inside = np.less(squares.numpy(), of_real[place, None])
        holders = np.zeros(len(fake), np.int64)
        for first in range(0, len(inside), 255):  # so many a byte can count, a hundred times as fast
            holders += np.add.reduce(inside[first : first + 255].view(np.uint8), axis=0, dtype=np.uint8)
        return holders, inside.any(axis=1), squares.sub_(of_fake).amin(dim=1).numpy() < 0

    parts = pairwise.of_blocks(compared, real.features, fake.features)
    holders = np.sum([part[0] for part in parts], axis=0)
    precise, dense = holders > 0, holders / real.k
    covered, recalled = (np.concatenate([part[place] for part in parts]) for place in (1, 2))
    shares = [float(part.mean()) for part in (precise, recalled, dense, covered)]
    errors = [float(part.std() / len(part) ** 0.5) for part in (precise, recalled, dense, covered)]
    return PRDC(*shares, *errors)
