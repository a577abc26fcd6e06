"""The best snapshots of a run, by successive halving.

All are judged on few images, the better quarter on four times as many, and so on. The winners are judged
again on fresh images: the best of many on the same noise is partly the luckiest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from gangan_cli.errors import ConfigurationError
from gangan_cli.evaluation.quick import QuickScores, score_many
from gangan_cli.evaluation.reference import Reference
from gangan_cli.evaluation.scores import QUICK, SCORES, from_quick
from gangan_cli.metrics.mind import Projections
from gangan_cli.progress import ProgressCallback
from gangan_cli.sampling.lineage import Lineage
from store.keys import Pair

FIRST, FACTOR, FINAL = 200, 4, 10_000
"""Images in the first round; how many times more there are in the next, and fewer snapshots; images on
which the winners are judged again."""

BY = ("frechet", "mind", *QUICK[1:])
"""Scores by which snapshots can be compared."""


@dataclass(frozen=True)
class Best:
    """A snapshot and its score on FINAL fresh images, with the standard error if it has one."""

    gan: int
    epoch: int
    value: float
    error: float | None


def check_score(lineage: Lineage, by: str) -> None:
    """Check that the GANs of a lineage can be compared by a score.

    Raises:
        ConfigurationError: there is no such score, or it needs classes that these GANs do not have.
    """
    known = [name for name in BY if name != "agreement" or lineage.classes]
    if by not in known:
        raise ConfigurationError(f"by is {by!r}: give {' or '.join(known)}")


def best_snapshots(
    lineage: Lineage,
    snapshots: Sequence[Pair],
    reference: Reference,
    by: str,
    top: int,
    seed: int,
    on_progress: ProgressCallback,
) -> list[Best]:
    """Return the `top` best of the snapshots (gan, epoch) of a run on images, best first.

    Raises:
        ConfigurationError: as `check_score`, or the run is one of GAN-GANs.
        WorkFailed: a GAN generates values that are not finite.
    """
    if lineage.is_gangan:
        raise ConfigurationError(
            f"run {lineage.top.name!r} was trained on weights: gangan sample --best-of finds the best "
            "GANs of a GAN-GAN"
        )
    check_score(lineage, by)
    rounds = list(_rounds(len(snapshots), top))
    total, done = sum(count for count, _ in rounds), 0
    left = list(snapshots)
    found: list[tuple[float, QuickScores]] = []
    for number, (count, images) in enumerate(rounds):
        left, found = left[:count], []
        vectors = (lineage.top.snapshot(gan, epoch) for gan, epoch in left)
        for scores in score_many(lineage, vectors, reference, images, seed + number):
            found.append((score(lineage, scores, reference, by), scores))
            done += 1
            on_progress("judging", done, total)
        order = sorted(range(len(left)), key=lambda row: rank(found[row][0], by))
        left, found = [left[row] for row in order], [found[row] for row in order]
    return [
        Best(gan, epoch, value, _error(scores, reference, by))
        for (gan, epoch), (value, scores) in zip(left, found, strict=True)
    ]


def _rounds(count: int, top: int) -> Iterator[tuple[int, int]]:
    """Yield how many snapshots a round judges, and on how many images; the last one has the winners."""
    images = FIRST
    while count > top and images < FINAL:
        yield count, images
        count, images = max(top, ceil(count / FACTOR)), images * FACTOR
    if count > top:
        yield count, FINAL
    yield min(count, top), FINAL


def score(lineage: Lineage, scores: QuickScores, reference: Reference, by: str) -> float:
    """Return one of the scores BY."""
    if by == "mind":
        return reference.projections.mind(Projections(scores.features))
    return from_quick(scores, reference, lineage.classes).values[by]


def rank(value: float, by: str) -> float:
    """Return a number that is smaller for better scores."""
    return value if SCORES[by].better == "lower" else -value


def _error(scores: QuickScores, reference: Reference, by: str) -> float | None:
    if by == "frechet":
        return reference.frechet.standard_error(scores.features)
    return from_quick(scores, reference).errors.get(by)
