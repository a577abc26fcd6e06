"""`train-gangan`: a GAN over the snapshots of another run (the paper's Algorithm 1, second half)."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gangan_cli.data.examples import Source
from gangan_cli.data.weights import Codes, PrincipalComponents, StoredVectors, select
from gangan_cli.errors import ConfigurationError
from gangan_cli.models import build
from gangan_cli.models.family import layout
from gangan_cli.training.job import (
    Events,
    Machine,
    already_ended,
    check,
    open_or_create,
    provenance,
)
from gangan_cli.training.session import train_run
from gangan_cli.training.settings import Settings
from gangan_cli.training.workers import Task, plan
from store import Catalog, Manifest, Parent, Run, check_name
from store.manifest import LARGEST

RAW_PAPER: Mapping[str, Any] = {
    "family": "mlp",
    "components": 0,
    "latent_dim": 1,
    "discriminator_width": 8,  # "a smaller hidden dimension for the discriminator … helped to stabilize"
    "generator_width": 64,
    "lr": 2e-4,
    # A snapshot takes 33 MB; every tenth is enough to see it learn, and 250 would take 8.3 GB.
    "snapshot_every": 10,
}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    # Regularised, on standardised principal components: the one that works.
    "default": {},
    # Algorithm 1 as printed: the raw snapshots of all GANs.
    "paper": RAW_PAPER,
    # The released code: its loader reads GAN 0's folder 35 times over.
    "released": {**RAW_PAPER, "gans": "0", "repeat": 35},
}


@dataclass(frozen=True)
class GanGanConfig:
    """What a GAN-GAN's run is. The defaults are the preset `default`."""

    on: str
    run: str = "gangan"
    preset: str = "default"
    epochs: int = field(default=250, metadata={"at_least": 1, "at_most": LARGEST})
    batch_size: int = field(default=32, metadata={"at_least": 1})
    lr: float = field(default=2e-3, metadata={"above": 0})
    latent_dim: int = field(default=8, metadata={"at_least": 1})
    gans: str = ""
    """Which GANs' snapshots, as in "0,3-7"; empty for all."""
    snapshot_epochs: str = ""
    """Which epochs' snapshots, as in "50-"; empty for all."""
    repeat: int = field(default=1, metadata={"at_least": 1})
    """How often an epoch goes over the snapshots."""
    members: int = field(default=1, metadata={"at_least": 1, "at_most": LARGEST})
    """How many GAN-GANs, with seeds of their own."""
    seed: int = field(default=0, metadata={"at_least": 0})
    snapshot_every: int = field(default=1, metadata={"at_least": 1, "at_most": LARGEST})
    family: str = "r1-mlp"
    components: int = field(default=64, metadata={"at_least": 0})
    """Principal components that stand for a weight vector; 0 for the raw vector."""
    discriminator_width: int = field(default=256, metadata={"at_least": 1})
    generator_width: int = field(default=256, metadata={"at_least": 1})

    def __post_init__(self) -> None:
        check(self)
        check_name(self.run)

    @classmethod
    def preset_with(cls, given: Mapping[str, Any]) -> "GanGanConfig":
        """Return the preset that `given` names, with what else it says.

        Raises:
            ConfigurationError: no such preset, or a value out of bounds.
        """
        preset = given.get("preset", "default")
        if preset not in PRESETS:
            raise ConfigurationError(f"no preset {preset!r}: there is {', '.join(PRESETS)}")
        return cls(**{**PRESETS[preset], **given})

    @property
    def settings(self) -> Settings:
        """Return what the engine needs of it."""
        return Settings(self.epochs, self.batch_size, self.lr, self.seed, self.snapshot_every)


def train_gangan(config: GanGanConfig, machine: Machine) -> Events:
    """Train the GAN-GAN that `config` describes, or what is left of it; yield what happens.

    Raises:
        ConfigurationError: it makes no sense, or the run is there with another configuration.
        WorkFailed, StoreError: as `train_run`.
    """
    catalog = Catalog(machine.store, force=machine.force)
    identity = dataclasses.asdict(config)
    del identity["run"]
    if config.run == config.on:
        raise ConfigurationError(f"run {config.run!r} cannot be trained on itself: give another --run")
    with catalog.open(config.on) as parent:

        def create() -> tuple[Manifest, dict[str, Any]]:
            return _new_run(config, identity, parent, machine)

        with open_or_create(catalog, config.run, identity, machine, create) as run:
            if run.manifest.parent is None or run.manifest.parent.id != parent.manifest.id:
                raise ConfigurationError(
                    f"run {config.run!r} was trained on another run than the {config.on!r} that is "
                    "there now: give another --run name"
                )
            if ended := already_ended(run):
                yield ended
                return
            spread = plan(config.members, run.manifest.layout.size, machine.device, machine.workers)
            source = examples_of(run, parent.path)
            task = Task(config.family, dict(run.manifest.sizes), source, config.settings)
            steps = config.members * config.epochs * config.settings.steps(source.count)
            yield from train_run(run, task, spread, steps, machine.compile)


def examples_of(run: Run, parent: Path) -> Source:
    """Return what a GAN-GAN's run is trained on: codes kept with it, or its parent's snapshots."""
    repeat = run.manifest.config["repeat"]
    if "codes" in run.manifest.constants:
        return Codes(run.constant("codes"), repeat)
    return StoredVectors(parent, run.constant("keys"), repeat)


def _new_run(
    config: GanGanConfig, identity: dict[str, Any], parent: Run, machine: Machine
) -> tuple[Manifest, dict[str, Any]]:
    keys = select(parent.keys(), config.gans, config.snapshot_epochs)
    if config.batch_size > len(keys) * config.repeat:
        raise ConfigurationError(
            f"batch-size is {config.batch_size}, but there are {len(keys) * config.repeat} snapshots "
            f"of {parent.name!r} to train on: give a smaller --batch-size"
        )
    constants: dict[str, Any] = {"keys": keys}
    data_dim = parent.manifest.layout.size
    if config.components:
        code, codes = PrincipalComponents.fit(parent, keys, config.components)
        constants |= {"codes": codes, "mean": code.mean, "basis": code.basis, "scale": code.scale}
        data_dim = codes.shape[1]
    family = build(
        config.family,
        {
            "data_dim": data_dim,
            "latent_dim": config.latent_dim,
            "discriminator_width": config.discriminator_width,
            "generator_width": config.generator_width,
        },
    )
    manifest = Manifest(
        family=family.name,
        sizes=dataclasses.asdict(family),  # type: ignore[call-overload]
        layout=layout(family),
        losses=tuple(phase.called for phase in family.phases),
        gans=config.members,
        epochs=config.epochs,
        snapshot_every=config.snapshot_every,
        config=identity,
        parent=Parent(parent.name, parent.manifest.id),
        constants={name: array.shape for name, array in constants.items()},
        **provenance(machine),
    )
    return manifest, constants
