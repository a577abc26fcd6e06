"""Creates a new run; opens an existing one if its configuration is the one that was given."""

import dataclasses
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar, Protocol

from numpy.typing import NDArray

from gangan_cli.config import RunEnvironment
from gangan_cli.errors import ConfigurationError
from gangan_cli.images.loading import is_same_folder
from gangan_cli.models.family import resume_size
from gangan_cli.models.registry import (
    build,
    fold_options,
    given_options,
    weight_options,
    written,
)
from gangan_cli.settings import renamed
from gangan_cli.training import ray_cluster
from gangan_cli.training.devices import find
from gangan_cli.training.events import TrainingEnded
from gangan_cli.training.forkserver import warm_up
from store import Catalog, Manifest, Run
from store.filesystem import check_room, run_size


class RunConfig(Protocol):
    """A configuration: a dataclass, whose fields except `run` are stored in the manifest."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def run(self) -> str:
        """The run's name."""


def config_identity(configuration: RunConfig) -> dict[str, Any]:
    """Return the part of a configuration that the manifest stores: all fields but the name."""
    values = dataclasses.asdict(configuration)
    del values["run"]
    return values


def reject_changed_config(run: Run, configuration: RunConfig) -> None:
    """Check that `configuration` is the one that the run was created with.

    Settings that did not exist in the run's version count as their defaults.

    Raises:
        ConfigurationError: it is not; the message shows what differs.
    """
    config, fields = config_identity(configuration), dataclasses.fields(configuration)
    defaults = {
        one.name: one.default
        for one in fields
        if one.name in config and one.default is not dataclasses.MISSING
    }
    stored = _by_option({**defaults, **_as_today(run)})
    config = _by_option(config)
    differences = [
        f"{name.replace('_', '-')} is {stored.get(name)!r} in the run and {config.get(name)!r} here"
        for name in {**stored, **config}
        if stored.get(name) != config.get(name)
        and not (name == "dataset" and is_same_folder(str(stored.get(name)), str(config.get(name))))
    ]
    if differences:
        raise ConfigurationError(
            f"run {run.name!r} exists with another configuration ({'; '.join(differences)}): "
            "give the same again to resume it, or another --run name"
        )


def _by_option(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with a setting for each option of its family: the value, not how it was
    spelled."""
    settings = {name: value for name, value in config.items() if name != "family_options"}
    read = weight_options if "on" in config else given_options
    for option in str(config.get("family_options", "")).split():
        name, _, value = option.partition("=")
        key = name.replace("-", "_")
        with suppress(ConfigurationError):  # one that only another version has stays as it was written
            value = read(config["family"], option)[key]
        settings[f"family option {key}"] = value
    return settings


def _as_today(run: Run) -> dict[str, Any]:
    """Return a run's stored configuration under today's names, with all options of its family."""
    stored = renamed(run.manifest.config)
    if "on" not in stored or "family_options" in stored:
        return stored
    stored = fold_options(stored)
    options = weight_options(stored["family"], stored.get("family_options", ""))
    options.pop("latent_dim", None)
    return {**stored, "family_options": written(options)}


def reject_impossible(catalog: Catalog, environment: RunEnvironment) -> None:
    """Check what a new run needs, before anything is computed for it.

    Raises:
        ConfigurationError: this machine does not have the device, or no cluster answers.
        StoreError: the file system does not suit a store.
    """
    warm_up()
    if environment.ray:
        ray_cluster.check(environment.ray)
    else:
        find(environment.device)
    catalog.check_local()


def create(
    catalog: Catalog,
    name: str,
    manifest: Manifest,
    constants: Mapping[str, NDArray[Any]],
    *,
    force: bool,
) -> None:
    """Add a run to the store.

    Raises:
        StoreError: the disk has no room for the finished run, which `force` leaves unchecked, or there
            is such a run by now.
    """
    if not force:
        check_room(catalog.path(name), _size(manifest))
    with catalog.adding(name) as path:
        Run.create(path, manifest, constants).close()


def open_to_train(catalog: Catalog, configuration: RunConfig, environment: RunEnvironment) -> Run:
    """Open the run that `configuration` names, to train what is missing in it.

    Raises:
        ConfigurationError: the run was created with another configuration.
        StoreError: the run cannot be written, or the disk has no room for the rest of it.
    """
    run = catalog.open(configuration.run, write=True)
    try:
        reject_changed_config(run, configuration)
        if not already_ended(run):
            warm_up()
            if not environment.force:
                check_room(run.path, _size(run.manifest))
    except BaseException:
        run.close()
        raise
    return run


def _size(manifest: Manifest) -> int:
    """Return about how many bytes the finished run takes."""
    return run_size(manifest, resume_size(build(manifest.family, manifest.hparams)))


def already_ended(run: Run) -> TrainingEnded | None:
    """Return the event of the run's end if nothing is left to train, else None."""
    state = run.state()
    if state.status not in ("complete", "diverged"):
        return None
    return TrainingEnded(run.name, state.status, len(run.keys()), 0, 0.0, state.diverged)
