"""gangan train-gans"""

from typing import Annotated

from gangan_cli.cli import options, progress
from gangan_cli.cli.configuration import fields_of, gather
from gangan_cli.cli.options import setting


def train_gans(
    run: Annotated[
        str | None,
        setting(help="Name of the run.", default="gans"),
    ] = None,
    store: options.Store = None,
    dataset: Annotated[
        str | None,
        setting(
            envvar="GANGAN_DATASET",
            help="mnist, fashion-mnist, kmnist, mnist5k (5,000 digits, needs no network), celeba, or "
            "images:FOLDER for pictures of your own; if they lie in folders inside, each is a class.",
            default="mnist",
        ),
    ] = None,
    data_dir: options.DataDir = None,
    family: Annotated[
        str | None, setting(help="Kind of GAN: gangan families lists them.", default="mlp")
    ] = None,
    family_option: Annotated[
        list[str] | None,
        setting(
            "--family-option",
            metavar="KEY=VALUE",
            help="A hyperparameter of the family; may be repeated.",
        ),
    ] = None,
    gans: Annotated[int | None, setting(help="Number of GANs.", default="35")] = None,
    epochs: Annotated[int | None, setting(default="100, or the family's")] = None,
    batch_size: Annotated[int | None, setting(default="128, or the family's")] = None,
    lr: Annotated[
        float | None,
        setting(help="Learning rate.", default="2e-4, or the family's"),
    ] = None,
    seed: options.Seed = None,
    snapshot_every: Annotated[
        int | None, setting(default="1", help="Epochs between two snapshots.")
    ] = None,
    init: Annotated[
        str | None,
        setting(
            help="Initial weights: each GAN's own, or shared: for all those of GAN 0.", default="own"
        ),
    ] = None,
    device: options.Device = None,
    workers: options.WorkerCount = None,
    compile: options.Compile = None,
    force: options.Force = None,
    config: options.Config = None,
    dry_run: options.DryRun = False,
    json: options.Json = False,
) -> None:
    """Train a population of GANs on images, and keep a snapshot of each after every epoch.

    The defaults are the paper's. The same command again resumes the run where it was left.

    **gangan train-gans --run digits --dataset mnist5k --gans 4 --epochs 50**
    """
    given = {
        name: value for name, value in locals().items() if name not in ("config", "dry_run", "json")
    }
    given["family_options"] = " ".join(sorted(given.pop("family_option") or ())) or None
    from gangan_cli.training.gans import GansConfig, train_gans
    from gangan_cli.training.job import Machine

    settings = gather("train-gans", given, config, [GansConfig, Machine])
    configuration = GansConfig.of_family(fields_of(GansConfig, settings))
    machine = Machine(**fields_of(Machine, settings))
    progress.train(
        train_gans, configuration, machine, command="train-gans", dry_run=dry_run, as_json=json
    )
