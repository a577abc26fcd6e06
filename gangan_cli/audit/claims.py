"""The verdicts of an audit: whether each claim that one would like to make about a GAN-GAN holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gangan_cli.audit.audit import AVERAGES, PROJECTED, SNAPSHOT, Audit
from gangan_cli.audit.benchmark import GANGAN, Axis, HeldOut, Row
from gangan_cli.metrics.statistics import (
    Interval,
    bootstrap,
    difference_of_bests,
    expected_best,
    spearman,
)
from gangan_cli.weightspace.index import Neighbours
from gangan_cli.weightspace.novelty import NEAR, near_a_gan

Verdict = Literal["holds", "does not hold", "undecided"]

COVERED = 0.9
"""Share of the GANs that samples must come near, to count as covering them."""

ORDERED = 0.9
"""Absolute rank correlation from which an axis counts as ordered."""

PLACES = 8
"""Minimum number of points for a verdict on the order of an axis. Of four random values, one side of the
turn is ordered more often than not; of eight, in one case of twenty."""

BEST_OF = 4
"""Of n samples, the expected best of n / BEST_OF counts: of 64, the best of 16."""

EXPLAINED = 0.8
"""R² from which a GAN-GAN counts as following its condition."""


@dataclass(frozen=True)
class Claim:
    """A claim, its verdict from this number of samples, and the figures that support it; `value` is the
    one that decides. `id` names it in results and scripts, since its sentence may change."""

    id: str
    claim: str
    verdict: Verdict
    figures: str
    value: float


def claims(audit: Audit) -> list[Claim]:
    """Return the claims about the audited GAN-GAN, with verdicts."""
    own = audit.row(GANGAN)
    return [
        _near(audit, own),
        _covers(audit, own),
        *([] if audit.held_out is None else [_generalises(audit, own, audit.held_out)]),
        _new(audit, own),
        _no_mixture(audit, own),
        _as_good(audit, own),
        _beats(
            audit, own, [SNAPSHOT], "beats_snapshots", "the best of its samples beats the best snapshots"
        ),
        _beats(
            audit,
            own,
            AVERAGES,
            "beats_averages",
            "the best of its samples beats the trajectory averages",
        ),
        *_beats_projected(audit, own),
        *_ordered("axis_follows_training", "the latent axis follows training", audit.axis, "epoch"),
        *_ordered(
            "axis_follows_quality", "the latent axis follows quality", audit.axis, "Fréchet distance"
        ),
        *([] if audit.asked is None else [_as_asked(audit, own, audit.asked)]),
    ]


def covered(audit: Audit, row: Row) -> tuple[float, float]:
    """Return the share of the GANs, and the share of the epochs, of the nearest snapshots of a
    sampler's vectors; only vectors `near` a GAN count."""
    keys = row.keys[near_a_gan(row.distances, row.ratios, audit.spacing)]
    gans = len(np.unique(keys[:, 0])) / len(audit.gans)
    return gans, len(np.unique(keys[:, 1])) / len(audit.epochs)


def best_of(row: Row) -> tuple[int, Interval]:
    """Return a number k, and the Fréchet distance of the best of k judged vectors: the mean over all
    draws of k, with its confidence interval."""
    of = max(1, len(row.frechet) // BEST_OF)
    return of, bootstrap(row.frechet.astype(np.float64), lambda some: expected_best(some, of))


def matched(audit: Audit) -> Interval:
    """Return the median difference in Fréchet distance between a sample and its nearest snapshot, with
    its confidence interval: positive if samples are worse."""
    row = audit.row(GANGAN)
    count = len(audit.matched)
    return _median(row.frechet[:count] - audit.matched)


def _near(audit: Audit, row: Row) -> Claim:
    steps = _median(row.distances / audit.spacing)
    return Claim(
        "near_snapshots",
        f"samples lie near the snapshots (within {NEAR:g} steps)",
        _below(steps, NEAR),
        f"median {_interval(steps, 1)} steps",
        steps.estimate,
    )


def _covers(audit: Audit, row: Row) -> Claim:
    gans, epochs = covered(audit, row)
    return Claim(
        "covers_gans",
        f"samples come near {COVERED:.0%} of the GANs",
        "holds" if gans >= COVERED else "does not hold",
        f"{gans:.0%} of {len(audit.gans)} GANs, {epochs:.0%} of {len(audit.epochs)} epochs, "
        f"in {len(row.keys)} samples",
        gans,
    )


def _generalises(audit: Audit, row: Row, held_out: HeldOut) -> Claim:
    # Relative to the distance from the training snapshots: a copy of one of them is never near a
    # held-out GAN, even if the two GANs are close, as at the beginning of training.
    ratios = held_out.distances / np.maximum(row.distances, np.finfo(float).tiny)
    keys = held_out.keys[near_a_gan(held_out.distances, ratios, audit.spacing)]
    gans = len(np.unique(keys[:, 0])) / len(held_out.gans)
    away = float(np.median(held_out.distances)) / audit.spacing
    return Claim(
        "covers_held_out_gans",
        f"samples come near {COVERED:.0%} of the GANs that were held out",
        "holds" if gans >= COVERED else "does not hold",
        f"{gans:.0%} of {len(held_out.gans)} GANs; the nearest is {away:.1f} steps away in the median",
        gans,
    )


def _new(audit: Audit, row: Row) -> Claim:
    return _as_far(
        audit,
        row,
        "distances",
        "no_copies",
        "samples are no copies: as far from snapshots as these from each other",
    )


def _no_mixture(audit: Audit, row: Row) -> Claim:
    return _as_far(
        audit,
        row,
        "residuals",
        "no_mixtures",
        "samples are no mixtures: as far from the lines between snapshots as these",
    )


def _as_far(audit: Audit, row: Row, what: str, id: str, claim: str) -> Claim:
    """Return whether samples are as far away as snapshots are from each other: within the space of the
    principal components if there are any, since in the full space even a copy made of components is."""
    mine: Row | Neighbours = row
    usual, where = audit.own, ""
    if audit.inside and row.inside:
        mine, usual, where = row.inside, audit.inside.own, ", within the components"
    apart = _median(getattr(mine, what))
    own = float(np.median(getattr(usual, what)))
    return Claim(
        id,
        claim,
        _above(apart, own) if own else "undecided",  # 0 if snapshots lie on a line, between each other
        f"median {_interval(apart, 1)}, snapshots {own:.1f}{where}",
        apart.estimate - own,
    )


def _as_good(audit: Audit, row: Row) -> Claim:
    worse = matched(audit)
    return Claim(
        "as_good_as_nearest",
        "samples are as good as the snapshots that they lie nearest to",
        _below(worse, 0.0),
        f"median difference {_interval(worse, 1, sign=True)}",
        worse.estimate,
    )


def _beats_projected(audit: Audit, row: Row) -> Iterator[Claim]:
    if any(other.id == PROJECTED for other in audit.rows):
        claim = "the best of its samples beats snapshots on components"
        yield _beats(audit, row, [PROJECTED], "beats_pca_snapshots", claim)


def _beats(audit: Audit, row: Row, others: Sequence[str], id: str, claim: str) -> Claim:
    (of, own), rivals = best_of(row), [audit.row(other) for other in others]
    rival = min(rivals, key=lambda other: best_of(other)[1].estimate)
    theirs = best_of(rival)[1]
    found = difference_of_bests(row.frechet, rival.frechet, of)
    return Claim(
        id,
        f"{claim}, of {of} each",
        _below(found, 0.0),
        f"{own.estimate:.1f} against {theirs.estimate:.1f}; difference {_interval(found, 1, sign=True)}",
        found.estimate,
    )


def _ordered(id: str, claim: str, axis: Axis, of: str) -> Iterator[Claim]:
    """Yield whether the axis is ordered as a whole, and whether it is on one side of its turn, as any
    smooth curve with one turn is."""
    values = axis.keys[:, 1] if of == "epoch" else axis.frechet
    parts = ("", ""), ("_to_its_turn", " on one side of its turn")
    for (part, where), found in zip(parts, order(axis, values), strict=True):
        verdict: Verdict = "holds" if abs(found) >= ORDERED else "does not hold"
        if len(values) < PLACES:
            verdict = "undecided"
        yield Claim(id + part, claim + where, verdict, f"Spearman(z, {of}) {found:+.2f}", found)


def explained(audit: Audit, row: Row, asked: NDArray[np.float64]) -> float:
    """Return R² of the requested values as predictions of the measured ones: at most 1, and 0 if the
    mean is as good a prediction, or if the measured values are all alike."""
    count = len(asked)
    came = row.keys[:count, 1] if audit.condition == "epoch" else row.frechet[:count]
    rest, spread = np.square(came - asked).sum(), np.square(came - came.mean()).sum()
    return float(1 - rest / spread) if spread else 0.0


def _as_asked(audit: Audit, row: Row, asked: NDArray[np.float64]) -> Claim:
    found = explained(audit, row, asked)
    verdict: Verdict = "holds" if found >= EXPLAINED else "does not hold"
    figures = f"R² {found:.2f} over {len(asked)} samples"
    if audit.asked_by and (audit.asked_by, audit.asked_on) != (audit.judge, audit.options.images):
        verdict = "undecided"
        figures += f", but asked for were scores of {audit.asked_on:,} images by judge {audit.asked_by}"
    claim = f"GANs are of the {audit.condition} that was asked for"
    return Claim("follows_condition", claim, verdict, figures, found)


def order(axis: Axis, values: np.ndarray) -> tuple[float, float]:
    """Return the rank correlation of positions with `values` (n,), along the whole axis and along the
    longer of the two parts on either side of its turn.

    The turn is the minimum or the maximum, whichever lies farther from the ends of the axis. If several
    points share an extreme value, the one nearest to an end counts, so that values which rise or fall to
    a plateau have no turn. The correlation is 0 if all values are alike, or for fewer than three.
    """
    last = len(values) - 1

    def inside(at: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.minimum(at, last - at)

    extremes = [np.flatnonzero(values == extreme) for extreme in (values.min(), values.max())]
    turn = max((at[inside(at).argmin()] for at in extremes), key=inside)
    parts = slice(0, turn + 1), slice(turn, len(values))
    longer = max(parts, key=lambda part: part.stop - part.start)
    return _rho(axis.positions, values), _rho(axis.positions[longer], values[longer])


def _rho(x: np.ndarray, y: np.ndarray) -> float:
    if len(x) < 3 or (y == y[0]).all():
        return 0.0
    return spearman(x, y.astype(np.float64))


def _median(values: NDArray[np.float64]) -> Interval:
    """Return the median of independent values (n,) with its confidence interval."""
    return bootstrap(values.astype(np.float64), lambda some: np.median(some, axis=-1))


def _below(found: Interval, bound: float) -> Verdict:
    if found.high <= bound:
        return "holds"
    return "does not hold" if found.low > bound else "undecided"


def _above(found: Interval, bound: float) -> Verdict:
    if found.low >= bound:
        return "holds"
    return "does not hold" if found.high < bound else "undecided"


def _interval(found: Interval, digits: int, sign: bool = False) -> str:
    shown = f"{{:{'+' if sign else ''}.{digits}f}}"
    return f"{shown.format(found.estimate)} [{shown.format(found.low)}, {shown.format(found.high)}]"
