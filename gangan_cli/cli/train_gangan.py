"""gangan train-gangan"""

from typing import Any

from gangan_cli.cli import options, training_display
from gangan_cli.cli.configuration import fields_of, gather
from gangan_cli.config import GanGanConfig, RunEnvironment
from gangan_cli.errors import ConfigurationError


@options.of_settings(GanGanConfig, RunEnvironment)
def train_gangan(
    config: options.Config = None,
    dry_run: options.DryRun = False,
    json: options.Json = False,
    **given: Any,
) -> None:
    """Train a GAN over the snapshots of another run: a GAN-GAN.

    **gangan train-gangan --on digits --run gangan**

    **gangan train-gangan --on gangan --run gangangan**
    """
    from gangan_cli.training.gangan import resolve, train_gangan

    settings = gather("train-gangan", given, config, [GanGanConfig, RunEnvironment])
    if "on" not in settings:
        raise ConfigurationError("on what? Name the run whose snapshots to train on with --on RUN")
    configuration = resolve(fields_of(GanGanConfig, settings))
    environment = RunEnvironment(**fields_of(RunEnvironment, settings))
    training_display.train(
        train_gangan, configuration, environment, command="train-gangan", dry_run=dry_run, as_json=json
    )
