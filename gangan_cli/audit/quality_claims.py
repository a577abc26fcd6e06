"""Claims about quality: is the GAN-GAN as good as the snapshots that it is like, and better than what
needs no training?"""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gangan_cli.audit.audit import Audit
from gangan_cli.audit.benchmark import SamplerResult
from gangan_cli.audit.finding import LEVEL, Finding, Test
from gangan_cli.audit.rivals import RUN, TRAINED_ANEW, label_of
from gangan_cli.metrics.statistics import Interval, bootstrap, difference_of_bests, expected_best
from gangan_cli.metrics.verdicts import shown

BEST_OF = 4
"""Of n samples, the expected best of n / BEST_OF counts: of 64, the best of 16."""

MARGIN = 0.05
"""Share of a Fréchet distance by which two may differ and count as equally good."""

EXPLAINED = 0.8
"""R² from which a sampler counts as following a condition."""

RIVALS: Sequence[tuple[str, str, tuple[str, ...]]] = (
    ("beats_snapshots", "random snapshots", ("snapshot",)),
    ("beats_last_snapshots", "last snapshots", ("last_snapshot",)),
    ("beats_averages", "averages of trajectories", ("mean_of_last", "moving_average")),
    ("beats_soup", "the mean of all aligned GANs", ("soup",)),
    ("beats_pca_snapshots", "snapshots on components", ("pca_snapshot",)),
    ("beats_kernels", "kernel densities", ("pca_kernels", "autoencoder_kernels")),
    ("beats_trained_anew", "GANs trained anew", (TRAINED_ANEW,)),
)
"""What the best samples are compared with, as (id, what people read, ids of samplers)."""


def questions(audit: Audit) -> Iterator[tuple[str, str, Test]]:
    """Yield the claims about quality that an audit can test, as (id, sentence, test)."""
    yield (
        "as_good_as_nearest",
        "samples are as good as the snapshots nearest to them, which have lost as much",
        as_good_as_nearest,
    )
    there = {one.id for one in audit.samplers}
    others = [(f"beats_{id}", label_of(id), (id,)) for id in sorted(there) if id.startswith(RUN)]
    for id, name, ids in [*RIVALS, *others]:
        if rivals := tuple(one for one in ids if one in there):
            yield id, f"the best samples are better than the best of {name}", partial(better, rivals)
    if audit.asked is not None:
        yield "follows_condition", f"samples have the {audit.condition} that is asked for", as_asked


def best_of(one: SamplerResult) -> tuple[int, Interval]:
    """Return a number k, and the Fréchet distance of the best of k judged vectors: the mean over all
    draws of k, with its 95 % interval."""
    of = max(1, len(one.frechet) // BEST_OF)
    return of, bootstrap(one.frechet, lambda some: expected_best(some, of))


def worse_than_nearest(one: SamplerResult, how: str, level: float = 0.95) -> Interval:
    """Return the median difference in Fréchet distance between a sample and its nearest snapshot, which
    is rendered in a way: positive if samples are worse."""
    return _median(one.frechet - one.nearest_frechet[how], level)


def as_good_as_nearest(audit: Audit, one: SamplerResult) -> Finding:
    """Whether samples are at most MARGIN worse than the nearest snapshots, as these are after they have
    lost what the samples lack, such as all that lies outside the components."""
    worse = worse_than_nearest(one, one.alike, LEVEL)
    margin = MARGIN * float(np.median(one.nearest_frechet[one.alike]))
    beside = [
        f"{how} {np.median(one.frechet - of):+.1f}"
        for how, of in one.nearest_frechet.items()
        if how != one.alike
    ]
    figures = (
        f"median difference {shown(worse, '+.1f')} from the nearest, {one.alike}; margin {margin:.1f}"
    )
    figures += f"; {', '.join(beside)}" if beside else ""
    if worse.high <= margin:
        return Finding("holds", figures, worse.estimate)
    return Finding("does not hold" if worse.low > margin else "undecided", figures, worse.estimate)


def better(ids: Sequence[str], audit: Audit, one: SamplerResult) -> Finding:
    """Whether the best of some samples is better than the best of as many of the best of its rivals,
    which are the samplers `ids`."""
    rivals = [other for id in ids if (other := audit.sampler(id))]
    of = max(1, len(one.frechet) // BEST_OF)
    rival = min(rivals, key=lambda other: float(expected_best(other.frechet, of)))
    own, theirs = (float(expected_best(some.frechet, of)) for some in (one, rival))
    found = difference_of_bests(one.frechet, rival.frechet, of, level=LEVEL)
    margin = MARGIN * theirs
    figures = f"best of {of}: {own:.1f} against {theirs:.1f}; difference {shown(found, '+.1f')}"
    if found.high < 0:
        return Finding("holds", figures, found.estimate)
    if found.low > 0:
        return Finding("does not hold", f"{figures}: worse", found.estimate)
    if found.low > -margin:
        level = "level" if found.high < margin else "not better by more than 5 %"
        return Finding("does not hold", f"{figures}: {level}", found.estimate)
    return Finding("undecided", figures, found.estimate)


def explained(audit: Audit, one: SamplerResult, asked: NDArray[np.float64]) -> float:
    """Return R² of the requested values as predictions of the measured ones: at most 1, and 0 if the
    mean is as good a prediction, or if the measured values are all alike."""
    count = len(asked)
    came = one.keys[:count, 1] if audit.condition == "epoch" else one.frechet[:count]
    rest, spread = np.square(came - asked).sum(), np.square(came - came.mean()).sum()
    return float(1 - rest / spread) if spread else 0.0


def as_asked(audit: Audit, one: SamplerResult) -> Finding:
    """Whether samples have the epoch or the Fréchet distance that is asked for."""
    assert audit.asked is not None
    found = explained(audit, one, audit.asked)
    figures = f"R² {found:.2f} over {len(audit.asked)} samples"
    if audit.asked_by and (audit.asked_by, audit.asked_on) != (audit.judge, audit.options.images):
        figures += f", but asked for were scores of {audit.asked_on:,} images by judge {audit.asked_by}"
        return Finding("undecided", figures, found)
    return Finding("holds" if found >= EXPLAINED else "does not hold", figures, found)


def _median(values: NDArray[np.float64], level: float) -> Interval:
    return bootstrap(values, lambda some: np.median(some, axis=-1), level=level)
