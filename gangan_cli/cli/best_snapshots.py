"""gangan runs best"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gangan_cli.cli import options, output, progress_bars

if TYPE_CHECKING:
    from gangan_cli.evaluation.best import Best
    from store import Catalog

BY = "score: frechet, mind, entropy, marginal_entropy, inception, …"


def best(
    run: options.RunName,
    by: Annotated[str, typer.Option(help=BY.capitalize())] = "frechet",
    top: Annotated[int, typer.Option(help="Number of snapshots to show.", min=1)] = 5,
    gans: Annotated[str, typer.Option(help="Which GANs, as in 0,3-7.", show_default="all")] = "",
    epochs: Annotated[str, typer.Option(help="Which epochs, as in 50-.", show_default="all")] = "",
    seed: Annotated[int, typer.Option(help="Seed of the noise.", min=0)] = 0,
    dataset: Annotated[
        str, typer.Option(help="Reference dataset.", show_default="the one they were trained on")
    ] = "",
    store: options.Store = None,
    data_dir: options.DataDir = None,
    json: options.Json = False,
) -> None:
    """Find the best snapshots of a run of GANs: few images of all, more of those that lead.

    The score that is shown is of 10,000 fresh images.
    """
    catalog = options.catalog_with(run, store)
    found = find(catalog, run, by, top, gans, epochs, seed, dataset, data_dir)
    if json:
        output.document([{"run": run, "by": by, **asdict(one)} for one in found])
        return
    from gangan_cli.evaluation.scores import SCORES

    digits = SCORES[by].decimals
    output.table(
        ["GAN", "epoch", SCORES[by].title],
        [
            [
                str(one.gan),
                str(one.epoch),
                f"{one.value:.{digits}f}" + ("" if one.error is None else f" ± {one.error:.{digits}f}"),
            ]
            for one in found
        ],
        right=(0, 1, 2),
    )


def find(
    catalog: "Catalog",
    run: str,
    by: str,
    top: int,
    gans: str,
    epochs: str,
    seed: int,
    dataset: str,
    data_dir: Path | None,
) -> "list[Best]":
    """Return the `top` best of a run's snapshots in the ranges `gans` and `epochs`, best first. Without
    `dataset`, they are compared with the one they were trained on.

    Raises:
        ConfigurationError, WorkFailed, StoreError: they cannot be judged.
    """
    from gangan_cli.threads import stay_within_limits

    stay_within_limits()
    from gangan_cli.evaluation.best import best_snapshots
    from gangan_cli.evaluation.reference import reference_of
    from gangan_cli.sampling.datasets import data_dir_of, dataset_of
    from gangan_cli.sampling.lineage import Lineage
    from gangan_cli.weightspace.snapshots import select

    with (
        Lineage.open(catalog, run) as lineage,
        progress_bars.bars_with_notice("training the judge") as on_progress,
    ):
        keys = select(lineage.top.keys(), gans, epochs)
        snapshots = [(gan, epoch) for gan, epoch in keys.tolist()]
        bottom = lineage.on_images
        folder = data_dir or data_dir_of(bottom)
        reference = reference_of(dataset_of(bottom, dataset), folder, on_progress)
        return best_snapshots(lineage, snapshots, reference, by, top, seed, on_progress)
