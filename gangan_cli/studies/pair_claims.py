"""Claims that compare runs of two families (002), by their stored evaluations. No torch."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from gangan_cli.metrics.statistics import difference_interval
from gangan_cli.metrics.verdicts import at_least, at_most, shown
from gangan_cli.records import Verdict
from gangan_cli.studies.answers import Finding
from gangan_cli.studies.run_claims import STATEMENTS, StoredRun

EARLY = range(1, 6)
"""The epochs that count as very early."""


def findings_between(runs: Sequence[StoredRun]) -> Iterator[Finding]:
    """Yield what pairs of runs say of claims: those of one dataset, judged alike."""
    for one in runs:
        for other in runs:
            if not _comparable(one, other):
                continue
            if (one.family, other.family) == ("cgan", "dcgan"):
                yield from _spots(one, other)
            if (one.family, other.family) == ("dcgan", "gan"):
                yield from _early(one, other)


def _comparable(one: StoredRun, other: StoredRun) -> bool:
    if not one.judged or not other.judged:
        return False
    first, second = one.judged[0], other.judged[0]
    same_judge = (first.judge, first.samples, first.seed) == (second.judge, second.samples, second.seed)
    return same_judge and one.config.get("dataset") == other.config.get("dataset")


def _spots(cgan: StoredRun, dcgan: StoredRun) -> Iterator[Finding]:
    """C2.4: white spots in an image of a cGAN and of a DCGAN."""
    ours, theirs = cgan.last("spots"), dcgan.last("spots")
    if min(len(ours), len(theirs)) > 1:
        more = difference_interval(ours, theirs)
        figures = (
            f"white spots per image {ours.mean():.2f}, DCGAN {theirs.mean():.2f}: {shown(more, '+.2f')}"
        )
        yield _finding("C2.4", at_least(more, 0), figures, cgan, dcgan, cgan.real("spots"))


def _early(dcgan: StoredRun, gan: StoredRun) -> Iterator[Finding]:
    """C2.5: the mean Fréchet distance at the epochs EARLY at which both were judged."""
    epochs = _epochs(dcgan) & _epochs(gan)
    ours, theirs = (_means(run, epochs) for run in (dcgan, gan))
    if epochs and min(len(ours), len(theirs)) > 1:
        less = difference_interval(ours, theirs)
        figures = (
            f"mean Fréchet distance at epochs {', '.join(map(str, sorted(epochs)))}: {ours.mean():.0f}, "
            f"GAN {theirs.mean():.0f}; difference {shown(less, '+.0f')}"
        )
        yield _finding("C2.5", at_most(less, 0), figures, dcgan, gan, "")


def _epochs(run: StoredRun) -> set[int]:
    judged = (one.subject.epoch for one in run.judged)
    return {epoch for epoch in judged if epoch is not None and epoch in EARLY}


def _means(run: StoredRun, epochs: set[int]) -> NDArray[np.float64]:
    """Return the mean Fréchet distance of each GAN at the epochs (n,)."""
    of_gans: dict[int, list[float]] = {}
    for one in run.judged:
        if one.subject.gan is not None and one.subject.epoch in epochs:
            of_gans.setdefault(one.subject.gan, []).append(one.frechet)
    return np.array([np.mean(some) for some in of_gans.values() if len(some) == len(epochs)])


def _finding(
    claim: str, verdict: Verdict, figures: str, one: StoredRun, other: StoredRun, real: str
) -> Finding:
    return Finding(
        STATEMENTS[claim],
        verdict,
        figures,
        min(len(one.last("frechet")), len(other.last("frechet"))),
        "GANs a family",
        f"{one.scale}; {other.scale}",
        seeds=f"seeds {one.config.get('seed')}, {other.config.get('seed')}",
        null=f"no difference{'; real images ' + real if real else ''}",
        claim=claim,
    )
