"""gangan audit"""

from typing import TYPE_CHECKING, Annotated

from gangan_cli.cli import counting, diagnostics, options, output
from gangan_cli.cli.options import setting

if TYPE_CHECKING:
    from gangan_cli.studies.audit import Audit
    from gangan_cli.studies.measuring import Row


def audit(
    run: options.RunName,
    gan: Annotated[int | None, setting(help="Which GAN-GAN of the run.", default="the first")] = None,
    epoch: Annotated[int | None, setting(help="Which of its snapshots.", default="the last")] = None,
    count: Annotated[int, setting(help="GANs of each sampler that are judged.")] = 64,
    images: Annotated[int, setting(help="Images that each is judged by.", min=100)] = 2000,
    points: Annotated[int, setting(help="Places along the latent axis.", min=3)] = 32,
    seed: Annotated[int, setting(help="Seed of latents, noise and samplers.", min=0)] = 0,
    store: options.Store = None,
    data_dir: options.DataDir = None,
    json: options.Json = False,
) -> None:
    """Hold a GAN-GAN against what anybody should try first: copies, averages, mixtures, Gaussians.

    Says of each how good its GANs are, how new, and how many of the population they come near; and of
    the GAN-GAN which claims hold. Takes some minutes; the result is kept with the run.
    """
    from gangan_cli.studies.audit_results import audited, document_of
    from gangan_cli.studies.measuring import Options

    wish = Options(count, images, points, seed)
    with counting.narrated("training the judge") as told:
        found, kept = audited(options.catalog(store), run, wish, data_dir, told, gan, epoch)
    if not kept:
        diagnostics.warn(f"{run} cannot be written: the audit is not kept")
    if json:
        output.document(document_of(found))
    else:
        _show(found)


def _show(audit: "Audit") -> None:
    from gangan_cli.studies.claims import claims, matched

    output.text(
        f"{audit.run}, GAN-GAN {audit.gan} at epoch {audit.epoch}: {audit.options.count} GANs of each "
        f"sampler on {audit.options.images:,} images, judge {audit.judge}"
    )
    others = f"to the nearest of another GAN: {audit.across:.1f}; " if len(audit.gans) > 1 else ""
    step = f"one step (consecutive snapshots): {audit.spacing:.2f}; "
    output.text(f"{step}{others}real images: {audit.floor:.1f}\n")
    output.table(
        ["sampler", "best, again", "median", "nearest", "line", "pictures", "GANs", "epochs"],
        [_line(audit, row) for row in audit.rows],
        right=range(1, 8),
    )
    output.text(
        "\nbest, again, and median: Fréchet distance; the best of each on fresh noise\n"
        "nearest, line: median steps to the nearest snapshot, and to the nearest line between two\n"
        "pictures: median distance of images to those of the nearest snapshot from the same noise\n"
        "GANs, epochs: share of which a snapshot lies within 3 steps of a sample\n"
    )
    worse = matched(audit)
    output.text(f"against the nearest snapshots: {worse.estimate:+.1f} in Fréchet distance\n")
    found = claims(audit)
    width = max(len(claim.claim) for claim in found)
    for claim in found:
        output.text(f"{claim.verdict:<13}  {claim.claim:<{width}}  {claim.figures}")


def _line(audit: "Audit", row: "Row") -> list[str]:
    import numpy as np

    from gangan_cli.studies.claims import covered

    gans, epochs = covered(audit, row)
    return [
        row.name,
        f"{row.best:.1f} ± {row.best_error:.1f}",
        f"{np.median(row.frechet):.1f}",
        f"{np.median(row.distances) / audit.spacing:.1f}",
        f"{np.median(row.residuals) / audit.spacing:.1f}",
        f"{np.median(row.pictures):.2f}",
        f"{gans:.0%}",
        f"{epochs:.0%}",
    ]
