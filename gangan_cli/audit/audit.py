"""The audit of a GAN-GAN: compares it with simple baselines, which draw weights without training.

Most generators of weights, looked at closely, reproduce the weights that they were trained on, or lose
to averages of these. So all samplers are measured with the same budget, noise and judge: how good are
their GANs, how far from the snapshots, and near how many of the GANs and epochs?
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gangan_cli.audit.alignment_report import AlignmentReport, alignment_report
from gangan_cli.audit.benchmark import DRAWN, Axis, Bench, HeldOut, Options, Row
from gangan_cli.errors import ConfigurationError
from gangan_cli.evaluation.quick import quick_scores
from gangan_cli.progress import ProgressCallback
from gangan_cli.sampling.datasets import dataset_of
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.weightspace.alignment import Alignment
from gangan_cli.weightspace.conditions import Condition
from gangan_cli.weightspace.index import Neighbours, PcaIndex
from store.keys import Pair

AVERAGES = "mean_of_last", "moving_average"
SNAPSHOT = "snapshot"
PROJECTED = "pca_snapshot"


@dataclass(frozen=True)
class Inside:
    """Usual distances within the space of a GAN-GAN's principal components: `spacing`, `across` and
    `own` are as in `Audit`."""

    spacing: float
    across: float
    own: Neighbours

    @classmethod
    def of(cls, pca_index: PcaIndex) -> "Inside":
        """Return the usual distances of the snapshots in a subspace."""
        return cls(pca_index.epoch_step, pca_index.between_gans, pca_index.among_themselves())


@dataclass(frozen=True)
class Audit:
    """The results of an audit. Distances are in weight space.

    `gans` and `epochs` are those of the training snapshots. Medians of their distances are `spacing`,
    the epoch step (between consecutive snapshots of a GAN), and `across` (from a snapshot to the nearest
    one of another GAN). `own` compares snapshots with all the other snapshots. The first of `rows` is
    the GAN-GAN; `matched` (count,) are the Fréchet distances of the snapshots nearest to its judged
    vectors; `floor` is that of real images.
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
    own: Neighbours
    rows: Sequence[Row]
    matched: NDArray[np.float64]
    axis: Axis
    floor: float
    condition: str = "none"
    asked: NDArray[np.float64] | None = None
    """The requested epochs or Fréchet distances of the judged vectors (count,); None if the GAN-GAN is
    not conditional."""
    asked_by: str = ""
    asked_on: int = 0
    """The judge that gave the requested Fréchet distances, and on how many images; "" and 0 if something
    else, or nothing, is requested."""
    held_out: HeldOut | None = None
    """How near samples come to the GANs that were held out; None without such GANs, and for a GAN-GAN on
    aligned GANs."""
    aligned: AlignmentReport | None = None
    """The effect of aligning the GANs; None if they were not, or if no two of them have the same
    epoch."""
    doubt: str = ""
    """Why the judge's scores may mislead; "" if there is no reason."""
    inside: Inside | None = None
    """Usual distances within the space of the components; None for a GAN-GAN on raw weights."""

    def row(self, id: str) -> Row:
        """Return the measurements of the sampler `id`."""
        return next(row for row in self.rows if row.id == id)


def audits(
    lineage: Lineage,
    options: Options,
    data_dir: Path | None,
    on_progress: ProgressCallback,
    warn: Callable[[str], None],
    snapshots: Sequence[Pair],
    known: Sequence[Audit] = (),
) -> Iterator[Audit]:
    """Yield the audits of the GAN-GANs on top of a lineage at `snapshots` (gan, epoch).

    `known` are earlier audits of the same run with the same options. Those by the same judge are yielded
    again, and their measurements of the baselines are reused.

    Raises:
        ConfigurationError: the run is not one of GAN-GANs, or the options leave nothing to compare.
        WorkFailed: the judge is not available, or a GAN generates values that are not finite.
    """
    check(lineage, options)
    bench = Bench.open(lineage, options, data_dir, on_progress)
    if bench.reference.judge.unkept:
        warn(bench.reference.judge.unkept)
    judge, weight_index = bench.reference.judge.id, bench.weight_index
    done = {(one.gan, one.epoch): one for one in known if one.judge == judge}
    rivals = next((one.rows[1:] for one in done.values()), None)
    samplers = {} if rivals else bench.baselines()
    missing = [snapshot for snapshot in snapshots if snapshot not in done]
    bench.total = len(samplers) * options.count + len(missing) * (2 * options.count + options.points)
    rivals = rivals or [bench.row(id, sampler) for id, sampler in samplers.items()]
    own, scale = weight_index.among_themselves(), Condition.of(lineage.top)
    alignment, keys = Alignment.of(lineage.top, lineage.below), weight_index.keys
    inside = Inside.of(bench.pca_index) if bench.pca_index else None
    aligned = None
    if alignment.mode != "none" and len(np.unique(keys[:, 1])) < len(keys):
        aligned = alignment_report(lineage.below, keys, alignment)
    floor = quick_scores(bench.reference.real(options.images, options.seed), bench.reference).frechet
    asked = scale.decode(bench.latents[: options.count, -1].astype(np.float64)) if scale else None
    for gan, epoch in snapshots:
        if found := done.get((gan, epoch)):
            yield found
            continue
        row = bench.gangan(gan, epoch)
        yield Audit(
            run=lineage.top.name,
            gan=gan,
            epoch=epoch,
            judge=judge,
            options=options,
            gans=np.unique(weight_index.keys[:, 0]).tolist(),
            epochs=np.unique(weight_index.keys[:, 1]).tolist(),
            spacing=weight_index.epoch_step,
            across=weight_index.between_gans,
            own=own,
            rows=[row, *rivals],
            matched=bench.matched(row),
            axis=bench.along(gan, epoch),
            floor=floor,
            condition=scale.what if scale else "none",
            asked=asked,
            asked_by=scale.judge if scale else "",
            asked_on=scale.images if scale else 0,
            held_out=bench.held_out(gan, epoch),
            aligned=aligned,
            doubt=bench.reference.judge.weakness,
            inside=inside,
        )


def check(lineage: Lineage, options: Options) -> None:
    """Check that there is something to audit, and with how many samples.

    Raises:
        ConfigurationError: there is not, or `options.count` is out of range.
    """
    if not lineage.is_gangan:
        raise ConfigurationError(
            f"run {lineage.top.name!r} was trained on images, and only GAN-GANs are audited: "
            "use gangan evaluate"
        )
    if not len(lineage.top.keys()):
        raise ConfigurationError(f"run {lineage.top.name!r} has no snapshots yet")
    if not (np.diff(lineage.top.constant("keys")[:, 0]) == 0).any():
        raise ConfigurationError(
            f"{lineage.top.name!r} was trained on one snapshot of each GAN: distances need two "
            "epochs as their unit"
        )
    if not 3 <= options.count <= DRAWN:
        raise ConfigurationError(f"count is {options.count}: give 3 to {DRAWN} samples of each kind")
    dataset_of(lineage.on_images, options.dataset)
