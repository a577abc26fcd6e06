"""Checks a configuration, and opens the run that it describes: a new run is created, an existing one
compared."""

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
from gangan_cli.errors import ConfigurationError
from gangan_cli.images.loading import is_same_folder
from gangan_cli.models import build
from gangan_cli.models.family import resume_size
from gangan_cli.training.devices import find
from gangan_cli.training.events import Ended, Event
from gangan_cli.training.nursery import get_ready
from store import Catalog, Manifest, Run
from store.filesystem import check_room, run_size


@dataclass(frozen=True)
class Machine:
    """Where and with what to train. This affects how long a run takes, not its result."""

    store: Path = Path("gangan-runs")
    device: str = "auto"
    workers: int | None = field(default=None, metadata={"at_least": 1})
    data_dir: Path | None = None
    compile: bool | None = None
    """Whether updates are compiled; None to compile where it pays."""
    force: bool = False
    """Skip the checks for free space and network file systems."""

    def __post_init__(self) -> None:
        check(self)


def check(configuration: Any) -> None:
    """Check the values of a configuration against the bounds that its fields declare.

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
    """A configuration: a dataclass, whose fields except `run` are stored in the manifest."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def run(self) -> str:
        """The run's name."""


def identity(configuration: RunConfig) -> dict[str, Any]:
    """Return the part of a configuration that the manifest stores: all fields but the name."""
    values = dataclasses.asdict(configuration)
    del values["run"]
    return values


def refuse_other(run: Run, configuration: RunConfig) -> None:
    """Check that `configuration` is the one that the run was created with.

    Settings that did not exist in the run's version count as their defaults.

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
    """Return the manifest's provenance: id, date, command, versions, and `machine` (None for an
    import)."""
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
    """Open the run that `configuration` names for training, or create it.

    `create` returns its manifest and constants; it is called only for a new run.

    Raises:
        ConfigurationError: the run exists with another configuration, or a new one is to be trained on a
        device that this machine does not have.
        StoreError: the store may not be written there, or the disk has no room for the finished run.
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
    """Return about how many bytes the finished run takes."""
    return run_size(manifest, resume_size(build(manifest.family, manifest.sizes)))


def already_ended(run: Run) -> Ended | None:
    """Return the event of the run's end if nothing is left to train, else None."""
    state = run.state()
    if state.status not in ("complete", "diverged"):
        return None
    return Ended(run.name, state.status, len(run.keys()), 0, 0.0, state.diverged)


Events = Iterator[Event]
