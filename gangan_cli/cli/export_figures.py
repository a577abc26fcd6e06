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
    json: options.Json = False,
) -> None:
    """Draw the figures of runs: samples over training, losses, latent walk, animation, lineage; and of
    what evaluate and audit found: scores, label entropies, the audit's page.

    Prints the path of each file. Beside each figure a JSON file says what it was made from.
    """
    catalog = options.catalog(store)
    names = runs or catalog.names()
    if not names:
        raise ConfigurationError(f"the store {catalog.root} is empty: gangan train-gans makes a run")
    for name in runs or ():
        catalog.known(name)  # report a wrong name before any run is drawn
    wanted = options.figure_formats(format)
    from gangan_cli.figures.export import export_figures
    from gangan_cli.figures.style import Output

    target, failures = Output(out, wanted, dpi, seed), diagnostics.RunFailures(several=len(names) > 1)
    for name in names:
        diagnostics.say(f"drawing {name}")
        with failures.guard(name):
            for figure, path in export_figures(catalog, name, target, gan=gan, epoch=epoch):
                if json:
                    output.line({"run": name, "figure": figure, "path": str(path)})
                else:
                    output.text(str(path))
    failures.exit_with_worst()
