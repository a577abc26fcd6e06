"""gangan train-gans"""

from pathlib import Path
from typing import Annotated

import typer

from gangan_cli.cli import options, output, progress
from gangan_cli.cli.configuration import as_mapping, as_toml, fields_of, gather


def train_gans(
    run: Annotated[
        str | None,
        typer.Option(envvar="GANGAN_RUN", help="Name of the run.", show_default="gans"),
    ] = None,
    store: options.Store = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            envvar="GANGAN_DATASET",
            help="mnist, fashion-mnist, kmnist or mnist5k (5,000 digits, needs no network).",
            show_default="mnist",
        ),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            envvar="GANGAN_DATA",
            help="Folder with the datasets; what is not there is downloaded.",
            show_default="~/.cache/gangan",
        ),
    ] = None,
    family: Annotated[
        str | None, typer.Option(envvar="GANGAN_FAMILY", help="Kind of GAN.", show_default="mlp")
    ] = None,
    gans: Annotated[
        int | None, typer.Option(envvar="GANGAN_GANS", help="How many GANs.", show_default="35")
    ] = None,
    epochs: Annotated[int | None, typer.Option(envvar="GANGAN_EPOCHS", show_default="100")] = None,
    batch_size: Annotated[
        int | None, typer.Option(envvar="GANGAN_BATCH_SIZE", show_default="128")
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option("--lr", envvar="GANGAN_LR", help="Adam's learning rate.", show_default="2e-4"),
    ] = None,
    seed: options.Seed = None,
    snapshot_every: options.SnapshotEvery = None,
    device: options.Device = None,
    workers: options.WorkerCount = None,
    config: options.Config = None,
    dry_run: options.DryRun = False,
    json: options.Json = False,
) -> None:
    """Train a population of GANs on images, and keep a snapshot of each after every epoch.

    The defaults are the paper's. The same command again resumes the run where it was left.

    [bold]gangan train-gans --run digits --dataset mnist5k --gans 4 --epochs 50[/bold]
    """
    given = {
        name: value for name, value in locals().items() if name not in ("config", "dry_run", "json")
    }
    from gangan_cli.training.gans import GansConfig, train_gans
    from gangan_cli.training.job import Machine

    settings = gather("train-gans", given, config, [GansConfig, Machine])
    configuration = GansConfig(**fields_of(GansConfig, settings))
    machine = Machine(**fields_of(Machine, settings))
    if dry_run and json:
        output.document(as_mapping(configuration, machine))
    elif dry_run:
        output.text(as_toml("train-gans", configuration, machine))
    else:
        events = train_gans(configuration, machine)
        progress.follow(events, as_json=json, resume=progress.same_command())
