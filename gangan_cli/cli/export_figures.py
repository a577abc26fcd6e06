"""gangan export-figures"""

from pathlib import Path
from typing import Annotated

import typer

from gangan_cli.cli import diagnostics, options, output
from gangan_cli.cli.options import setting
from gangan_cli.errors import ConfigurationError


def export_figures(
    runs: Annotated[
        list[str] | None,
        typer.Argument(metavar="RUN", help="Runs to draw.", show_default="all"),
    ] = None,
    store: options.Store = None,
    out: options.FigureFolder = Path("figures"),
    format: options.FigureFormat = "png",
    dpi: options.FigureDpi = 150,
    gan: Annotated[
        int | None,
        setting(help="Which GAN of the run (or which GAN-GAN) to sample.", default="the first"),
    ] = None,
    epoch: Annotated[
        int | None,
        setting(help="Which snapshot of a GAN-GAN to sample.", default="the last"),
    ] = None,
    seed: Annotated[int, setting(help="Seed of the noise.", min=0)] = 0,
    dataset: Annotated[
        str | None, setting(help="Draw images of a dataset too; without a RUN only these.")
    ] = None,
    data_dir: options.DataDir = None,
    json: options.Json = False,
) -> None:
    """Draw the figures of runs: samples over training, also as a film, losses, latent walk, lineage; and
    of what evaluate and audit found: scores, label entropies, the audit's page.

    Prints the path of each file. Beside each figure a JSON file says what it was made from.
    """
    catalog = options.catalog(store)
    names = runs or ([] if dataset else catalog.names())
    if not names and not dataset:
        raise ConfigurationError(f"the store {catalog.root} is empty: gangan train-gans makes a run")
    for name in runs or ():
        catalog.known(name)  # report a wrong name before any run is drawn
    wanted = options.figure_formats(format)
    from gangan_cli.figures.export import export_figures
    from gangan_cli.figures.style import Output

    target, failures = Output(out, wanted, dpi, seed), diagnostics.RunFailures(several=len(names) > 1)
    if dataset:
        from gangan_cli.figures.dataset import draw_dataset
        from gangan_cli.images.loading import load_images, named

        for path in draw_dataset(load_images(named(dataset), data_dir), target):
            _tell(path, json, dataset=dataset, figure="dataset")
    for name in names:
        diagnostics.say(f"drawing {name}")
        with failures.guard(name):
            for figure, path in export_figures(catalog, name, target, gan=gan, epoch=epoch):
                _tell(path, json, run=name, figure=figure)
    failures.exit_with_worst()


def _tell(path: Path, json: bool, **of: str) -> None:
    """Print the path of a figure; as JSON also what it is of."""
    if json:
        output.line({**of, "path": str(path)})
    else:
        output.text(str(path))
