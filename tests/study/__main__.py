"""`make study-gangan`: what makes a GAN-GAN work, one thing changed at a time.

Each variant of the default is trained with several seeds (as members of one run) over a population, and
measured as an audit does. What was trained before is not trained again.
"""

import argparse
import json
import statistics
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gangan_cli.audit.benchmark import SamplerBenchmark, SamplerResult
from gangan_cli.audit.options import Options
from gangan_cli.audit.population import WEIGHTS, Population
from gangan_cli.audit.quality import QualityJudge
from gangan_cli.audit.rivals import GANGAN
from gangan_cli.config import GanGanConfig, RunEnvironment
from gangan_cli.evaluation.reference import reference_of
from gangan_cli.models.registry import fold_options, weight_options
from gangan_cli.sampling.datasets import dataset_of
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.sampling.weight_samplers import GeneratorSampler
from gangan_cli.training.gangan import resolve, train_gangan
from gangan_cli.weightspace.novelty import MAX_RATIO, epoch_steps_by_tensor
from store import Catalog

VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "no autoencoder": {"bottleneck": 0},
    "no autoencoder, blurred": {"bottleneck": 0, "instance_noise": 4.0},
    "blurred": {"instance_noise": 4.0},
    "16 numbers": {"bottleneck": 16},
    "64 numbers": {"bottleneck": 64},
    "no templates": {"templates": 0},
    "R1 3.3 throughout": {"r1": 3.3, "r1_final": 0.0},
    "the same learning rate throughout": {"lr_decay": False},
    "coordinates, not polar": {"polar": False},
    "64 components": {"components": 64},
    "128 components": {"components": 128},
    "512 components": {"components": 512},
    "latent 1": {"latent_dim": 1},
    "latent 2": {"latent_dim": 2},
    "latent 8": {"latent_dim": 8},
    "latent 32": {"latent_dim": 32},
    "no penalty: cross-entropy alone": {"r1": 0.0, "r1_final": 0.0},
    "ten times the penalty": {"r1_times": 10},
    "a tenth of the penalty": {"r1_times": 0.1},
    "hinge loss": {"loss": "hinge"},
    "WGAN-GP": {"loss": "wasserstein", "r1": 0.0, "r1_final": 0.0, "gp_weight": 10.0},
    "no averaging": {"ema_decay": 0.0},
    "batches of 32": {"batch_size": 32},
    "aligned: permute": {"align": "permute"},
    "aligned: full": {"align": "full"},
}


@dataclass(frozen=True)
class Figures:
    """What one GAN-GAN came to; distances in steps between consecutive snapshots, `inside` as within the
    components."""

    nearest: float
    inside: float
    near: float
    gans: float
    late: float
    matched: float
    best: float


def main() -> None:
    """Train, measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--on", default="mlp", help="run of the population")
    parser.add_argument("--store", type=Path, default=Path("gangan-runs"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--count", type=int, default=32, help="GANs of each that are judged")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--only", nargs="*", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--set", nargs="*", default=[], help="for all variants, as in epochs=100")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    options = Options(given.count, given.images, points=3)
    common = tomllib.loads("\n".join(given.set))
    table: dict[str, list[Figures]] = {}
    print("| | nearest | inside | near | GANs | late | worse than the nearest | best |", flush=True)
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for name in given.only:
        config = configuration(name, given.on, given.seeds, common)
        train_gangan(config, RunEnvironment(store=given.store))
        table[name] = measured(given.store, config, options)
        print(line(name, table[name]), flush=True)
        if given.json:
            found = {name: [asdict(figures) for figures in seeds] for name, seeds in table.items()}
            given.json.write_text(json.dumps(found, indent=2) + "\n")


def configuration(name: str, on: str, seeds: int, common: Mapping[str, Any]) -> GanGanConfig:
    """Return the configuration of a variant; `common` is what all have in common."""
    changes = {**common, **VARIANTS[name]}
    if times := changes.pop("r1_times", None):
        default = weight_options("r1-mlp", "")
        changes |= {name: default[name] * times for name in ("r1", "r1_final")}
    run = "study-" + "".join(c if c.isalnum() else "-" for c in name)
    common = {"on": on, "run": run, "members": seeds, "snapshot_every": 10_000}
    return resolve(fold_options({**common, **changes}))


def measured(store: Path, config: GanGanConfig, options: Options) -> list[Figures]:
    """Return what each seed of a variant came to; one that diverged came to nothing."""
    with Lineage.open(Catalog(store), config.run) as lineage:
        reference = reference_of(dataset_of(lineage.on_images, ""), None, silent)
        population = Population(lineage, None, options.seed)
        quality = QualityJudge(lineage, reference, options.images, options.seed, silent)
        steps = epoch_steps_by_tensor(population.view, population.keys)
        benchmark = SamplerBenchmark(population, quality, options, steps)
        latents = lineage.sample_latents(options.drawn, options.seed)
        ended = [gan for gan, epoch in lineage.top.keys().tolist() if epoch == config.epochs]
        samplers = (GeneratorSampler(lineage, gan, config.epochs, latents) for gan in ended)
        return [
            figures(population, benchmark.measure(GANGAN, sampler, decoded=True)) for sampler in samplers
        ]


def figures(population: Population, found: SamplerResult) -> Figures:
    """Return the figures of one GAN-GAN."""
    near, keys = found.ratios <= MAX_RATIO, population.keys
    step = population.spaces[WEIGHTS].epoch_step
    return Figures(
        nearest=float(np.median(found.near[WEIGHTS].distances)) / step,
        inside=float(np.median(found.distances)) / population.home.epoch_step,
        near=float(near.mean()),
        gans=len(np.unique(found.keys[near, 0])) / len(np.unique(keys[:, 0])),
        late=float((near & (found.keys[:, 1] > 0.9 * keys[:, 1].max())).mean()),
        matched=float(np.median(found.frechet - found.nearest_frechet["whole"])),
        best=found.best,
    )


def line(name: str, seeds: list[Figures]) -> str:
    """Return a variant's line: the mean over its seeds, and the least and largest."""
    if not seeds:
        return f"| {name} | all diverged | | | | | | |"

    def cell(what: str, form: str) -> str:
        values = [getattr(one, what) for one in seeds]
        return f"{statistics.fmean(values):{form}} ({min(values):{form}} to {max(values):{form}})"

    cells = [
        cell("nearest", ".1f"), cell("inside", ".1f"), cell("near", ".0%"), cell("gans", ".0%"),
        cell("late", ".0%"), cell("matched", "+.1f"), cell("best", ".0f"),
    ]  # fmt: skip
    return f"| {name} | " + " | ".join(cells) + " |"


def silent(*_: object) -> None:
    """Say nothing: the table does."""


if __name__ == "__main__":
    sys.exit(main())
