"""Claims about novelty: are samples new GANs, new snapshots of known GANs, or copies and mixtures?"""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from gangan_cli.audit.audit import Audit, Novelty
from gangan_cli.audit.benchmark import SamplerResult
from gangan_cli.audit.finding import LEVEL, Finding, Test
from gangan_cli.metrics.copies import clopper_pearson, share_of_copies
from gangan_cli.metrics.coverage import coverage
from gangan_cli.metrics.data_copying import z_u, z_u_by_cell, z_u_floor
from gangan_cli.metrics.distances import Distances, Reference
from gangan_cli.metrics.statistics import Interval
from gangan_cli.metrics.verdicts import at_least, shown

QUANTILE = 0.01
"""A sample is a copy, or a mixture, if it lies nearer than this quantile of what it is compared with."""

NAMED = 1 - LEVEL
"""Chance that any of as many new GANs is as near as a sample that is named as a copy."""

MOST_COPIES = 0.1
"""Share of copies up to which samples count as no copies: 64 samples can show no less."""

FEWEST = 30
"""Samples that tests within tenths of training need."""

DISPERSED = 0.9
"""Ratio of mean pairwise distances from which samples count as dispersed like the training snapshots."""

TOO_FEW = Finding("undecided", f"fewer than {FEWEST} samples: too few to tell", float("nan"))

EXPECTED = 5
"""Samples per GAN, or tenth of training, that a test of even coverage needs."""


def questions(audit: Audit) -> Iterator[tuple[str, str, Test]]:
    """Yield the claims about novelty that an audit can test, as (id, sentence, test)."""
    if len(audit.held_out) > 1 and len(audit.gans) > 1:
        yield (
            "new_gans",
            "samples are new GANs: as far from the training GANs as GANs held out",
            new_gans,
        )
        yield "no_copies_of_gans", "samples are no copies of training GANs", no_copies_of_gans
    yield "no_copies_of_snapshots", "samples are no copies of training snapshots", no_copies_of_snapshots
    if audit.usual_mixtures.held_out is not None:
        yield "no_mixtures_of_gans", "samples are no mixtures of training GANs", no_mixtures_of_gans
    yield (
        "no_mixtures_of_snapshots",
        "samples are no mixtures of a few training snapshots",
        no_mixtures_of_snapshots,
    )
    if len(audit.gans) > 1:
        yield "dispersed", "samples differ from each other as much as training GANs do", dispersed
        yield "covers_gans", "samples cover the training GANs evenly", covers_gans
    yield "covers_training", "samples cover all of training evenly", covers_training


def novelty(audit: Audit) -> dict[str, dict[str, Novelty]]:
    """Return the novelty of all samplers, by id and space; empty if fewer than two GANs were held out,
    or shown, or for fewer than FEWEST samples."""
    if len(audit.held_out) < 2 or len(audit.gans) < 2 or audit.options.count < FEWEST:
        return {}
    references = {}
    for space, usual in audit.usual.items():
        assert usual.held_out is not None and usual.other_gans is not None
        references[space] = Reference.of(usual.held_out, usual.other_gans)
    return {
        one.id: {space: _novelty(one, space, reference) for space, reference in references.items()}
        for one in audit.samplers
    }


def _novelty(one: SamplerResult, space: str, reference: Reference) -> Novelty:
    samples = Distances(one.near[space].distances, one.tenths, np.arange(len(one.tenths)))
    held_out = reference.held_out.values
    copies = share_of_copies(samples, reference, quantile=QUANTILE, level=LEVEL)
    return Novelty(
        z_u_by_cell(samples, reference, level=LEVEL),
        copies.share,
        copies.expected,
        copies.p,
        np.flatnonzero(copies.each <= NAMED).tolist(),
        z_u(samples.values, held_out),
        z_u_floor(len(samples), len(held_out)),
    )


def new_gans(audit: Audit, one: SamplerResult) -> Finding:
    """Whether samples are like GANs that were held out, in every space (Z_U)."""
    if not audit.novelty:
        return TOO_FEW
    found = {space: of.z_u for space, of in audit.novelty[one.id].items()}
    figures = "Z_U: " + "; ".join(
        f"{space} {z.interval.estimate:+.1f} (new GANs {z.null_low:+.1f} to {z.null_high:+.1f}, "
        f"copies {z.floor:+.1f})"
        for space, z in found.items()
    )
    lowest = min(z.interval.estimate for z in found.values())
    if any(min(z.p_near, z.p_far) < 1 - LEVEL for z in found.values()):
        return Finding("does not hold", figures, lowest)
    # With half of all samples copies, Z_U is half of the floor: too few GANs held out do not show it.
    sure = all(z.null_low > z.floor / 2 for z in found.values())
    inside = all(z.null_low <= z.interval.estimate <= z.null_high for z in found.values())
    return Finding("holds" if sure and inside else "undecided", figures, lowest)


def no_copies_of_gans(audit: Audit, one: SamplerResult) -> Finding:
    """Whether few samples lie nearer to a training GAN than GANs that were held out, in any space."""
    if not audit.novelty:
        return TOO_FEW
    found = audit.novelty[one.id]
    figures = "copies: " + "; ".join(
        f"{space} {shown(of.copies, '.0%')}, of new GANs {of.expected:.0%}"
        for space, of in found.items()
    )
    most = max(of.copies.estimate for of in found.values())
    if any(of.copies_p < 1 - LEVEL or of.named for of in found.values()):
        return Finding("does not hold", figures, most)
    few = all(of.copies.high <= MOST_COPIES for of in found.values())
    return Finding("holds" if few else "undecided", figures, most)


def no_copies_of_snapshots(audit: Audit, one: SamplerResult) -> Finding:
    """Whether few samples lie nearer to a training snapshot than these to each other."""
    return _few(_share_below(one.distances, audit.own), "are copies")


def no_mixtures_of_gans(audit: Audit, one: SamplerResult) -> Finding:
    """Whether few samples lie nearer to mixtures of snapshots than GANs that were held out."""
    assert audit.usual_mixtures.held_out is not None
    return _mixed(one, audit.usual_mixtures.held_out)


def no_mixtures_of_snapshots(audit: Audit, one: SamplerResult) -> Finding:
    """Whether few samples lie nearer to mixtures of snapshots than training snapshots to those of the
    others."""
    return _mixed(one, audit.usual_mixtures.own)


def dispersed(audit: Audit, one: SamplerResult) -> Finding:
    """Whether samples differ from each other as much as training snapshots do."""
    assert one.spread is not None
    return Finding(
        at_least(one.spread, DISPERSED),
        f"mean pairwise distance {shown(one.spread, '.2f')} of theirs",
        one.spread.estimate,
    )


def covers_gans(audit: Audit, one: SamplerResult) -> Finding:
    """Whether the samples that are near a GAN are spread evenly over the GANs."""
    return _covered(_near_keys(audit, one)[:, 0], np.array(audit.gans), "GANs", len(one.keys))


def covers_training(audit: Audit, one: SamplerResult) -> Finding:
    """Whether the samples that are near a GAN are spread evenly over the epochs, in ten parts."""
    epochs = np.array(audit.epochs)
    parts = min(10, len(epochs))
    edges = np.array([part[0] for part in np.array_split(epochs, parts)])
    of = np.searchsorted(edges, _near_keys(audit, one)[:, 1], side="right") - 1
    return _covered(of, np.arange(parts), "parts of training", len(one.keys))


def _near_keys(audit: Audit, one: SamplerResult) -> NDArray[np.int64]:
    return one.keys[audit.near_a_gan(one)]


def _covered(of: NDArray[np.int64], groups: NDArray[np.int64], what: str, drawn: int) -> Finding:
    counts = (of[:, None] == groups).sum(axis=0)
    near = f"{len(of) / drawn:.0%} of samples are near a GAN"
    if counts.sum() < EXPECTED * len(groups) or len(groups) < 2:
        return Finding("undecided", f"{near}: too few to tell", float(counts.sum()))
    found = coverage(counts)
    figures = (
        f"smallest share {found.smallest.estimate:.1%} (even: {1 / len(groups):.1%}), {found.missed} "
        f"{what} missed; off by {found.variation:.0%}, by chance {found.usual_variation:.0%}; {near}"
    )
    return Finding("does not hold" if found.p < 1 - LEVEL else "holds", figures, found.variation)


def _share_below(values: NDArray[np.float64], usual: NDArray[np.float64]) -> Interval:
    bar = np.quantile(usual, QUANTILE, method="inverted_cdf")
    return clopper_pearson(int((values < bar).sum()), len(values), LEVEL)


def _mixed(one: SamplerResult, usual: Mapping[str, NDArray[np.float64]]) -> Finding:
    shares = {id: _share_below(one.mixtures[id], usual[id]) for id in one.mixtures if id in usual}
    worst = max(shares, key=lambda id: shares[id].estimate)
    return _few(shares[worst], f"are mixtures ({worst})")


def _few(share: Interval, what: str) -> Finding:
    """Return whether a share of samples is that of a quantile, or nearly, and not more than that."""
    figures = f"{shown(share, '.0%')} {what}, by chance {QUANTILE:.0%}"
    if share.low > 2 * QUANTILE:
        return Finding("does not hold", figures, share.estimate)
    return Finding("holds" if share.high <= MOST_COPIES else "undecided", figures, share.estimate)
