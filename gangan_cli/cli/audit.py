"""gangan audit"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gangan_cli.cli import audit_folders, audit_page, diagnostics, options, output, progress_bars
from gangan_cli.cli.options import setting
from gangan_cli.errors import ConfigurationError

if TYPE_CHECKING:
    from store import Catalog


def audit(
    runs: Annotated[list[str] | None, typer.Argument(metavar="RUN", help="Runs of GAN-GANs.")] = None,
    gans: Annotated[str, setting(help="Which GAN-GANs of each run, as in 0,3-7.", default="all")] = "",
    epochs: Annotated[str, setting(help="Which of their snapshots.", default="the last of each")] = "",
    count: Annotated[int, setting(help="GANs scored per sampler.")] = 64,
    images: Annotated[int, setting(help="Images per GAN.", min=100)] = 1000,
    points: Annotated[
        int, setting(help="Points along the latent axis; its order is tested from 8 on.", min=3)
    ] = 32,
    seed: Annotated[
        int, setting(help="Seed of latents, noise and samplers; each further run has the next.", min=0)
    ] = 0,
    dataset: Annotated[
        str, setting(help="Reference dataset.", default="the one they were trained on")
    ] = "",
    anew: Annotated[
        int | None,
        setting(
            help="Train so many GANs like the run's parent's, from other seeds, and hold them out: into "
            "the run PARENT-anew, which later audits use too.",
            min=2,
        ),
    ] = None,
    training: audit_folders.Training = None,
    generated: audit_folders.Generated = None,
    held_out: audit_folders.HeldOut = None,
    arch: audit_folders.Arch = "",
    score: audit_folders.Score = "",
    store: options.Store = None,
    data_dir: options.DataDir = None,
    force: options.Force = None,
    json: options.Json = False,
) -> None:
    """Test whether a GAN-GAN makes new GANs, copies or mixtures, and whether it beats none at all.

    Compares it with GANs that it was not shown, and with samplers that need no training: snapshots,
    averages, mixtures, kernel densities. Each claim is tested for all of them.

    Give several runs, each with a seed of its own, to audit independent GAN-GANs together. The first
    audit over a population takes some minutes, each further one a fraction of that.

    Instead of runs, --training and --generated name folders of state dicts of any network.
    """
    if training or generated or held_out or arch or score or not runs:
        if runs:
            raise ConfigurationError("give runs, or folders of networks, not both")
        audit_folders.audit_folders(training, generated, held_out, arch, score, seed, json)
        return
    for run in runs:
        catalog = options.catalog_with(run, store, force)
    from gangan_cli.audit.options import Options
    from gangan_cli.audit.records import AuditRequest, audited, document_of
    from gangan_cli.memory import keep_freed_memory
    from gangan_cli.threads import stay_within_limits

    if anew:
        for run in runs:
            _train_anew(catalog, run, anew, data_dir, force)
    stay_within_limits()
    keep_freed_memory()
    request = AuditRequest(gans, epochs, Options(count, images, points, seed, dataset))
    kept = diagnostics.interruptible("what was measured is kept")
    with kept, progress_bars.bars_with_notice("training the judge") as on_progress:
        found = []
        for number, run in enumerate(runs):
            own = replace(request, options=replace(request.options, seed=seed + number))
            found += audited(catalog, run, own, data_dir, on_progress, diagnostics.warn)
    if json:
        for one in found:
            output.line(document_of(one))
    elif len(found) == 1:
        audit_page.show(found[0])
    else:
        audit_page.show_together(found)


def _train_anew(
    catalog: "Catalog", run: str, count: int, data_dir: Path | None, force: bool | None
) -> None:
    from gangan_cli.audit.anew import train_anew
    from gangan_cli.cli.training_display import TrainingDisplay
    from gangan_cli.config import RunEnvironment

    environment = RunEnvironment(store=catalog.root, data_dir=data_dir, force=bool(force))
    with TrainingDisplay(as_json=False) as display:
        train_anew(catalog, run, count, environment, display.report)
