"""The options that several commands share, each defined once."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gangan_cli.paths import expanded

if TYPE_CHECKING:
    from store import Catalog


def setting(*names: str, default: str | None = None, help: str = "", **more: Any) -> Any:
    """Return an option that shows `default` as what stands when it is given nowhere.

    The function's own default is None, which tells "not given" from any value. Of the environment
    only names that several commands share are shown; the others follow from the command's.
    """
    shown = f"{help} [default: {default}]".lstrip() if default else help
    return typer.Option(*names, help=shown, show_envvar="envvar" in more, **more)


def path_given(path: Path | None) -> Path | None:
    """Expand `~`, which shells leave alone after `=`: every path of the command line passes here."""
    return path and expanded(path)


Store = Annotated[
    Path | None,
    setting(
        "--store",
        envvar="GANGAN_STORE",
        help="Folder of the runs.",
        default="./gangan-runs",
        callback=path_given,
    ),
]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="Name of a run.")]
Json = Annotated[bool, setting("--json", help="Write JSON to stdout.")]

Seed = Annotated[int | None, setting(envvar="GANGAN_SEED", default="0")]
Device = Annotated[
    str | None,
    setting(envvar="GANGAN_DEVICE", help="auto, cpu, cuda, cuda:N or mps.", default="auto"),
]
WorkerCount = Annotated[
    int | None,
    setting(
        envvar="GANGAN_WORKERS",
        help="Training processes.",
        default="one per core, or one per GPU",
    ),
]
Compile = Annotated[
    bool | None,
    setting(
        "--compile/--no-compile",
        envvar="GANGAN_COMPILE",
        help="Compile the training step: 30 to 120 s, once for such GANs.",
        default="where it pays",
    ),
]
Force = Annotated[
    bool | None,
    setting("--force", help="Skip the checks for free space and network file systems."),
]
DataDir = Annotated[
    Path | None,
    setting(
        envvar="GANGAN_DATA",
        help="Folder with the datasets; missing ones are downloaded.",
        default="~/.cache/gangan",
        callback=path_given,
    ),
]
Config = Annotated[
    Path | None,
    setting(
        envvar="GANGAN_CONFIG",
        help="TOML file with a table named after the command.",
        callback=path_given,
    ),
]
DryRun = Annotated[
    bool,
    setting("--dry-run", help="Print the resolved configuration as TOML, and train nothing."),
]


def catalog(store: Path | None, force: bool | None = None) -> "Catalog":
    """Return the runs of the store that was named, or of the default one."""
    from store import Catalog

    return Catalog(store or Path("gangan-runs"), force=bool(force))


def catalog_with(run: str, store: Path | None, force: bool | None = None) -> "Catalog":
    """Return the same, in which `run` can be read: so a wrong name is told at once, and not after the
    seconds that it takes to import what works on runs.

    Raises:
        StoreError: it is not there, or cannot be read.
    """
    found = catalog(store, force)
    found.open(run).close()
    return found
