"""Fréchet distance between the normal distributions fitted to two sets of features."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from gangan_cli.metrics import pairwise
from gangan_cli.threads import one_thread


@dataclass(frozen=True)
class Moments:
    """The `mean` (d,) and the covariance of `count` feature vectors, in float64.

    If there are fewer vectors than features, the covariance is stored as a `factor` (n, d), and is
    factorᵀ factor; otherwise as `known` (d, d).
    """

    mean: NDArray[np.float64]
    count: int
    known: NDArray[np.float64] | None = None
    factor: NDArray[np.float64] | None = None

    @cached_property
    def covariance(self) -> NDArray[np.float64]:
        """The unbiased covariance (d, d)."""
        if self.factor is None:
            assert self.known is not None
            return self.known
        found: NDArray[np.float64] = self.factor.T @ self.factor
        return found

    @property
    def spread(self) -> float:
        """The covariance's trace."""
        if self.factor is None:
            return float(np.trace(self.covariance))
        return float(np.square(self.factor).sum())


def moments(features: NDArray[np.float32], times: NDArray[np.int64] | None = None) -> Moments:
    """Return the moments of features (n, d), each counted `times` (n,), or once.

    Rows that count 0 times, about a third of a bootstrap draw, are skipped, and cost nothing.

    Raises:
        ValueError: fewer than two rows, or one that is not finite.
    """
    features = pairwise.checked(features, "features", least=2)
    weights = np.ones(len(features)) if times is None else times.astype(np.float64)
    if not weights.all():
        features, weights = features[weights > 0], weights[weights > 0]
    width, count = features.shape[1], int(weights.sum())
    mean = weights @ features / count
    roots = np.sqrt(weights)[:, None]
    if len(features) < width:
        factor = (features - mean) * (roots / np.sqrt(count - 1))
        return Moments(mean, count, factor=factor)
    # In float64: float32 would do for a large distance, but that of two similar sets is a small
    # difference of large sums.
    scatter = np.zeros((width, width))
    for place in pairwise.blocks(len(features), 2 * width):
        centred = features[place] - mean
        centred *= roots[place]
        scatter += centred.T @ centred  # NumPy recognises XᵀX, and does half the work
    return Moments(mean, count, known=scatter / (count - 1))


class Reference:
    """Moments to compare many others with: the root of their covariance is computed once."""

    def __init__(self, moments: Moments) -> None:
        self.moments = moments
        with one_thread():
            found = torch.linalg.eigh(torch.from_numpy(np.require(moments.covariance, np.float64, "W")))
        variances, axes = (part.numpy() for part in found)
        # Variances that are zero but for rounding (features that never fire) only make matrices larger.
        floor = variances[-1] * len(variances) * np.finfo(np.float64).eps
        kept = variances > max(floor, 0.0)
        self._root = torch.from_numpy((axes[:, kept] * np.sqrt(variances[kept])).T.copy())

    def distance(self, other: Moments) -> float:
        """Return the Fréchet distance |m₁ - m₂|² + tr(S₁ + S₂ - 2 (S₁ S₂)^½), at least 0.

        Heusel et al., "GANs trained by a two time-scale update rule …" (2017), equation 6. With
        S₁ = Rᵀ R, the eigenvalues of S₁ S₂ are those of the symmetric R S₂ Rᵀ. For few vectors, with
        S₂ = Fᵀ F, they are those of the smaller (R Fᵀ)ᵀ R Fᵀ, and zeros.

        Raises:
            ValueError: the two sets have different numbers of features.
        """
        mine = self.moments
        pairwise.same_width(mine.mean[None], other.mean[None], "the two sets of features")
        if other.factor is None:
            covariance = torch.from_numpy(np.require(other.covariance, np.float64, "W"))
            product = self._root @ covariance @ self._root.T
        else:
            moved = self._root @ torch.from_numpy(other.factor).T
            product = moved.T @ moved
        # Measured at d = 1024 with both cores busy: one thread takes 0.14 s; two, which wait for each
        # other at every column, 0.37 to 0.73 s; float32 is as slow, and wrong by 3e-4; the singular
        # values of R L, where S₂ = L Lᵀ, take 1.9 s.
        with one_thread():
            squares = torch.linalg.eigvalsh(product)
        overlap = float(squares.clamp_(min=0).sqrt_().sum())
        apart = float(np.square(mine.mean - other.mean).sum())
        return max(apart + mine.spread + other.spread - 2 * overlap, 0.0)

    def standard_error(self, features: NDArray[np.float32]) -> float:
        """Return the standard error of the distance of features (n, d), for n of at least 8 d.

        It is right within a fifth; close to a distance of 0, where the first derivative vanishes, it may
        be half too large.

        By the delta method: to first order the distance is a mean over the rows. Each adds its influence
        2 (m₁ - m₂)·c + cᵀ G c, where c is the row less the mean, and G = I - Rᵀ (R S₁ Rᵀ)^-½ R is the
        derivative by the covariance.
        """
        other = moments(features)
        covariance = torch.from_numpy(np.require(other.covariance, np.float64, "W"))
        with one_thread():
            squares, axes = torch.linalg.eigh(self._root @ covariance @ self._root.T)
        kept = squares > squares.max() * 1e-12  # directions in which the features do not vary
        whitened = (axes[:, kept].T @ self._root) / squares[kept, None] ** 0.25
        centred = torch.from_numpy(features).double() - torch.from_numpy(other.mean)
        towards = torch.from_numpy(other.mean - self.moments.mean)
        influence = 2 * centred @ towards + centred.square().sum(dim=1)
        influence -= (centred @ whitened.T).square().sum(dim=1)
        return float(influence.std() / len(features) ** 0.5)


def frechet_distance(a: Moments | Reference, b: Moments) -> float:
    """Return the Fréchet distance of two sets; twice as fast if `a` is a `Reference`, made once."""
    return (a if isinstance(a, Reference) else Reference(a)).distance(b)
