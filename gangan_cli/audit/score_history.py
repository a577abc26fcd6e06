"""Stored Fréchet distances of GANs over training, by one judge, on equally many images."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangan_cli.audit.audit import Audit
from gangan_cli.audit.benchmark import WHOLE
from gangan_cli.records import Evaluated, Subject, comparable, evaluations
from store import Run
from store.keys import Keys, Pair


@dataclass(frozen=True)
class ScoreHistory:
    """Fréchet distances `frechet` (n,) of the snapshots `keys` (n, 2), sorted by key; `floor` is that of
    real images, if it is stored."""

    judge: str
    samples: int
    keys: Keys
    frechet: NDArray[np.float64]
    floor: float | None

    @classmethod
    def read(cls, run: Run) -> "ScoreHistory | None":
        """Return the largest comparable group of scores of a run's snapshots; None if there are none."""
        return cls._first(comparable(evaluations(run)))

    @classmethod
    def beside(cls, audit: Audit, parent: Run) -> "ScoreHistory":
        """Return the scores to compare an audited GAN-GAN's samples with: those stored in `parent` by
        the audit's judge on as many images, or, if there are none, those of snapshots in the audit."""
        same = [
            group
            for group in comparable(evaluations(parent))
            if (group[0].judge, group[0].samples) == (audit.judge, audit.options.images)
        ]
        return cls._first(same) or cls._within(audit)

    @property
    def curves(self) -> dict[int, tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """The epochs and Fréchet distances of each GAN."""
        gans = self.keys[:, 0]
        return {
            int(gan): (self.keys[gans == gan, 1], self.frechet[gans == gan]) for gan in np.unique(gans)
        }

    @property
    def median(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The median over GANs, at the epochs at which half of them or more were judged."""
        epochs, counts = np.unique(self.keys[:, 1], return_counts=True)
        epochs = epochs[2 * counts >= len(np.unique(self.keys[:, 0]))]
        medians = [np.median(self.frechet[self.keys[:, 1] == epoch]) for epoch in epochs]
        return epochs, np.array(medians, np.float64)

    @classmethod
    def _first(cls, groups: Iterable[list[Evaluated]]) -> "ScoreHistory | None":
        for group in groups:
            scores = {
                one.subject.snapshot: one.frechet
                for one in group
                if one.subject.snapshot and one.subject.drawn is None
            }
            if scores:
                real = [one.frechet for one in group if one.subject == Subject()]
                return cls._of(scores, group[0].judge, group[0].samples, real[0] if real else None)
        return None

    @classmethod
    def _within(cls, audit: Audit) -> "ScoreHistory":
        count, scores = audit.options.count, dict[Pair, float]()
        for one in audit.samplers:
            if WHOLE in one.nearest_frechet:
                keys = map(tuple, one.keys[:count].tolist())
                scores.update(zip(keys, one.nearest_frechet[WHOLE].tolist(), strict=True))
        return cls._of(scores, audit.judge, audit.options.images, audit.real)

    @classmethod
    def _of(
        cls, scores: Mapping[Pair, float], judge: str, samples: int, floor: float | None
    ) -> "ScoreHistory":
        keys = sorted(scores)
        frechet = np.array([scores[key] for key in keys], np.float64)
        return cls(judge, samples, np.array(keys, np.int64), frechet, floor)
