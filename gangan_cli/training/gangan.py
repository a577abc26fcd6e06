"""`train-gangan`: a GAN over the snapshots of another run (the paper's Algorithm 1, second half)."""

import dataclasses
from collections.abc import Mapping
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.config import GanGanConfig, RunEnvironment
from gangan_cli.errors import ConfigurationError
from gangan_cli.models.family import WeightSpec, layout, losses
from gangan_cli.models.registry import (
    build,
    family_info,
    weight_hparams_for,
    weight_options,
    written,
)
from gangan_cli.provenance import provenance
from gangan_cli.training.events import EncodingStarted, Report, TooFewSteps, ignore
from gangan_cli.training.examples import Source
from gangan_cli.training.jobs import TrainJob
from gangan_cli.training.placement import place
from gangan_cli.training.ray_cluster import connected
from gangan_cli.training.run_setup import (
    already_ended,
    config_identity,
    create,
    open_to_train,
    reject_impossible,
)
from gangan_cli.training.trainer import train_run
from gangan_cli.weightspace.alignment import Alignment
from gangan_cli.weightspace.conditions import condition_of
from gangan_cli.weightspace.encoder import WeightEncoder
from gangan_cli.weightspace.snapshots import Matrix, epoch_step, select
from gangan_cli.weightspace.sources import ArraySource, SnapshotSource
from store import Catalog, Manifest, Run, RunRef, check_name

USUAL_STEPS = 20_000
"""Number of steps that the defaults give on the paper's 3,500 snapshots, on which they were tuned."""

MIN_STEPS, MAX_STEPS = 4_000, 20_500
"""Bounds on the steps that the defaults give: as many as a few snapshots need, and as 3,500 have."""

MAX_BATCH = 128
"""Batch size of the defaults from 1,024 snapshots on."""

REPEAT = 3
"""Passes over the snapshots per epoch if only the batch size is given."""

FEW_STEPS = 2_000
"""Number of steps below which a warning is given: 500, for one, are too few to learn anything."""


def resolve(given: Mapping[str, Any]) -> GanGanConfig:
    """Return the preset that `given` names, changed by the other settings in `given`.

    Raises:
        ConfigurationError: no such preset, or a value out of bounds.
        StoreError: the name cannot be a run's.
    """
    return checked(GanGanConfig.preset_with(given))


def checked(config: GanGanConfig) -> GanGanConfig:
    """Return the same configuration with all options of its family written out.

    Raises:
        ConfigurationError: no such family or option, or it takes no condition.
        StoreError: the name cannot be a run's.
    """
    check_name(config.run)
    options = _options(config)
    if config.condition != "none" and not family_info(config.family).conditional:
        raise ConfigurationError(
            f"condition is {config.condition!r}: family {config.family!r} takes no condition"
        )
    latent_dim = options.pop("latent_dim", 0)
    return dataclasses.replace(config, latent_dim=latent_dim, family_options=written(options))


def _options(config: GanGanConfig) -> dict[str, Any]:
    """Return all options of the family; the length of the latent is one where it can be chosen."""
    latent = f"latent_dim={config.latent_dim}" if config.latent_dim else ""
    return weight_options(config.family, config.family_options, latent)


def fitted(config: GanGanConfig, snapshots: int) -> GanGanConfig:
    """Return the same configuration with the batch size and the passes per epoch that fit so many
    snapshots, where these are not given.

    A batch is an eighth of the snapshots, from 2 to MAX_BATCH. 250 epochs have MAX_STEPS / 3,500 = 5.9
    steps per snapshot, from MIN_STEPS to MAX_STEPS: 20,500 for 3,500 snapshots, 4,500 for 6.
    """
    batch = config.batch_size or min(MAX_BATCH, max(2, snapshots // 8))
    repeat = config.repeat or REPEAT
    if config.repeat is None and config.batch_size is None:
        steps = min(max(MAX_STEPS * snapshots / 3_500, MIN_STEPS), MAX_STEPS)
        repeat = ceil(steps / GanGanConfig.epochs * batch / snapshots)
    return dataclasses.replace(config, batch_size=batch, repeat=repeat)


def fitted_to_store(config: GanGanConfig, catalog: Catalog) -> GanGanConfig:
    """Return `fitted` by the run if it exists, which keeps what it was created with, else by its
    parent's snapshots.

    Raises:
        ConfigurationError: the selected snapshots do not exist.
        StoreError: the parent does not exist, or cannot be read.
    """
    if config.batch_size and config.repeat:
        return config
    if config.run in catalog:
        with catalog.open(config.run) as run:
            stored = run.manifest.config
            return dataclasses.replace(
                config,
                batch_size=config.batch_size or stored.get("batch_size"),
                repeat=config.repeat or stored.get("repeat", REPEAT),
            )
    with catalog.open(config.on) as parent:
        keys = select(parent.keys(initial=True), config.gans, config.snapshot_epochs)
    return fitted(config, len(keys))


def train_gangan(config: GanGanConfig, environment: RunEnvironment, report: Report = ignore) -> None:
    """Train the GAN-GAN that `config` describes, or resume it. `report` is called with each event.

    Raises:
        ConfigurationError: `config` is invalid, or the run exists with another configuration.
        WorkFailed, StoreError: as `train_run`.
    """
    config = checked(config)
    catalog = Catalog(environment.store, force=environment.force)
    if config.run == config.on:
        raise ConfigurationError(f"run {config.run!r} cannot be trained on itself: give another --run")
    config = fitted_to_store(config, catalog)
    with catalog.open(config.on) as parent:
        if config.run not in catalog:
            reject_impossible(catalog, environment)
            if config.components:
                report(EncodingStarted(config.run))
            manifest, constants = _new_run(config, parent, environment)
            create(catalog, config.run, manifest, constants, force=environment.force)
        with open_to_train(catalog, config, environment) as run:
            if run.manifest.parent is None or run.manifest.parent.id != parent.manifest.id:
                raise ConfigurationError(
                    f"run {config.run!r} was trained on another run than the {config.on!r} that the "
                    "store has now: give another --run name"
                )
            if ended := already_ended(run):
                report(ended)
                return
            source = examples_of(run, parent)
            short = _too_few_steps(config, source.count)
            if short and not run.progress().done:  # after that, --repeat is what it is
                report(short)
            settings = dataclasses.replace(config.settings, origins=run.manifest.gan_origins)
            job = TrainJob(config.family, dict(run.manifest.hparams), source, settings)
            steps = config.members * config.epochs * settings.steps(source.count)
            with connected(environment.ray) as cluster:
                placement = place(
                    config.members, environment.device, environment.workers, cluster=cluster
                )
                train_run(run, job, placement, steps, environment.compile, report)


def _too_few_steps(config: GanGanConfig, examples: int) -> TooFewSteps | None:
    """Return the event for a GAN-GAN with too few steps, else None; the papers' own presets are as they
    are."""
    steps = config.epochs * config.settings.steps(examples)
    assert config.repeat is not None
    if config.preset in ("paper", "released") or steps >= FEW_STEPS:
        return None
    return TooFewSteps(config.run, steps, USUAL_STEPS, ceil(config.repeat * USUAL_STEPS / steps))


def examples_of(run: Run, parent: Run) -> Source:
    """Return the examples of a GAN-GAN's run: the codes stored with it, or its parent's snapshots."""
    repeat = run.manifest.config["repeat"]
    if "codes" in run.manifest.constants:
        codes = run.constant("codes")
        if "conditions" in run.manifest.constants:
            codes = np.column_stack([codes, run.constant("conditions")])
        return ArraySource(codes, repeat)
    return SnapshotSource(parent.path, run.constant("keys"), repeat, Alignment.of(run, parent))


def _new_run(
    config: GanGanConfig, parent: Run, environment: RunEnvironment
) -> tuple[Manifest, dict[str, Any]]:
    keys = select(parent.keys(initial=True), config.gans, config.snapshot_epochs)
    assert config.batch_size is not None and config.repeat is not None
    if config.batch_size > len(keys) * config.repeat:
        raise ConfigurationError(
            f"batch-size is {config.batch_size}, but {parent.name!r} has {len(keys)} snapshots to train "
            f"on, {config.repeat} times over: give a smaller --batch-size"
        )
    alignment = Alignment.fit(parent, keys, config.align, config.statistics == "modelled")
    constants: dict[str, Any] = {"keys": keys, **alignment.constants()}
    view = alignment.view(parent)
    data_dim = view.manifest.layout.size
    if config.components:
        code, codes = WeightEncoder.fit(
            view, keys, config.components, config.polar, config.bottleneck, config.seed
        )
        constants |= {"codes": codes, **code.constants()}
        data_dim = codes.shape[1]

    def examples(rows: NDArray[np.int64]) -> Matrix:
        return constants["codes"][rows] if config.components else view.matrix(keys[rows])[0]

    conditions = 0
    if config.condition != "none":
        scale, values = condition_of(parent, keys, config.condition)
        constants |= {"conditions": scale.encode(values).astype(np.float32), **scale.constants()}
        conditions = 1
    spec = WeightSpec(data_dim, epoch_step(keys, examples), conditions)
    family = build(config.family, weight_hparams_for(config.family, spec, _options(config)))
    manifest = Manifest(
        family=family.name,
        hparams=dataclasses.asdict(family),  # type: ignore[call-overload]
        layout=layout(family),
        losses=losses(family),
        gans=config.members,
        epochs=config.epochs,
        snapshot_every=config.snapshot_every,
        keeps_initial=config.keep_initial,
        keeps_step_losses=config.keep_step_losses,
        config=config_identity(config),
        parents=(RunRef(parent.name, parent.manifest.id),),
        constants={name: array.shape for name, array in constants.items()},
        **provenance(environment),
    )
    return manifest, constants
