"""gangan audit"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from gangan_cli.cli import diagnostics, options, output, progress_bars
from gangan_cli.cli.options import setting

if TYPE_CHECKING:
    from gangan_cli.audit.alignment_report import AlignmentReport
    from gangan_cli.audit.audit import Audit
    from gangan_cli.audit.benchmark import Row


def audit(
    run: options.RunName,
    gans: Annotated[str, setting(help="Which GAN-GANs of the run, as in 0,3-7.", default="all")] = "",
    epochs: Annotated[str, setting(help="Which of their snapshots.", default="the last of each")] = "",
    count: Annotated[int, setting(help="GANs scored per sampler.")] = 64,
    images: Annotated[int, setting(help="Images per GAN.", min=100)] = 2000,
    points: Annotated[
        int, setting(help="Points along the latent axis; its order is tested from 8 on.", min=3)
    ] = 32,
    seed: Annotated[int, setting(help="Seed of latents, noise and samplers.", min=0)] = 0,
    dataset: Annotated[
        str, setting(help="Reference dataset.", default="the one they were trained on")
    ] = "",
    store: options.Store = None,
    data_dir: options.DataDir = None,
    force: options.Force = None,
    json: options.Json = False,
) -> None:
    """Compare a GAN-GAN with simple baselines: copies, averages, mixtures, Gaussians.

    Reports for each how good its GANs are, how new, and how much of the population they cover; and for
    the GAN-GAN which claims hold. The first audit takes some minutes, each further GAN-GAN a fraction of
    that; results are stored with the run.
    """
    catalog = options.catalog_with(run, store, force)
    from gangan_cli.audit.benchmark import Options
    from gangan_cli.audit.records import AuditRequest, audited, document_of
    from gangan_cli.memory import keep_freed_memory
    from gangan_cli.threads import stay_within_limits

    stay_within_limits()
    keep_freed_memory()
    request = AuditRequest(gans, epochs, Options(count, images, points, seed, dataset))
    kept = diagnostics.interruptible("audits that were done are kept")
    with kept, progress_bars.bars_with_notice("training the judge") as on_progress:
        found = audited(catalog, run, request, data_dir, on_progress, diagnostics.warn)
    if json:
        for one in found:
            output.line(document_of(one))
    else:
        _show(found)


def _show(audits: Sequence["Audit"]) -> None:
    from gangan_cli.audit.benchmark import AGAIN
    from gangan_cli.audit.claims import best_of

    first = audits[0]
    options = first.options
    output.text(
        f"{first.run}: {options.count} GANs of each sampler on {options.images:,} images, "
        f"judge {first.judge}"
    )
    others = f"to the nearest of another GAN: {first.across:.3g}; " if len(first.gans) > 1 else ""
    step = f"epoch step (consecutive snapshots): {first.spacing:.3g}; "
    inside = f"within the components: {first.inside.spacing:.3g}; " if first.inside else ""
    output.text(f"{step}{inside}{others}real images: {first.floor:.1f}")
    if first.aligned:
        output.text(_aligned(first.aligned))
    output.text("")
    (of, _), fresh = best_of(first.rows[0]), AGAIN * options.images
    own = [_line(one, one.rows[0], f"GAN-GAN {one.gan} at epoch {one.epoch}") for one in audits]
    output.table(
        [
            *("sampler", f"FD best of {of} [95%]", "FD best, fresh", "FD median"),
            *("Δ snapshot", "Δ segment", "Δ PCA", "Δ images", "GANs near", "epochs near"),
        ],
        [*own, *(_line(first, row, row.label) for row in first.rows[1:])],
        right=range(1, 10),
        less=(6, 5, 7, 9, 8, 2),
    )
    output.text(
        f"\nFD: Fréchet distance; of the best of {of} draws the mean; of the best of {options.count}\n"
        f"again, on {fresh:,} fresh images, to be compared within its column\n"
        "Δ: median distance to the nearest snapshot, to the nearest segment between two, and to the\n"
        "nearest snapshot among principal components, in epoch steps (an epoch step is the median\n"
        "distance of consecutive snapshots of a GAN); Δ images: of images from the same noise\n"
        "GANs, epochs near: share of those whose snapshots are nearest, within 3 epoch steps and half\n"
        "as far as any of another GAN\n"
    )
    _layers(audits)
    if len(audits) == 1:
        _verdicts(first)
    else:
        _verdicts_of(audits)


def _layers(audits: Sequence["Audit"]) -> None:
    """Print, for each tensor, how far samples lie from their nearest snapshots."""
    from math import isnan
    from statistics import median

    found = [audit.rows[0].layers for audit in audits]
    rows = []
    for layer in found[0]:
        steps = [layers[layer] for layers in found]
        found_of = median(steps), min(steps), max(steps)
        rows.append([layer, *("–" if isnan(value) else f"{value:.1f}" for value in found_of)])
    if len(found) == 1:
        output.table(["layer", "Δ snapshot"], [row[:2] for row in rows], right=[1])
    else:
        output.table(["layer", "Δ snapshot (median)", "least", "most"], rows, right=range(1, 4))
    output.text(
        "\nΔ snapshot: distance of a layer to the nearest snapshot's, in epoch steps of the layer\n"
    )


def _aligned(found: "AlignmentReport") -> str:
    whole, change = found.whole, max(found.generator_change, found.discriminator_change)
    return (
        f"aligned ({found.mode}): two GANs at the same epoch lie {whole.after:.1f} apart, "
        f"{whole.before:.1f} without; outputs differ by {change:.0e} at most"
    )


def _verdicts(audit: "Audit") -> None:
    """Print the verdict on each claim about one GAN-GAN."""
    from gangan_cli.audit.claims import claims

    rows = [[claim.verdict, claim.claim, claim.figures] for claim in claims(audit)]
    output.table(["verdict", "claim", "figures"], rows)


def _verdicts_of(audits: Sequence["Audit"]) -> None:
    """Print for how many of several GAN-GANs each claim holds, and the spread of their figures."""
    from statistics import median

    from gangan_cli.audit.claims import claims

    rows = []
    made = [claim for audit in audits for claim in claims(audit)]
    for id in dict.fromkeys(claim.id for claim in made):
        same = [claim for claim in made if claim.id == id]
        values = [claim.value for claim in same]
        counts = [
            str(sum(claim.verdict == verdict for claim in same))
            for verdict in ("holds", "undecided", "does not hold")
        ]
        spread = [f"{value:.2f}" for value in (median(values), min(values), max(values))]
        rows.append([same[0].claim, *counts, *spread])
    output.table(
        ["claim", "holds", "undecided", "does not", "median", "least", "most"],
        rows,
        right=range(1, 7),
        less=(5, 6, 4),
    )
    output.text(
        "\nmedian, least, most, over the GAN-GANs: epoch steps; shares; differences of distances and\n"
        "of Fréchet distances; rank correlations"
    )


def _line(audit: "Audit", row: "Row", name: str) -> list[str]:
    import numpy as np

    from gangan_cli.audit.claims import best_of, covered

    _, best = best_of(row)
    gans, epochs = covered(audit, row)
    return [
        name,
        f"{best.estimate:.0f} [{best.low:.0f}, {best.high:.0f}]",
        f"{row.best:.1f}",
        f"{np.median(row.frechet):.1f}",
        f"{np.median(row.distances) / audit.spacing:.1f}",
        f"{np.median(row.residuals) / audit.spacing:.1f}",
        f"{np.median(row.inside.distances) / audit.inside.spacing:.1f}"
        if row.inside and audit.inside
        else "–",
        f"{np.median(row.pictures):.2f}",
        f"{gans:.0%}",
        f"{epochs:.0%}",
    ]
