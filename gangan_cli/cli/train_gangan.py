"""gangan train-gangan"""

import contextlib
from typing import Any

from gangan_cli.cli import options
from gangan_cli.cli.configuration import fields_of, gather
from gangan_cli.cli.training_display import TrainingDisplay, print_configuration
from gangan_cli.config import GanGanConfig, RunEnvironment
from gangan_cli.errors import ConfigurationError
from gangan_cli.settings import OPTIONS_BEFORE


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
    given["family_options"] = " ".join(sorted(given.pop("family_option") or ())) or None
    from gangan_cli.models.registry import fold_options
    from gangan_cli.training.gangan import fitted_to_store, resolve, train_gangan
    from store import Catalog, StoreError

    classes = [GanGanConfig, RunEnvironment]
    settings = fold_options(gather("train-gangan", given, config, classes, OPTIONS_BEFORE))
    if "on" not in settings:
        raise ConfigurationError("on what? Name the run whose snapshots to train on with --on RUN")
    configuration = resolve(fields_of(GanGanConfig, settings))
    environment = RunEnvironment(**fields_of(RunEnvironment, settings))
    if dry_run:
        # Without the parent it shows what is known.
        with contextlib.suppress(StoreError):
            configuration = fitted_to_store(configuration, Catalog(environment.store))
        print_configuration("train-gangan", configuration, environment, as_json=json)
        return
    with TrainingDisplay(as_json=json) as display:
        train_gangan(configuration, environment, display.report)
    display.end_command()
