"""What `gangan audit` prints: verdicts first, then each sampler's figures."""

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from gangan_cli.cli import output

if TYPE_CHECKING:
    from gangan_cli.audit.alignment_report import AlignmentReport
    from gangan_cli.audit.audit import Audit, Claim
    from gangan_cli.audit.benchmark import SamplerResult

LEGEND = """
FD: Fréchet distance, lower is better: the mean best of {of} draws; the best of {count}, again on
{fresh:,} fresh images, to be compared within its column; and the median. MIND: its median
Δ: median distance to the nearest training snapshot, in epoch steps (median distance of consecutive
snapshots of a GAN): of weights with hidden units matched, among principal components, of images
Z_U: far below 0 for copies, near 0 for new GANs; the lowest of the spaces. copies: the largest share
spread: mean distance of two, over that of snapshots of two GANs. near: share that is much nearer to
one GAN than to any other
"""


def show(audit: "Audit") -> None:
    """Print the audit of one GAN-GAN."""
    _head(audit)
    _verdicts(audit)
    _figures([audit])
    _spaces(audit)
    _layers(audit)


def show_together(audits: Sequence["Audit"]) -> None:
    """Print the audits of several GAN-GANs: for how many runs each claim holds. Those of one run share
    their population, components and autoencoder, and so count as one."""
    _head(audits[0])
    runs = list(dict.fromkeys(audit.run for audit in audits))
    rows = []
    made = [(audit.run, claim) for audit in audits for claim in audit.claims]
    for id in dict.fromkeys(claim.id for _, claim in made):
        of_run = {run: [claim for name, claim in made if (name, claim.id) == (run, id)] for run in runs}
        of_run = {run: claims for run, claims in of_run.items() if claims}
        verdicts = [_common(claims) for claims in of_run.values()]
        values = [median(claim.value for claim in claims) for claims in of_run.values()]
        first = next(iter(of_run.values()))[0]
        counts = [str(verdicts.count(one)) for one in ("holds", "undecided", "does not hold")]
        rows.append(
            [
                first.claim,
                *counts,
                *(f"{value:.2f}" for value in (median(values), min(values), max(values))),
            ]
        )
    output.table(
        ["claim", "holds", "undecided", "does not", "median", "least", "most"],
        rows,
        right=range(1, 7),
        less=(5, 6, 4),
    )
    of = f"{len(runs)} runs" if len(runs) > 1 else "1 run"
    output.text(
        f"\nverdicts of {of}; GAN-GANs of one run share their encoder and count as one. median, least, "
        "most: Z_U; shares; differences of Fréchet distances; rank correlations\n"
    )
    _figures(audits)


def _common(claims: Sequence["Claim"]) -> str:
    """Return the verdict that all GAN-GANs of a run have in common, or "undecided"."""
    verdicts = {claim.verdict for claim in claims}
    return verdicts.pop() if len(verdicts) == 1 else "undecided"


def _head(audit: "Audit") -> None:
    from gangan_cli.audit.finding import RULE

    options = audit.options
    shown = f"{len(audit.gans)} GAN{'s' if len(audit.gans) > 1 else ''} shown"
    output.text(
        f"{audit.run}: GAN-GAN over {shown}, {len(audit.held_out) or 'none'} held out; {options.count} "
        f"GANs of each sampler, {options.images:,} images each, judge {audit.judge}; {RULE}"
    )
    if audit.aligned:
        output.text(_aligned(audit.aligned))
    output.text("")


def _verdicts(audit: "Audit") -> None:
    """Print the verdict on each claim, and which samplers without training pass it too."""
    from gangan_cli.audit.rivals import is_trivial, label_of

    rows = []
    for claim in audit.claims:
        passed = [id for id, verdict in claim.verdicts.items() if verdict == "holds" and is_trivial(id)]
        tested = sum(map(is_trivial, claim.verdicts))
        also = f"{len(passed)} of {tested}" if tested else "–"
        if 0 < len(passed) <= 2:
            also = ", ".join(map(label_of, passed))
        rows.append([claim.verdict, claim.claim, claim.figures, also])
    output.table(["verdict", "claim", "figures", "passed without training"], rows)
    output.text("")


def _figures(audits: Sequence["Audit"]) -> None:
    """Print a line of figures for each sampler."""
    from gangan_cli.audit.quality import AGAIN
    from gangan_cli.audit.quality_claims import best_of

    first = audits[0]
    (of, _), options = best_of(first.generator), first.options
    own = [
        _line(one, one.generator, f"{one.run}: GAN-GAN {one.gan} at epoch {one.epoch}") for one in audits
    ]
    output.table(
        [
            *("sampler", f"FD best of {of} [95%]", "FD best, fresh", "FD median", "MIND"),
            *("Δ weights", "Δ PCA", "Δ images", "Z_U", "copies", "spread", "near"),
        ],
        [*own, *(_line(first, one, one.label) for one in first.samplers[1:])],
        right=range(1, 12),
        less=(4, 11, 2, 7, 10, 6),
    )
    mixed = f"images of many last snapshots together: {first.mixed:.1f}"
    output.text(f"real images: FD {first.real:.1f}; {mixed}")
    count, fresh = options.count, AGAIN * options.images
    output.text(LEGEND.format(of=of, count=count, fresh=fresh))


def _line(audit: "Audit", one: "SamplerResult", name: str) -> list[str]:
    import numpy as np

    from gangan_cli.audit.population import COMPONENTS, IMAGES, WEIGHTS
    from gangan_cli.audit.quality_claims import best_of

    def steps(space: str) -> str:
        if space not in audit.usual:
            return "–"
        return f"{np.median(one.near[space].distances) / audit.usual[space].epoch_step:.1f}"

    _, best = best_of(one)
    novelty = audit.novelty.get(one.id, {}).values()
    return [
        name,
        f"{best.estimate:.0f} [{best.low:.0f}, {best.high:.0f}]",
        f"{one.best:.1f}",
        f"{np.median(one.frechet):.1f}",
        f"{np.median(one.mind):.1f}",
        *map(steps, (WEIGHTS, COMPONENTS, IMAGES)),
        f"{min(of.z_u.interval.estimate for of in novelty):+.1f}" if novelty else "–",
        f"{max(of.copies.estimate for of in novelty):.0%}" if novelty else "–",
        f"{one.spread.estimate:.2f}" if one.spread else "–",
        f"{audit.near_a_gan(one).mean():.0%}",
    ]


def _spaces(audit: "Audit") -> None:
    """Print Z_U in each space, beside what new GANs and copies have."""
    rows = []
    for space, of in audit.novelty.get(audit.generator.id, {}).items():
        z = of.z_u
        rows.append(
            [
                space,
                f"{z.interval.estimate:+.1f} [{z.interval.low:+.1f}, {z.interval.high:+.1f}]",
                f"{z.null_low:+.1f} to {z.null_high:+.1f}",
                f"{z.floor:+.1f}",
                f"{of.plain:+.1f}",
                f"{of.plain_floor:+.1f}",
            ]
        )
    if rows:
        output.table(
            ["space", "Z_U [99%]", "new GANs", "copies", "plain Z_U", "least plain Z_U"],
            rows,
            right=range(1, 6),
        )
        output.text(
            f"\nZ_U within tenths of training, over {len(audit.held_out)} GANs held out; plain: over "
            "all snapshots, as if they were independent, for comparison with published figures\n"
        )


def _layers(audit: "Audit") -> None:
    """Print, for each tensor, how far samples lie from their nearest snapshots."""
    from math import isnan

    rows = [
        [layer, "–" if isnan(steps) else f"{steps:.1f}"]
        for layer, steps in audit.generator.layers.items()
    ]
    output.table(["layer", "Δ snapshot"], rows, right=[1])
    output.text("\nΔ snapshot: distance of a layer to the nearest snapshot's, in its own epoch steps\n")


def _aligned(found: "AlignmentReport") -> str:
    whole, change = found.whole, max(found.generator_change, found.discriminator_change)
    return (
        f"aligned ({found.mode}): two GANs at the same epoch lie {whole.after:.1f} apart, "
        f"{whole.before:.1f} without; outputs differ by {change:.0e} at most"
    )
