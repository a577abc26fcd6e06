"""How good weight vectors are: Fréchet distance and MIND of the images of their GANs."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gangan_cli.evaluation.classifiers import Pixels
from gangan_cli.evaluation.quick import images_judged, quick_scores
from gangan_cli.evaluation.reference import Reference, to_bytes
from gangan_cli.evaluation.scores import with_error
from gangan_cli.metrics.mind import Projections
from gangan_cli.progress import ProgressCallback
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.weightspace.baselines import BaselineData
from gangan_cli.weightspace.snapshots import Matrix
from store.keys import Keys

AGAIN = 5
"""The best vector of each sampler is judged again on AGAIN times as many images, from fresh noise: the
best of many on the same noise is partly the luckiest."""

MIXED = 50
"""Snapshots whose images are mixed."""

FRESH = 1_000_003
"""Added to the seed for fresh noise."""

Numbers = NDArray[np.float64]
T = TypeVar("T")


@dataclass(frozen=True)
class Quality:
    """The Fréchet distances (n,) and the MIND (n,) of n GANs, each on equally many images from the same
    noise; lower is better."""

    frechet: Numbers
    mind: Numbers


class QualityJudge:
    """Judges weight vectors, all on the same noise, and remembers those of snapshots."""

    def __init__(
        self,
        lineage: Lineage,
        reference: Reference,
        images: int,
        seed: int,
        on_progress: ProgressCallback,
    ) -> None:
        self.lineage, self.reference, self.images, self.seed = lineage, reference, images, seed
        self._known: dict[str, dict[tuple[int, int], float]] = {}
        """Fréchet distances of snapshots, by the way they are rendered and their (gan, epoch)."""
        self.total, self._done, self._on_progress = 0, 0, on_progress
        # As many real images as generated ones: then both have the same quantiles.
        self._real = Projections(reference.some(images))

    def of(self, vectors: Iterable[Matrix]) -> Quality:
        """Return the quality of GANs with weights (n, P) for the run below.

        Raises:
            WorkFailed: a GAN generates values that are not finite.
        """
        found = list(self._judged(vectors, partial(_both, self.reference, self._real)))
        both = np.array(found, np.float64).reshape(-1, 2)
        return Quality(both[:, 0], both[:, 1])

    def of_snapshots(self, how: str, keys: Keys, render: Callable[[Keys], Matrix]) -> Numbers:
        """Return the Fréchet distances (n,) of the snapshots `keys` (n, 2), each judged once for each
        way `how` to render them; `render` returns their vectors (m, P)."""
        known = self._known.setdefault(how, {})
        missing = sorted({pair for pair in _pairs(keys) if pair not in known})
        if missing:
            wanted = np.array(missing, np.int64)
            # Without MIND, which takes as long as all else.
            found = list(self._judged(render(wanted), partial(_frechet, self.reference)))
            self.remember(how, wanted, np.array(found))
        return np.array([known[pair] for pair in _pairs(keys)], np.float64)

    def remember(self, how: str, keys: Keys, frechet: Numbers) -> None:
        """Take the Fréchet distances (n,) of the snapshots `keys` (n, 2) for those of `of_snapshots`."""
        self._known.setdefault(how, {}).update(zip(_pairs(keys), frechet.tolist(), strict=True))

    def of_mixture(self, data: BaselineData) -> float:
        """Return the Fréchet distance of images of MIXED random snapshots of the last tenth of training,
        as many of each: of what these GANs can do together."""
        each = -(-self.images // MIXED)
        rows = data.pick_last(MIXED, np.random.default_rng(self.seed))
        pictures = [
            self.lineage.pictures(vector, each, self.seed + number, generated=True)
            for number, vector in enumerate(data.vectors(rows))
        ]
        return quick_scores(to_bytes(np.concatenate(pictures)[: self.images]), self.reference).frechet

    def again(self, vector: Matrix) -> tuple[float, float]:
        """Return the Fréchet distance of a vector (P,) on AGAIN times as many images from fresh noise,
        and its standard error; NaN if these are too few for one."""
        count, seed = AGAIN * self.images, self.seed + FRESH
        pictures = self.lineage.pictures(vector, count, seed, generated=True)
        return with_error(self.reference, self.reference.judge.judged(to_bytes(pictures))[0])

    def _judged(self, vectors: Iterable[Matrix], score: Callable[[Pixels], T]) -> Iterator[T]:
        for found in images_judged(self.lineage, vectors, score, self.images, self.seed):
            yield found
            self._done += 1
            self._on_progress("judging", min(self._done, self.total), self.total)


def _frechet(reference: Reference, images: Pixels) -> float:
    return quick_scores(images, reference).frechet


def _both(reference: Reference, real: Projections, images: Pixels) -> tuple[float, float]:
    found = quick_scores(images, reference)
    return found.frechet, real.mind(Projections(found.features))


def _pairs(keys: Keys) -> list[tuple[int, int]]:
    return [(int(gan), int(epoch)) for gan, epoch in keys]
