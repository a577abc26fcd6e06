"""gangan train-gangan"""

from typing import Annotated

from gangan_cli.cli import options, progress
from gangan_cli.cli.configuration import fields_of, gather
from gangan_cli.cli.options import setting
from gangan_cli.errors import ConfigurationError


def train_gangan(
    on: Annotated[
        str | None,
        setting(help="Run whose snapshots to train on; may be a GAN-GAN's."),
    ] = None,
    run: Annotated[
        str | None,
        setting(help="Name of the new run.", default="gangan"),
    ] = None,
    store: options.Store = None,
    preset: Annotated[
        str | None,
        setting(
            help="default (a short code of principal components, R1), trajectory (an axis along the "
            "training of GAN 0), paper (Algorithm 1 as printed) or released (the authors' code: GAN 0's "
            "snapshots 35 times over). Sets the other defaults.",
            default="default",
        ),
    ] = None,
    epochs: Annotated[int | None, setting(default="250; trajectory: 100")] = None,
    batch_size: Annotated[int | None, setting(default="128; trajectory, paper: 32")] = None,
    latent_dim: Annotated[
        int | None,
        setting(
            help="Dimensions of the latent space.",
            default="16; trajectory, paper: 1",
        ),
    ] = None,
    lr: Annotated[
        float | None,
        setting(help="Adam's learning rate.", default="2e-3; paper: 2e-4"),
    ] = None,
    gans: Annotated[
        str | None,
        setting(help="Which GANs' snapshots, as in 0,3-7.", default="all"),
    ] = None,
    snapshot_epochs: Annotated[
        str | None,
        setting(
            help="Which epochs' snapshots, as in 50-.",
            default="all",
        ),
    ] = None,
    align: Annotated[
        str | None,
        setting(
            help="Align the GANs first: none, permute (match their hidden units) or full (also balance "
            "scales and rotate the latent).",
            default="none",
        ),
    ] = None,
    components: Annotated[
        int | None,
        setting(
            help="Principal components that represent a weight vector; 0: raw weights.",
            default="256; paper: 0",
        ),
    ] = None,
    bottleneck: Annotated[
        int | None,
        setting(
            help="Length of the code that an autoencoder makes of the components; 0: no autoencoder.",
            default="32; trajectory, paper: 0",
        ),
    ] = None,
    condition: Annotated[
        str | None,
        setting(
            help="Condition on: none, epoch or score (the Fréchet distance; evaluate the snapshots "
            "first).",
            default="none",
        ),
    ] = None,
    repeat: Annotated[
        int | None,
        setting(
            help="Passes over the snapshots per epoch.",
            default="3; trajectory: 60, paper: 1, released: 35",
        ),
    ] = None,
    members: Annotated[
        int | None,
        setting(
            help="Number of GAN-GANs, each with its own seed.",
            default="1",
        ),
    ] = None,
    seed: options.Seed = None,
    snapshot_every: Annotated[
        int | None,
        setting(default="1; trajectory, paper: 10", help="Epochs between two snapshots."),
    ] = None,
    device: options.Device = None,
    workers: options.WorkerCount = None,
    compile: options.Compile = None,
    force: options.Force = None,
    config: options.Config = None,
    dry_run: options.DryRun = False,
    json: options.Json = False,
) -> None:
    """Train a GAN over the snapshots of another run: a GAN-GAN.

    **gangan train-gangan --on digits --run gangan**

    **gangan train-gangan --on gangan --run gangangan**
    """
    given = {
        name: value for name, value in locals().items() if name not in ("config", "dry_run", "json")
    }
    from gangan_cli.training.gangan import GanGanConfig, train_gangan
    from gangan_cli.training.job import Machine

    settings = gather("train-gangan", given, config, [GanGanConfig, Machine])
    if "on" not in settings:
        raise ConfigurationError("on what? Name the run whose snapshots to train on with --on RUN")
    configuration = GanGanConfig.preset_with(fields_of(GanGanConfig, settings))
    machine = Machine(**fields_of(Machine, settings))
    progress.train(
        train_gangan, configuration, machine, command="train-gangan", dry_run=dry_run, as_json=json
    )
