"""The audit of a GAN-GAN: held against ways to draw weights that anybody should try first.

Most generators of weights, looked at closely, reproduce their training checkpoints or lose to averaging
them. So each sampler here has the same budget, noise and judge: how good are its GANs, how far from the
snapshots, and of how many GANs and epochs?
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gangan_cli.data.conditions import Condition
from gangan_cli.data.weights import Matrix
from gangan_cli.errors import ConfigurationError
from gangan_cli.studies.decoding import Lineage, pick
from gangan_cli.studies.judge import Told
from gangan_cli.studies.judging import glance
from gangan_cli.studies.measuring import DRAWN, Axis, Bench, Options, Row
from gangan_cli.studies.novelty import Found
from gangan_cli.studies.samplers import LAST, Pool, Sampler, usable

AVERAGE = f"mean of the last {LAST}"
SNAPSHOT = "training snapshot"

NEAR = 3.0
"""Steps between consecutive snapshots within which a sample counts as near."""

COMPONENTS = 64
"""Principal components for the samplers that need some, if the GAN-GAN has none of its own."""


@dataclass(frozen=True)
class Audit:
    """All that was found. Distances are in weight space; `spacing` and `across` are medians of the
    snapshots' own: between consecutive ones of a GAN, and to the nearest of another GAN.

    `own` is what holding snapshots against all the others gives; `matched` (count,) the Fréchet
    distances of the snapshots nearest to the GAN-GAN's judged vectors; `floor` that of real images.
    """

    run: str
    gan: int
    epoch: int
    judge: str
    options: Options
    gans: Sequence[int]
    epochs: Sequence[int]
    spacing: float
    across: float
    own: Found
    rows: Sequence[Row]
    matched: NDArray[np.float64]
    axis: Axis
    floor: float
    condition: str = "none"
    asked: NDArray[np.float64] | None = None
    """What the judged vectors were asked to be (count,): epochs or Fréchet distances; None where the
    GAN-GAN takes no wishes."""

    def row(self, name: str) -> Row:
        """Return what became of the sampler `name`."""
        return next(row for row in self.rows if row.name == name)


def audit(
    lineage: Lineage,
    options: Options,
    data_dir: Path | None,
    told: Told,
    gan: int | None = None,
    epoch: int | None = None,
) -> Audit:
    """Audit the GAN-GAN `gan` on top of a lineage, as it was after `epoch` (by default its last).

    Raises:
        ConfigurationError: it is no GAN-GAN, or the options leave nothing to compare.
        WorkFailed: the judge could not be had, or a GAN makes no numbers.
    """
    check(lineage, options)
    gan, epoch = pick(lineage.top, gan, epoch)
    bench = Bench.open(lineage, options, data_dir, told)
    keys, view, code = bench.landscape.keys, bench.landscape.view, lineage.levels[0].code
    known = (code, lineage.top.constant("codes")) if code else None
    pool = Pool(view, keys, bench.landscape.spacing, COMPONENTS, known)
    samplers = list(usable(pool))
    bench.total = (len(samplers) + 2) * options.count + options.points
    own, scale = bench.gangan(gan, epoch), Condition.of(lineage.top)
    rows = [own]
    for number, (name, sampler) in enumerate(samplers):
        random = np.random.default_rng((options.seed, number))
        rows.append(bench.row(name, partial(_more, sampler, pool, random)))
    asked = bench.latents[: options.count, -1].astype(np.float64)
    return Audit(
        run=lineage.top.name,
        gan=gan,
        epoch=epoch,
        judge=bench.reference.judge.id,
        options=options,
        gans=np.unique(keys[:, 0]).tolist(),
        epochs=np.unique(keys[:, 1]).tolist(),
        spacing=bench.landscape.spacing,
        across=bench.landscape.across,
        own=bench.landscape.own(),
        rows=rows,
        matched=bench.matched(own),
        axis=bench.along(gan, epoch),
        floor=glance(bench.reference.real(options.images, options.seed), bench.reference).frechet,
        condition=scale.what if scale else "none",
        asked=scale.decode(asked) if scale else None,
    )


def _more(sampler: Sampler, pool: Pool, random: np.random.Generator, count: int) -> Matrix:
    return sampler(pool, count, random)


def check(lineage: Lineage, options: Options) -> None:
    """Make sure that there is something to audit.

    Raises:
        ConfigurationError: there is not.
    """
    if len(lineage.levels) < 2:
        raise ConfigurationError(
            f"run {lineage.top.name!r} was trained on images: an audit is of a GAN-GAN; this one is "
            "judged by gangan evaluate"
        )
    if not len(lineage.top.keys()):
        raise ConfigurationError(f"run {lineage.top.name!r} has no snapshots yet")
    if not (np.diff(lineage.top.constant("keys")[:, 0]) == 0).any():
        raise ConfigurationError(
            f"{lineage.top.name!r} was trained on one snapshot of each GAN: without a step from one to "
            "the next nothing is near or far"
        )
    if not 3 <= options.count <= DRAWN:
        raise ConfigurationError(
            f"{options.count} samples of each kind leave nothing to compare: give 3 to {DRAWN}"
        )
