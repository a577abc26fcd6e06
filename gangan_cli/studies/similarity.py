"""Are a generator's kernels like its discriminator's (001, section 4, figures 1 and 2)?

For each kernel of a generator's layer, take the largest cosine to any kernel of a discriminator's layer.
The paper compares these with random kernels, and finds the last layer of a DCGAN's generator alike with
the first of its discriminator. But kernels of any network that sees images are smooth, and smooth
kernels are alike. So here other discriminators stand beside: of GANs trained apart, and of other images.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from gangan_cli.errors import ConfigurationError
from gangan_cli.metrics.similarity import largest_cosines, permuted
from gangan_cli.studies.answers import Finding, described
from gangan_cli.studies.similarity_result import (
    OTHER,
    OWN,
    PERMUTED,
    RANDOM,
    TURNED,
    Cosines,
    GanSimilarity,
    LayerPair,
    RunSimilarity,
    Similarity,
    findings,
    table,
)
from gangan_cli.studies.study import StudiedRun, StudyContext, Table
from gangan_cli.weightspace.kernels import Kernels, kernels_of, networks_of
from gangan_cli.weightspace.snapshots import Matrix
from store import Run

Layers = list[Kernels]
"""The layers of one network."""

JUDGES = ("discriminator", "critic")
"""Names of the network whose kernels are the references."""

RANDOM_TARGETS = 2048
"""Fewest random kernels that are compared: a generator's last layer has few, and their mean should not
add noise of its own."""

MOST = 16
"""Most GANs of a run that are compared: each is compared with all others."""


class SimilarityStudy:
    """The study: see the module."""

    result = Similarity

    def measure(self, context: StudyContext) -> Similarity:
        """Compare the layers of each run's GANs."""
        judges: dict[str, tuple[str, list[Layers]]] = {}
        for name in context.runs:
            with context.opened(name) as studied:
                judges[name] = studied.run.manifest.id, _judges(studied)
        found = []
        for name in context.runs:
            with context.opened(name) as studied:
                found.append(_of_run(studied, judges, context))
        return Similarity(found)

    def tables(self, found: Similarity) -> list[Table]:
        """Return a table for each run."""
        return [table(one) for one in found.runs]

    def findings(self, found: Similarity) -> list[Finding]:
        """Return what follows."""
        return findings(found)


def _judges(studied: StudiedRun) -> list[Layers]:
    """Return the kernels of each of the run's discriminators at its last epoch.

    Raises:
        ConfigurationError: the run lacks what the study needs.
    """
    studied.require_complete()
    run = studied.run
    networks = networks_of(run.manifest.layout)
    if studied.lineage.is_gangan or "generator" not in networks or _judge(run) is None:
        raise ConfigurationError(
            f"run {run.name!r} ({run.manifest.family}) has no generator of images with a discriminator: "
            "give runs of mlp, gan, dcgan, dcgan-32 or wgan"
        )
    found = [
        kernels_of(run.manifest.layout, vector, str(_judge(run)), outgoing=False)
        for _, vector in _last(run)
    ]
    if len(found) < 2:
        raise ConfigurationError(
            f"run {run.name!r} has one GAN, and the study compares independent ones: train several, as "
            f"with gangan train-gans --run NAME --family {run.manifest.family} --gans 4"
        )
    return found


def _judge(run: Run) -> str | None:
    return next((name for name in networks_of(run.manifest.layout) if name in JUDGES), None)


def _last(run: Run) -> Iterator[tuple[int, Matrix]]:
    """Yield each GAN's number and last snapshot, of at most MOST GANs."""
    for gan, epoch in _last_epochs(run).items():
        yield gan, run.snapshot(gan, epoch)


def _last_epochs(run: Run) -> dict[int, int]:
    """Return the last epoch of each of at most MOST GANs."""
    last = dict(run.keys().tolist())
    return {gan: last[gan] for gan in sorted(last)[:MOST]}


def _of_run(
    studied: StudiedRun, judges: Mapping[str, tuple[str, list[Layers]]], context: StudyContext
) -> RunSimilarity:
    """Compare each GAN of a run; `judges` has the id and the discriminators of every run, by name."""
    run = studied.run
    own = judges[run.name][1]
    apart = {name: layers for name, (_, layers) in judges.items() if name != run.name}
    of = {
        "last": [list(key) for key in _last_epochs(run).items()],
        "runs": {name: id for name, (id, _) in judges.items() if name != run.name},
    }
    gans = []
    for place, (gan, vector) in enumerate(_last(run)):
        made = kernels_of(run.manifest.layout, vector, "generator", outgoing=True)
        others = {OTHER: own[:place] + own[place + 1 :], **apart}
        compare = partial(_compared, gan, made, own[place], others)
        gans.append(studied.once(f"gan/{gan}", GanSimilarity, compare, of))
        context.on_progress(f"comparing kernels of {run.name}", place + 1, len(own))
    if not gans[0].pairs:
        raise ConfigurationError(
            f"run {run.name!r} ({run.manifest.family}) has no two layers whose kernels have one size"
        )
    manifest = run.manifest
    return RunSimilarity(
        run=run.name,
        family=manifest.family,
        settings=described(manifest),
        seed=manifest.config.get("seed"),
        first=own[0][0].layer,
        gans=gans,
    )


def _compared(
    gan: int, made: Layers, own: Layers, others: Mapping[str, Sequence[Layers]]
) -> GanSimilarity:
    """Compare the layers `made` of a GAN's generator with those of its `own` discriminator, and with
    `others`, by what these are."""
    pairs = []
    for row, target in enumerate(made):
        for column, reference in enumerate(own):
            if target.compares_with(reference):
                apart = {
                    name: [layers[column] for layers in some if _fits(reference, layers, column)]
                    for name, some in others.items()
                }
                random = np.random.default_rng((gan, row, column))
                pairs.append(_pair(target, reference, apart, random))
    return GanSimilarity(gan, pairs)


def _fits(reference: Kernels, layers: Layers, column: int) -> bool:
    """Return whether another discriminator has as many kernels of that size there: the more there are,
    the larger cosines become."""
    return len(layers) > column and layers[column].vectors.shape == reference.vectors.shape


def _pair(
    target: Kernels,
    reference: Kernels,
    apart: Mapping[str, Layers],
    random: np.random.Generator,
) -> LayerPair:
    count, length = target.vectors.shape
    noise = random.standard_normal((max(count, RANDOM_TARGETS), length), np.float32)
    chance = largest_cosines(noise, random.standard_normal(reference.vectors.shape, np.float32))
    shuffled = permuted(target.vectors, random), permuted(reference.vectors, random)
    of_others = {
        name: [largest_cosines(target.vectors, one.vectors) for one in layers]
        for name, layers in apart.items()
        if layers
    }
    values = {
        OWN: largest_cosines(target.vectors, reference.vectors),
        RANDOM: chance,
        PERMUTED: largest_cosines(*shuffled),
        TURNED: largest_cosines(target.turned.vectors, reference.vectors),
        **{name: np.concatenate(some) for name, some in of_others.items()},
    }
    return LayerPair(
        target=target.layer,
        reference=reference.layer,
        targets=count,
        references=len(reference.vectors),
        length=length,
        cosines={name: Cosines.of(found, chance) for name, found in values.items()},
        apart=[float(one.mean()) for one in of_others[OTHER]],
    )
