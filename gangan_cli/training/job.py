"""Configurations checked, and the run they describe: made when new, compared when it is there."""

import dataclasses
import math
import platform
import shlex
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Protocol

from numpy.typing import NDArray

from gangan_cli import wording
from gangan_cli.data.images import is_same_folder
from gangan_cli.errors import ConfigurationError
from gangan_cli.models import build
from gangan_cli.models.family import resume_size
from gangan_cli.training.devices import find
from gangan_cli.training.events import Ended, Event
from gangan_cli.training.nursery import get_ready
from store import Catalog, Manifest, Run
from store.filesystem import check_room, run_size


@dataclass(frozen=True)
class Machine:
    """Where and with what to train: changes how long a run takes, not what it is."""

    store: Path = Path("gangan-runs")
    device: str = "auto"
    workers: int | None = field(default=None, metadata={"at_least": 1})
    data_dir: Path | None = None
    compile: bool | None = None
    """Whether updates are compiled to machine code; None for where it pays."""
    force: bool = False
    """Whether to write where the disk looks too small, or is a network's."""

    def __post_init__(self) -> None:
        check(self)


def check(configuration: Any) -> None:
    """Hold the values of a configuration against the bounds that its fields declare.

    Raises:
        ConfigurationError: one lies outside.
    """
    for one in dataclasses.fields(configuration):
        value, name = getattr(configuration, one.name), one.name.replace("_", "-")
        if value is None:
            continue
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigurationError(f"{name} is {value}: give a finite number")
        if (least := one.metadata.get("at_least")) is not None and not value >= least:
            raise ConfigurationError(f"{name} is {value}: give {least} or more")
        if (most := one.metadata.get("at_most")) is not None and not value <= most:
            raise ConfigurationError(f"{name} is {value}: give {most} or less")
        if (known := one.metadata.get("one_of")) is not None and value not in known:
            raise ConfigurationError(f"{name} is {value!r}: give {' or '.join(known)}")
        if (bound := one.metadata.get("above")) is not None and not value > bound:
            raise ConfigurationError(f"{name} is {value}: give more than {bound}")


class RunConfig(Protocol):
    """A configuration: a dataclass, of which a run has all but the name."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def run(self) -> str:
        """The run's name."""


def identity(configuration: RunConfig) -> dict[str, Any]:
    """Return what a run's manifest says of its configuration: all but the name."""
    values = dataclasses.asdict(configuration)
    del values["run"]
    return values


def refuse_other(run: Run, configuration: RunConfig) -> None:
    """Make sure that `configuration` is the one the run was made with.

    A setting that the run's version did not have had its default.

    Raises:
        ConfigurationError: it is not; the message shows what differs.
    """
    config, fields = identity(configuration), dataclasses.fields(configuration)
    defaults = {one.name: one.default for one in fields if one.default is not dataclasses.MISSING}
    stored = {**{name: defaults[name] for name in config if name in defaults}, **run.manifest.config}
    differences = [
        f"{name.replace('_', '-')} is {stored.get(name)!r} there and {config.get(name)!r} here"
        for name in {**stored, **config}
        if stored.get(name) != config.get(name)
        and not (name == "dataset" and is_same_folder(str(stored.get(name)), str(config.get(name))))
    ]
    if differences:
        raise ConfigurationError(
            f"run {run.name!r} is there with another configuration ({'; '.join(differences)}): "
            "give the same again to resume it, or another --run name"
        )


def provenance(machine: Machine | None = None) -> dict[str, Any]:
    """Return what a manifest says of how it came to be: trained on `machine`, or imported."""
    return {
        "machine": {
            "data_dir": str(machine.data_dir.resolve()) if machine.data_dir else None,
            "device": machine.device,
            "workers": machine.workers,
            "compile": machine.compile,
            **({"force": True} if machine.force else {}),
        }
        if machine
        else {},
        "id": uuid.uuid4().hex,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": wording.plain(shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])),
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("gangan", "torch", "numpy")},
        },
    }


def open_or_create(
    catalog: Catalog,
    configuration: RunConfig,
    machine: Machine,
    create: Callable[[], tuple[Manifest, Mapping[str, NDArray[Any]]]],
) -> Run:
    """Open the run that `configuration` names for training, if it is its own, or make it.

    `create` returns its manifest and constants, and is called only when the run is new.

    Raises:
        ConfigurationError: the run is there with another configuration, or this machine has not the
            device that a new one was to be trained on.
        StoreError: it must not be written there, or has no room for all that it will be.
    """
    name = configuration.run
    if name not in catalog:
        get_ready()
        find(machine.device)
        catalog.check_local()
        manifest, constants = create()
        if not machine.force:
            check_room(catalog.path(name), _size(manifest))
        with catalog.adding(name) as path:
            Run.create(path, manifest, constants).close()
    run = catalog.open(name, write=True)
    try:
        refuse_other(run, configuration)
        if not already_ended(run):
            get_ready()
            if not machine.force:
                check_room(run.path, _size(run.manifest))
    except BaseException:
        run.close()
        raise
    return run


def _size(manifest: Manifest) -> int:
    """Return about how many bytes a run takes when it is finished."""
    return run_size(manifest, resume_size(build(manifest.family, manifest.sizes)))


def already_ended(run: Run) -> Ended | None:
    """Return how the run ended, if there is nothing left to train."""
    state = run.state()
    if state.status not in ("complete", "diverged"):
        return None
    return Ended(run.name, state.status, len(run.keys()), 0, 0.0, state.diverged)


Events = Iterator[Event]
