"""All figures of a run, by what the run is."""

from collections.abc import Iterator
from pathlib import Path

from gangan_cli.figures.latent import animate_walk, draw_grid
from gangan_cli.figures.lineage import draw_lineage
from gangan_cli.figures.losses import draw_losses
from gangan_cli.figures.samples import draw_samples
from gangan_cli.figures.style import Output
from gangan_cli.studies.decoding import Lineage
from gangan_cli.studies.latent_axis import sample, walk
from gangan_cli.studies.losses import LossHistory
from gangan_cli.studies.progress import samples_over_training
from store import Catalog


def export_figures(
    catalog: Catalog, name: str, output: Output, *, gan: int | None = None, epoch: int | None = None
) -> Iterator[tuple[str, Path]]:
    """Draw every figure of the run `name`; yield (figure, path) as each file is written.

    `gan` and `epoch` choose the GAN of Figure 2, or the GAN-GAN and its snapshot for Figure 3.

    Raises:
        ConfigurationError: the run has no snapshots, or not the one asked for.
        UnknownRun: the run, or one that it was trained on, is not in the store.
        WorkFailed: the folder cannot be written.
    """
    with Lineage.open(catalog, name) as lineage:
        run = lineage.top
        if len(lineage.levels) == 1:
            study = samples_over_training(lineage, gan=gan, seed=output.seed)
            yield from _named("samples", draw_samples(run, study, output))
        else:
            parent = lineage.levels[1].run
            along = walk(lineage, gan=gan, epoch=epoch, seed=output.seed)
            yield from _named("walk", draw_grid(run, parent, "walk", along, output))
            yield from _named("walk-animation", animate_walk(run, along, output))
            drawn = sample(lineage, gan=gan, epoch=epoch, seed=output.seed)
            yield from _named("samples", draw_grid(run, parent, "samples", drawn, output))
        if run.manifest.losses:  # imported state dicts come without
            yield from _named("losses", draw_losses(run, LossHistory.read(run), output))
        yield from _named("lineage", draw_lineage([level.run for level in lineage.levels], output))


def _named(figure: str, paths: list[Path]) -> Iterator[tuple[str, Path]]:
    return ((figure, path) for path in paths)
