"""`train-gans`: a population of GANs on images (the paper's Algorithm 1, first half)."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from gangan_cli.errors import ConfigurationError
from gangan_cli.images.dataset import Images, Labelled
from gangan_cli.images.domains import Unpaired
from gangan_cli.images.loading import load_images, named
from gangan_cli.models import build, family_info, given_options, sizes_for
from gangan_cli.models.family import Family, ImageSpec, batches_per_step, layout, losses
from gangan_cli.training.events import DatasetRead
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
from store import Catalog, Manifest, check_name
from store.manifest import MAX_COUNT


@dataclass(frozen=True)
class GansConfig:
    """Configuration of a run of GANs. The defaults are the paper's (section 3, "Training")."""

    run: str = "gans"
    dataset: str = "mnist"
    family: str = "mlp"
    family_options: str = ""
    """Hyperparameters of the family that differ from its defaults, as in "width=8 loss=code"."""
    gans: int = field(default=35, metadata={"at_least": 1, "at_most": MAX_COUNT})
    epochs: int = field(default=100, metadata={"at_least": 1, "at_most": MAX_COUNT})
    batch_size: int = field(default=128, metadata={"at_least": 1})
    lr: float = field(default=2e-4, metadata={"above": 0})
    seed: int = field(default=0, metadata={"at_least": 0})
    snapshot_every: int = field(default=1, metadata={"at_least": 1, "at_most": MAX_COUNT})
    init: str = field(default="own", metadata={"one_of": ("own", "shared")})
    """Initial weights: each GAN's own, or those of GAN 0 for all. Batches and noise are each GAN's own
    in any case."""

    def __post_init__(self) -> None:
        check(self)
        check_name(self.run)
        object.__setattr__(self, "dataset", named(self.dataset))
        given_options(self.family, self.family_options)

    @classmethod
    def of_family(cls, given: Mapping[str, Any]) -> "GansConfig":
        """Return the configuration with the settings `given`; the family's own defaults apply to the
        others.

        Raises:
            ConfigurationError: no such family, or a value out of bounds.
        """
        return cls(**{**family_info(given.get("family", "mlp")).defaults, **given})

    @property
    def settings(self) -> Settings:
        """Return the engine's part of it."""
        return Settings(self.epochs, self.batch_size, self.lr, self.seed, self.snapshot_every, self.init)


def train_gans(config: GansConfig, machine: Machine) -> Events:
    """Train the run that `config` describes, or resume it; yield events.

    Raises:
        ConfigurationError: `config` is invalid, or the run exists with another configuration.
        WorkFailed, StoreError: as `train_run`.
    """
    catalog = Catalog(machine.store, force=machine.force)

    @cache
    def images() -> Images:
        return load_images(config.dataset, machine.data_dir)

    def create() -> tuple[Manifest, dict[str, Any]]:
        return _manifest(config, images(), machine), {}

    with open_or_create(catalog, config, machine, create) as run:
        if ended := already_ended(run):
            yield ended
            return
        if (run.manifest.dataset or {}).get("sha256") != images().describe()["sha256"]:
            raise ConfigurationError(
                f"dataset {config.dataset!r} is not the one run {config.run!r} was begun with: "
                "its images differ"
            )
        if images().remarks or images().warnings:
            yield DatasetRead(run.name, images().remarks, images().warnings)
        spread = plan(config.gans, machine.device, machine.workers)
        family = build(run.manifest.family, run.manifest.sizes)
        source = seen_by(family, images())
        task = Task(family.name, dict(run.manifest.sizes), source, config.settings)
        steps = (
            config.gans * config.epochs * config.settings.steps(source.count, batches_per_step(family))
        )
        yield from train_run(run, task, spread, steps, machine.compile)


def seen_by(family: Family, images: Images) -> Source:
    """Return a dataset's images in the form that a family takes as examples."""
    if family.translates_images:
        return Unpaired(images)
    return Labelled(images) if family.class_conditional else images


def _manifest(config: GansConfig, images: Images, machine: Machine) -> Manifest:
    image_spec = ImageSpec(images.height, images.width, images.channels, images.classes)
    family = build(config.family, sizes_for(config.family, image_spec, config.family_options))
    count = seen_by(family, images).count
    batches = batches_per_step(family)
    if config.batch_size * batches > count:
        taken = f", and a step takes {batches} batches" if batches > 1 else ""
        raise ConfigurationError(
            f"batch-size is {config.batch_size}{taken}, but {config.dataset} has {count} "
            + ("images of each domain" if family.translates_images else "images")
        )
    return Manifest(
        family=family.name,
        sizes=dataclasses.asdict(family),  # type: ignore[call-overload]
        layout=layout(family),
        losses=losses(family),
        gans=config.gans,
        epochs=config.epochs,
        snapshot_every=config.snapshot_every,
        config=identity(config),
        dataset=images.describe(),
        **provenance(machine),
    )
