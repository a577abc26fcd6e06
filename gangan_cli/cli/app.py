"""The command `gangan`: assembles the subcommands and reports errors."""

import atexit
import gc
from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from gangan_cli.cli import diagnostics, environment_checks, output, runs, streams
from gangan_cli.cli.audit import audit
from gangan_cli.cli.evaluate import evaluate
from gangan_cli.cli.export_figures import export_figures
from gangan_cli.cli.families import families
from gangan_cli.cli.guide import guide
from gangan_cli.cli.sample import sample
from gangan_cli.cli.study import study
from gangan_cli.cli.train_gangan import train_gangan
from gangan_cli.cli.train_gans import train_gans
from gangan_cli.cli.tui import tui

app = typer.Typer(
    name="gangan",
    help="Train populations of small GANs, train a GAN over those GANs, and look at what came out.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

COMMANDS: Mapping[str, Callable[..., None]] = {
    "train-gans": train_gans,
    "train-gangan": train_gangan,
    "sample": sample,
    "families": families,
    "evaluate": evaluate,
    "audit": audit,
    "study": study,
    "tui": tui,
    "export-figures": export_figures,
    "guide": guide,
}


def variables_of(command: str) -> dict[str, str]:
    """Return the setting with which each option of a command can be set by the environment, too:
    GANGAN_TRAIN_GANS_EPOCHS is train-gans --epochs."""
    return {"auto_envvar_prefix": f"GANGAN_{command.replace('-', '_').upper()}"}


for name, command in COMMANDS.items():
    app.command(name, context_settings=variables_of(name))(command)
app.add_typer(runs.app, name="runs", context_settings=variables_of("runs"))


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
