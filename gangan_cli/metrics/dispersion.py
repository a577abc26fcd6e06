"""Whether samples are spread as widely as what they were learnt from: a collapsed generator is not."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gangan_cli.metrics.statistics import Interval

Numbers = NDArray[np.float64]

RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class Spread:
    """Codes (n, d) of samples or snapshots; `gans` (n,) says which are of one GAN, by default none.

    Raises:
        ValueError: shapes that do not fit, a code that is not finite, or fewer than two GANs.
    """

    codes: Numbers
    gans: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if self.codes.ndim != 2 or (self.gans is not None and self.gans.shape != self.codes.shape[:1]):
            raise ValueError(f"codes {self.codes.shape} must be rows, with a GAN for each")
        if not np.isfinite(self.codes).all():
            raise ValueError("codes must be finite")
        if len(np.unique(self._owners)) < 2:
            raise ValueError("one GAN has no distance to another: at least two are needed")

    @property
    def _owners(self) -> NDArray[np.int64]:
        return np.arange(len(self.codes)) if self.gans is None else self.gans

    @cached_property
    def pairs(self) -> tuple[Numbers, Numbers]:
        """For each two GANs (GANs, GANs) the sum of the distances of their codes, and the number of
        these; both are 0 for a GAN and itself."""
        from scipy.spatial.distance import cdist

        _, owners, sizes = np.unique(self._owners, return_inverse=True, return_counts=True)
        order = np.argsort(owners, kind="stable")
        starts, codes = np.cumsum(sizes) - sizes, self.codes[order]
        sums = np.zeros((len(sizes), len(sizes)))
        for gan, (start, size) in enumerate(zip(starts, sizes, strict=True)):
            sums[gan] = np.add.reduceat(cdist(codes[start : start + size], codes).sum(axis=0), starts)
        number = np.outer(sizes, sizes).astype(np.float64)
        for part in (sums, number):
            np.fill_diagonal(part, 0)
        return sums, number

    def mean(self, times: NDArray[np.int64]) -> Numbers:
        """Return the mean distance (r,) of codes of two GANs that were drawn `times` (r, GANs) times.

        A GAN that was drawn twice is not taken for two GANs at a distance of 0.
        """
        sums, number = (((times @ part) * times).sum(axis=1) for part in self.pairs)
        found: Numbers = sums / number
        return found


def dispersion(samples: Spread, training: Spread, level: float = 0.95, seed: int = 0) -> Interval:
    """Return the mean distance of two samples over that of snapshots of two training GANs: 1 if samples
    are spread like GANs, less if they have collapsed.

    Pairs of snapshots of one GAN are not counted: they lie nearer together than independent GANs do. So
    snapshots drawn at random from k GANs have about 1 - 1 / k. The interval resamples both the samples
    and the training GANs (percentiles). Compare many samplers with one `training`: its distances, of all
    pairs, are kept.

    Raises:
        ValueError: codes of different widths.
    """
    if samples.codes.shape[1] != training.codes.shape[1]:
        widths = f"{samples.codes.shape[1]} and {training.codes.shape[1]}"
        raise ValueError(f"codes of {widths} numbers cannot be compared")
    random = np.random.default_rng(seed)

    def means(some: Spread) -> tuple[float, Numbers]:
        gans = len(some.pairs[0])
        again = random.multinomial(gans, np.full(gans, 1 / gans), size=RESAMPLES)
        # Two GANs or three may all be the same one, which has no distance to another.
        again = again[(again > 0).sum(axis=1) > 1]
        return float(some.mean(np.ones((1, gans), np.int64))[0]), some.mean(again)

    (ours, our_again), (theirs, their_again) = means(samples), means(training)
    common = min(len(our_again), len(their_again))
    edges = (1 - level) / 2, (1 + level) / 2
    low, high = np.quantile(our_again[:common] / their_again[:common], edges)
    return Interval(ours / theirs, float(low), float(high))
