"""gangan train-gans"""

from typing import Any

from gangan_cli.cli import options
from gangan_cli.cli.configuration import fields_of, gather
from gangan_cli.cli.training_display import TrainingDisplay, print_configuration
from gangan_cli.config import GansConfig, RunEnvironment


@options.of_settings(GansConfig, RunEnvironment)
def train_gans(
    config: options.Config = None,
    dry_run: options.DryRun = False,
    json: options.Json = False,
    **given: Any,
) -> None:
    """Train a population of GANs on images, and keep a snapshot of each after every epoch.

    The defaults are the paper's. The same command again resumes the run where it was left.

    **gangan train-gans --run digits --dataset mnist5k --gans 4 --epochs 50**
    """
    given["family_options"] = " ".join(sorted(given.pop("family_option") or ())) or None
    from gangan_cli.training.gans import resolve, train_gans

    settings = gather("train-gans", given, config, [GansConfig, RunEnvironment])
    configuration = resolve(fields_of(GansConfig, settings))
    environment = RunEnvironment(**fields_of(RunEnvironment, settings))
    if dry_run:
        print_configuration("train-gans", configuration, environment, as_json=json)
        return
    with TrainingDisplay(as_json=json) as display:
        train_gans(configuration, environment, display.report)
    display.end_command()
