"""`train-gans`: a population of GANs on images or numbers (the paper's Algorithm 1, first half)."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from gangan_cli.config import GansConfig, RunEnvironment
from gangan_cli.errors import ConfigurationError
from gangan_cli.images.dataset import Images, Labelled
from gangan_cli.images.domains import Unpaired
from gangan_cli.images.loading import load_dataset, named
from gangan_cli.images.numbers import Numbers
from gangan_cli.models.family import (
    Family,
    ImageSpec,
    NumberSpec,
    batches_per_step,
    layout,
    losses,
)
from gangan_cli.models.registry import build, family_info, given_options, hparams_for
from gangan_cli.provenance import provenance
from gangan_cli.training.events import DatasetRead, Report, ignore
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
from store import Catalog, Manifest, check_name


def resolve(given: Mapping[str, Any]) -> GansConfig:
    """Return the configuration with the settings `given`; the family's own defaults apply to the others.

    Raises:
        ConfigurationError: no such family or dataset, or a value out of bounds.
        StoreError: the name cannot be a run's.
    """
    family = family_info(given.get("family", GansConfig.family))
    return checked(GansConfig(**{**family.defaults, **given}))


def checked(config: GansConfig) -> GansConfig:
    """Return the same configuration with its dataset's canonical name.

    Raises:
        ConfigurationError: no such family or dataset.
        StoreError: the name cannot be a run's.
    """
    check_name(config.run)
    given_options(config.family, config.family_options)
    return dataclasses.replace(config, dataset=named(config.dataset))


def train_gans(config: GansConfig, environment: RunEnvironment, report: Report = ignore) -> None:
    """Train the run that `config` describes, or resume it. `report` is called with each event.

    Raises:
        ConfigurationError: `config` is invalid, or the run exists with another configuration.
        WorkFailed, StoreError: as `train_run`.
    """
    config = checked(config)
    catalog = Catalog(environment.store, force=environment.force)
    dataset = None
    if config.run not in catalog:
        reject_impossible(catalog, environment)
        dataset = _dataset(config, environment)
        manifest = _manifest(config, dataset, environment)
        create(catalog, config.run, manifest, {}, force=environment.force)
    with open_to_train(catalog, config, environment) as run:
        if ended := already_ended(run):
            report(ended)
            return
        if dataset is None:
            dataset = _dataset(config, environment)
        if (run.manifest.dataset or {}).get("sha256") != dataset.describe()["sha256"]:
            raise ConfigurationError(
                f"dataset {config.dataset!r} is not the one that run {config.run!r} was started with: "
                f"its {_kind(dataset)} differ"
            )
        if dataset.remarks or dataset.warnings:
            report(DatasetRead(run.name, dataset.remarks, dataset.warnings))
        family = build(run.manifest.family, run.manifest.hparams)
        source = examples_for(family, dataset)
        settings = dataclasses.replace(config.settings, origins=run.manifest.gan_origins)
        job = TrainJob(family.name, dict(run.manifest.hparams), source, settings)
        steps = config.gans * config.epochs * settings.steps(source.count, batches_per_step(family))
        with connected(environment.ray) as cluster:
            placement = place(
                config.gans,
                environment.device,
                environment.workers,
                cluster=cluster,
                cpu_stack=family.cpu_stack,
            )
            train_run(run, job, placement, steps, environment.compile, report)


def _dataset(config: GansConfig, environment: RunEnvironment) -> Images | Numbers:
    """Return the images or numbers to train on."""
    dataset = load_dataset(config.dataset, environment.data_dir)
    if isinstance(dataset, Images):
        return dataset.part(config.examples)
    if config.examples:
        raise ConfigurationError(
            f"examples is {config.examples!r}: it picks images; of numbers give fewer in --dataset"
        )
    return dataset


def examples_for(family: Family, dataset: Images | Numbers) -> Source:
    """Return a dataset in the form that a family takes as examples."""
    if isinstance(dataset, Numbers):
        return dataset
    if family.translates_images:
        return Unpaired(dataset)
    return Labelled(dataset) if family.class_conditional else dataset


def _spec(dataset: Images | Numbers) -> ImageSpec | NumberSpec:
    if isinstance(dataset, Numbers):
        return NumberSpec()
    return ImageSpec(dataset.height, dataset.width, dataset.channels, dataset.classes)


def _kind(dataset: Images | Numbers) -> str:
    return "numbers" if isinstance(dataset, Numbers) else "images"


def _manifest(config: GansConfig, dataset: Images | Numbers, environment: RunEnvironment) -> Manifest:
    family = build(config.family, hparams_for(config.family, _spec(dataset), config.family_options))
    count = examples_for(family, dataset).count
    # An epoch of a number of steps takes as many passes as it needs; else one pass must hold a step.
    batches = 1 if config.epoch_steps else batches_per_step(family)
    if config.batch_size * batches > count:
        taken = f", and a step takes {batches} batches" if batches > 1 else ""
        raise ConfigurationError(
            f"batch-size is {config.batch_size}{taken}, but {config.dataset} has {count} "
            + ("images of each domain" if family.translates_images else _kind(dataset))
        )
    return Manifest(
        family=family.name,
        hparams=dataclasses.asdict(family),  # type: ignore[call-overload]
        layout=layout(family),
        losses=losses(family),
        gans=config.gans,
        epochs=config.epochs,
        snapshot_every=config.snapshot_every,
        keeps_initial=config.keep_initial,
        keeps_step_losses=config.keep_step_losses,
        config=config_identity(config),
        dataset=dataset.describe(),
        **provenance(environment),
    )
