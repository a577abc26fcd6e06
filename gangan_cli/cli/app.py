"""The command `gangan`: assembles the subcommands and reports errors."""

import atexit
import gc
from typing import Annotated

import typer

from gangan_cli.cli import diagnostics, environment_checks, output, runs, streams
from gangan_cli.cli.audit import audit
from gangan_cli.cli.evaluate import evaluate
from gangan_cli.cli.export_figures import export_figures
from gangan_cli.cli.families import families
from gangan_cli.cli.sample import sample
from gangan_cli.cli.train_gangan import train_gangan
from gangan_cli.cli.train_gans import train_gans
from gangan_cli.cli.tui import tui

app = typer.Typer(
    name="gangan",
    help="Train populations of small GANs, train a GAN over those GANs, and look at what came out.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    # Every option can be set by the environment: GANGAN_TRAIN_GANS_EPOCHS is train-gans --epochs.
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "GANGAN"},
)
app.command("train-gans")(train_gans)
app.command("train-gangan")(train_gangan)
app.command("sample")(sample)
app.command("families")(families)
app.command("evaluate")(evaluate)
app.command("audit")(audit)
app.command("tui")(tui)
app.command("export-figures")(export_figures)
app.add_typer(runs.app, name="runs")


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[
        bool, typer.Option("--debug", envvar="GANGAN_DEBUG", help="Show tracebacks of errors.")
    ] = False,
) -> None:
    """Take the options that stand before the command."""
    diagnostics.debugging = debug
    if version:
        from importlib.metadata import version as version_of

        output.text(f"gangan {version_of('gangan')}")
        raise typer.Exit
    if context.invoked_subcommand:
        environment_checks.check_working_folder()


def main() -> None:
    """Run the command line."""
    # Otherwise Python would collect garbage at exit, in all of PyTorch, which takes half a second.
    atexit.register(gc.freeze)
    streams.prepare()
    with diagnostics.errors_explained():
        environment_checks.check_store_package()
        try:
            app()
        finally:
            streams.finish()
