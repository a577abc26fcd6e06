"""The options that several commands share, each defined once."""

from pathlib import Path
from typing import Annotated

import typer

Store = Annotated[
    Path | None,
    typer.Option(
        "--store", envvar="GANGAN_STORE", help="Folder of the runs.", show_default="./gangan-runs"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]

Seed = Annotated[int | None, typer.Option(envvar="GANGAN_SEED", show_default="0")]
Device = Annotated[
    str | None,
    typer.Option(envvar="GANGAN_DEVICE", help="auto, cpu, cuda, cuda:N or mps.", show_default="auto"),
]
WorkerCount = Annotated[
    int | None,
    typer.Option(
        envvar="GANGAN_WORKERS",
        help="Processes that train.",
        show_default="one per core, or one per GPU",
    ),
]
SnapshotEvery = Annotated[
    int | None,
    typer.Option(
        envvar="GANGAN_SNAPSHOT_EVERY", help="Keep a snapshot every so many epochs.", show_default="1"
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(envvar="GANGAN_CONFIG", help="TOML file with a table named after the command."),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Print the resolved configuration as TOML, and train nothing."),
]


def store_path(store: Path | None) -> Path:
    """Return the store that was named, or the default."""
    return store or Path("gangan-runs")
