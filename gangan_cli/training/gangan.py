"""`train-gangan`: a GAN over the snapshots of another run (the paper's Algorithm 1, second half)."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError
from gangan_cli.models import build
from gangan_cli.models.family import layout, losses
from gangan_cli.training.events import Encoding, Short
from gangan_cli.training.examples import Source
from gangan_cli.training.job import (
    Events,
    Machine,
    already_ended,
    check,
    identity,
    open_or_create,
    provenance,
)
from gangan_cli.training.session import train_run
from gangan_cli.training.settings import Settings
from gangan_cli.training.workers import Task, plan
from gangan_cli.weightspace.alignment import MODES, Frame
from gangan_cli.weightspace.conditions import CONDITIONS, condition_of
from gangan_cli.weightspace.encoder import Code
from gangan_cli.weightspace.snapshots import Matrix, select, usual_step
from gangan_cli.weightspace.sources import Codes, StoredVectors
from store import Catalog, Manifest, Parent, Run, check_name
from store.manifest import MAX_COUNT

R1 = "r1-mlp"
"""The family with a choice of losses and penalties, and with conditions."""

RAW_PAPER: Mapping[str, Any] = {
    "family": "mlp",
    "components": 0,
    "bottleneck": 0,
    "batch_size": 32,
    "repeat": 1,
    "latent_dim": 1,
    "discriminator_width": 8,  # "a smaller hidden dimension for the discriminator … helped to stabilize"
    "generator_width": 64,
    "lr": 2e-4,
    # A snapshot takes 33 MB; every tenth is enough to see it learn, and 250 would take 8.3 GB.
    "snapshot_every": 10,
}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    # Regularised, on a short code of principal components: the one that works.
    "default": {},
    # One number that goes along the training of one GAN, as the paper describes it. A penalty that
    # falls, as over many GANs, leaves an axis with jumps.
    "trajectory": {
        "gans": "0",
        "latent_dim": 1,
        "bottleneck": 0,
        "blur": 4.0,
        "repeat": 60,
        "batch_size": 32,
        "epochs": 100,
        "r1": 0.054,
        "r1_end": 0.0,
        "decays": False,
        "snapshot_every": 10,
    },
    # Algorithm 1 as printed: the raw snapshots of all GANs.
    "paper": RAW_PAPER,
    # The released code: its loader reads GAN 0's folder 35 times over.
    "released": {**RAW_PAPER, "gans": "0", "repeat": 35},
}


STATISTICS = ("estimated", "modelled")

USUAL_STEPS = 20_000
"""Number of steps that the defaults give on the paper's 3,500 snapshots, on which they were tuned."""

FEW_STEPS = 2_000
"""Number of steps below which a warning is given. On 120 snapshots the defaults give 500, which is too
few to learn anything."""


@dataclass(frozen=True)
class GanGanConfig:
    """Configuration of a GAN-GAN's run. The defaults are the preset `default`."""

    on: str
    run: str = "gangan"
    preset: str = "default"
    epochs: int = field(default=250, metadata={"at_least": 1, "at_most": MAX_COUNT})
    batch_size: int = field(default=128, metadata={"at_least": 1})
    lr: float = field(default=2e-3, metadata={"above": 0})
    latent_dim: int = field(default=16, metadata={"at_least": 1})
    gans: str = ""
    """Which GANs' snapshots, as in "0,3-7"; empty for all."""
    snapshot_epochs: str = ""
    """Which epochs' snapshots, as in "50-"; empty for all."""
    repeat: int = field(default=3, metadata={"at_least": 1})
    """Passes over the snapshots per epoch."""
    members: int = field(default=1, metadata={"at_least": 1, "at_most": MAX_COUNT})
    """Number of GAN-GANs, each with its own seed."""
    seed: int = field(default=0, metadata={"at_least": 0})
    snapshot_every: int = field(default=1, metadata={"at_least": 1, "at_most": MAX_COUNT})
    family: str = R1
    components: int = field(default=256, metadata={"at_least": 0})
    """Number of principal components that represent a weight vector; 0 for the raw vector."""
    bottleneck: int = field(default=32, metadata={"at_least": 0})
    """Length of the code that an autoencoder makes of the components (weightspace/autoencoder.py); 0 for
    none."""
    polar: bool = True
    """Whether components are split into direction and length: see weightspace/pca.py."""
    discriminator_width: int = field(default=256, metadata={"at_least": 1})
    generator_width: int = field(default=256, metadata={"at_least": 1})
    align: str = field(default="none", metadata={"one_of": MODES})
    """How far the GANs are aligned first: see weightspace/alignment.py."""
    statistics: str = field(default="estimated", metadata={"one_of": STATISTICS})
    """Whether batch statistics are modelled like weights, or estimated from the images of each generated
    GAN."""
    templates: int = field(default=512, metadata={"at_least": 0})
    """Number of learned templates that the generator mixes; 0 for plain layers."""
    blur: float = field(default=0.0, metadata={"at_least": 0})
    """Standard deviation of the noise added to codes at the start of training."""
    decays: bool = True
    """Whether the learning rate falls linearly to 0 over the second half of training."""
    condition: str = field(default="none", metadata={"one_of": CONDITIONS})
    """What generated GANs can be conditioned on: see weightspace/conditions.py."""
    loss: str = "logistic"
    """The adversarial loss of the family r1-mlp: logistic, hinge or wasserstein."""
    r1: float = field(default=13.0, metadata={"at_least": 0})
    """Weight of the R1 penalty at the start of training, if the median step between snapshots has length
    1."""
    r1_end: float = field(default=0.33, metadata={"at_least": 0})
    """That weight at the end of training; 0 for a constant weight."""
    slope: float = field(default=0.0, metadata={"at_least": 0})
    """Weight of the gradient penalty of WGAN-GP."""
    average: float = field(default=0.999, metadata={"at_least": 0, "at_most": 1})
    """Decay per step of the generator's moving average."""

    def __post_init__(self) -> None:
        check(self)
        check_name(self.run)
        if self.condition != "none" and (self.family != R1 or not self.components):
            raise ConfigurationError(
                f"condition is {self.condition!r}: only a GAN-GAN of the family {R1}, on principal "
                "components, can be asked for something"
            )

    @classmethod
    def preset_with(cls, given: Mapping[str, Any]) -> "GanGanConfig":
        """Return the preset that `given` names, changed by the other settings in `given`.

        Raises:
            ConfigurationError: no such preset, or a value out of bounds.
        """
        preset = given.get("preset", "default")
        if preset not in PRESETS:
            raise ConfigurationError(f"no preset {preset!r}: there is {', '.join(PRESETS)}")
        return cls(**{**PRESETS[preset], **given})

    @property
    def settings(self) -> Settings:
        """Return the engine's part of it."""
        return Settings(self.epochs, self.batch_size, self.lr, self.seed, self.snapshot_every)


def train_gangan(config: GanGanConfig, machine: Machine) -> Events:
    """Train the GAN-GAN that `config` describes, or resume it; yield events.

    Raises:
        ConfigurationError: `config` is invalid, or the run exists with another configuration.
        WorkFailed, StoreError: as `train_run`.
    """
    catalog = Catalog(machine.store, force=machine.force)
    if config.run == config.on:
        raise ConfigurationError(f"run {config.run!r} cannot be trained on itself: give another --run")
    with catalog.open(config.on) as parent:

        def create() -> tuple[Manifest, dict[str, Any]]:
            return _new_run(config, parent, machine)

        if config.components and config.run not in catalog:
            yield Encoding(config.run)
        with open_or_create(catalog, config, machine, create) as run:
            if run.manifest.parent is None or run.manifest.parent.id != parent.manifest.id:
                raise ConfigurationError(
                    f"run {config.run!r} was trained on another run than the {config.on!r} that is "
                    "there now: give another --run name"
                )
            if ended := already_ended(run):
                yield ended
                return
            source = examples_of(run, parent)
            short = _short(config, source.count)
            if short and not run.progress().done:  # after that, --repeat is what it is
                yield short
            spread = plan(config.members, machine.device, machine.workers)
            task = Task(config.family, dict(run.manifest.sizes), source, config.settings)
            steps = config.members * config.epochs * config.settings.steps(source.count)
            yield from train_run(run, task, spread, steps, machine.compile)


def _short(config: GanGanConfig, examples: int) -> Short | None:
    """Return the event for a default GAN-GAN with too few steps, else None."""
    steps = config.epochs * config.settings.steps(examples)
    if config.family != R1 or steps >= FEW_STEPS:
        return None
    return Short(config.run, steps, USUAL_STEPS, ceil(config.repeat * USUAL_STEPS / steps))


def examples_of(run: Run, parent: Run) -> Source:
    """Return the examples of a GAN-GAN's run: the codes stored with it, or its parent's snapshots."""
    repeat = run.manifest.config["repeat"]
    if "codes" in run.manifest.constants:
        codes = run.constant("codes")
        if "conditions" in run.manifest.constants:
            codes = np.column_stack([codes, run.constant("conditions")])
        return Codes(codes, repeat)
    return StoredVectors(parent.path, run.constant("keys"), repeat, Frame.of(run, parent))


def _new_run(config: GanGanConfig, parent: Run, machine: Machine) -> tuple[Manifest, dict[str, Any]]:
    keys = select(parent.keys(), config.gans, config.snapshot_epochs)
    if config.batch_size > len(keys) * config.repeat:
        raise ConfigurationError(
            f"batch-size is {config.batch_size}, but {parent.name!r} has {len(keys)} snapshots to train "
            f"on, {config.repeat} times over: give a smaller --batch-size"
        )
    frame = Frame.fit(parent, keys, config.align, config.statistics == "modelled")
    constants: dict[str, Any] = {"keys": keys, **frame.constants()}
    view = frame.view(parent)
    data_dim = view.manifest.layout.size
    if config.components:
        code, codes = Code.fit(view, keys, config.components, config.polar, config.bottleneck)
        constants |= {"codes": codes, **code.constants()}
        data_dim = codes.shape[1]
    sizes: dict[str, Any] = {
        "data_dim": data_dim,
        "latent_dim": config.latent_dim,
        "discriminator_width": config.discriminator_width,
        "generator_width": config.generator_width,
    }
    if config.family == R1:

        def examples(rows: NDArray[np.int64]) -> Matrix:
            return constants["codes"][rows] if config.components else view.matrix(keys[rows])[0]

        step = usual_step(keys, examples)
        sizes |= {
            "loss": config.loss,
            # A penalty on slopes means the same only if lengths do.
            "r1": config.r1 * step**2,
            "r1_end": config.r1_end * step**2,
            "slope": config.slope,
            "average": config.average,
        }
        sizes |= {"templates": config.templates, "blur": config.blur, "decays": config.decays}
    if config.condition != "none":
        scale, values = condition_of(parent, keys, config.condition)
        constants |= {"conditions": scale.encode(values).astype(np.float32), **scale.constants()}
        # What is asked for is one number more on either side.
        sizes |= {"condition": 1, "data_dim": data_dim + 1, "latent_dim": config.latent_dim + 1}
    family = build(config.family, sizes)
    manifest = Manifest(
        family=family.name,
        sizes=dataclasses.asdict(family),  # type: ignore[call-overload]
        layout=layout(family),
        losses=losses(family),
        gans=config.members,
        epochs=config.epochs,
        snapshot_every=config.snapshot_every,
        config=identity(config),
        parent=Parent(parent.name, parent.manifest.id),
        constants={name: array.shape for name, array in constants.items()},
        **provenance(machine),
    )
    return manifest, constants
