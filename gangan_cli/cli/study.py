"""gangan study"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gangan_cli.cli import diagnostics, options, progress_bars, study_pages
from gangan_cli.cli.options import setting
from gangan_cli.errors import ConfigurationError

if TYPE_CHECKING:
    from gangan_cli.studies.conduct import Conducted
    from gangan_cli.studies.registry import Recipe
    from store import Catalog


def study(
    name: Annotated[
        str | None, typer.Argument(metavar="[STUDY|claims]", help="Which study.", show_default=False)
    ] = None,
    runs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN]...", help="Runs to study.", show_default="the study's own"),
    ] = None,
    prepare: Annotated[
        bool, setting("--prepare", help="Train the study's own runs that are not there.")
    ] = False,
    dataset: Annotated[
        str | None, setting(help="Dataset of the runs that are trained.", default="mnist")
    ] = None,
    out: options.FigureFolder = Path("figures"),
    format: options.FigureFormat = "png",
    dpi: options.FigureDpi = 150,
    store: options.Store = None,
    data_dir: options.DataDir = None,
    force: options.Force = None,
    json: options.Json = False,
) -> None:
    """Ask a question of the papers: list the studies, or conduct one.

    A study measures runs, prints a verdict on each claim, and draws a figure. Its answer is kept in the
    store. Without the runs that it needs, it prints the commands that train them; --prepare runs these.

    **gangan study claims** lists all claims of the papers, with what the store says of each.
    """
    catalog = options.catalog(store, force)
    if name is None or name == "claims":
        if runs or prepare:
            raise ConfigurationError("name a study to conduct: gangan study lists them")
        (study_pages.show_claims if name else study_pages.show_studies)(catalog, as_json=json)
        return
    from gangan_cli.studies.registry import study_info

    info = study_info(name)
    for run in runs or ():
        catalog.known(run)
    if runs and prepare:
        raise ConfigurationError("--prepare trains the study's own runs: name no others")
    if not runs:
        runs = [recipe.run for recipe in info.recipes]
        missing = _missing(catalog, info.recipes)
        if missing and not prepare:
            commands = "\n  ".join(one.command(dataset, store, data_dir) for one in missing)
            raise ConfigurationError(
                f"study {name!r} needs runs that are not there (--prepare trains them):\n  {commands}"
            )
        _train(catalog, missing, dataset, data_dir, force)
    formats = options.figure_formats(format)
    conducted = _conduct(catalog, name, runs, data_dir)
    from gangan_cli.figures.style import Output

    module, _, function = info.figure.partition(":")
    draw = getattr(import_module(f"gangan_cli.figures.{module}"), function)
    paths = draw(conducted.found, Output(out, formats, dpi, 0))
    study_pages.show_answer(name, conducted, paths, as_json=json)


def _missing(catalog: "Catalog", recipes: Sequence["Recipe"]) -> list["Recipe"]:
    """Return the recipes whose runs are not in the store, or not trained to their end."""
    found = []
    for recipe in recipes:
        if catalog.root.exists() and recipe.run in catalog:
            with catalog.open(recipe.run) as run:
                if run.state().status in ("complete", "diverged"):
                    continue
        found.append(recipe)
    return found


def _train(
    catalog: "Catalog",
    recipes: Sequence["Recipe"],
    dataset: str | None,
    data_dir: Path | None,
    force: bool | None,
) -> None:
    """Train runs one after the other. A signal ends the command; the same command goes on."""
    if not recipes:
        return
    from gangan_cli.cli.training_display import TrainingDisplay
    from gangan_cli.config import RunEnvironment
    from gangan_cli.training.gans import resolve, train_gans

    environment = RunEnvironment(store=catalog.root, data_dir=data_dir, force=bool(force))
    for recipe in recipes:
        with TrainingDisplay(as_json=False) as display:
            train_gans(resolve(recipe.resolved(dataset)), environment, display.report)
        display.end_command()


def _conduct(catalog: "Catalog", name: str, runs: Sequence[str], data_dir: Path | None) -> "Conducted":
    from gangan_cli.memory import keep_freed_memory
    from gangan_cli.studies.conduct import conduct
    from gangan_cli.threads import stay_within_limits

    stay_within_limits()
    keep_freed_memory()
    kept = diagnostics.interruptible("what was measured is kept")
    with kept, progress_bars.bars_with_notice("training the judge") as on_progress:
        return conduct(catalog, name, runs, data_dir, on_progress, diagnostics.warn)
