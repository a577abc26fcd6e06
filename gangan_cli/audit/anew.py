"""Trains GANs anew: with the configuration of a GAN-GAN's parent, from other seeds."""

from gangan_cli.audit.held_out import NAME_ANEW, SEED_ANEW
from gangan_cli.config import RunEnvironment
from gangan_cli.errors import ConfigurationError
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.training.events import Report
from gangan_cli.training.gans import resolve, train_gans
from store import Catalog


def train_anew(
    catalog: Catalog, name: str, count: int, environment: RunEnvironment, report: Report
) -> None:
    """Train `count` GANs like those of the parent of GAN-GAN run `name`, into a run beside it, or go on
    with it. Nothing happens if it has as many already.

    Raises:
        ConfigurationError: `name` is no run of GAN-GANs over GANs that gangan trained on images; or the
            run has fewer GANs, which were trained to the end.
        WorkFailed, StoreError: as `train_gans`.
    """
    with Lineage.open(catalog, name) as lineage:
        parent = lineage.below.manifest
        run = NAME_ANEW.format(lineage.below.name)
        if parent.parent is not None or "dataset" not in parent.config:
            raise ConfigurationError(
                f"the GANs of {lineage.below.name!r} cannot be trained anew: gangan has not trained "
                "them on images"
            )
        settings = {
            **parent.config,
            "run": run,
            "gans": count,
            "seed": parent.config["seed"] + SEED_ANEW,
        }
    if run in catalog:
        with catalog.open(run) as there:
            manifest, done = there.manifest, len(there.keys())
        if manifest.gans >= count and done == manifest.planned_snapshots:
            return
        if manifest.gans != count:
            raise ConfigurationError(
                f"{run!r} has {manifest.gans} GANs: give --anew {manifest.gans}, or remove it first "
                f"(gangan runs rm {run})"
            )
    train_gans(resolve(settings), environment, report)
