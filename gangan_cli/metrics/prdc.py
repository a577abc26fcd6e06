"""Precision, recall, density and coverage: how two sets of features overlap, by nearest neighbours."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from gangan_cli.metrics import pairwise


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
        self.squared_radii = np.empty(len(features), np.float32)
        for place, squares in pairwise.squared_distances(self.features, self.features):
            squares[:, place].fill_diagonal_(torch.inf)
            self.squared_radii[place] = squares.topk(k, largest=False).values[:, -1].numpy()
        self.radii = np.sqrt(self.squared_radii, dtype=np.float64)

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
    of_real, of_fake = (torch.from_numpy(part.squared_radii) for part in (real, fake))
    holders = torch.zeros(len(fake), dtype=torch.int64)
    recalled, covered = np.empty(len(real), bool), np.empty(len(real), bool)
    for place, squares in pairwise.squared_distances(real.features, fake.features):
        held = squares < of_real[place, None]
        holders += held.sum(dim=0)
        covered[place] = held.any(dim=1).numpy()
        recalled[place] = (squares < of_fake).any(dim=1).numpy()
    precise, dense = (holders > 0).numpy(), holders.numpy() / real.k
    shares = [float(part.mean()) for part in (precise, recalled, dense, covered)]
    errors = [float(part.std() / len(part) ** 0.5) for part in (precise, recalled, dense, covered)]
    return PRDC(*shares, *errors)
