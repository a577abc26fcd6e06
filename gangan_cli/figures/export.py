"""All figures of a run; which these are depends on the kind of run."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gangan_cli.audit.audit import Audit
from gangan_cli.audit.records import known_audit
from gangan_cli.audit.score_history import ScoreHistory
from gangan_cli.figures.animation import animate_training
from gangan_cli.figures.audit import draw_audit
from gangan_cli.figures.densities import PANELS, draw_densities
from gangan_cli.figures.entropies import draw_entropies
from gangan_cli.figures.latent import animate_walk, draw_grid
from gangan_cli.figures.lineage import draw_lineage
from gangan_cli.figures.losses import draw_losses
from gangan_cli.figures.samples import draw_samples
from gangan_cli.figures.scores import draw_gangan_scores, draw_scores
from gangan_cli.figures.style import Output
from gangan_cli.figures.translations import draw_translations
from gangan_cli.figures.traversals import draw_traversals
from gangan_cli.records import evaluations
from gangan_cli.sampling.densities import densities, densities_over_training
from gangan_cli.sampling.lineage import Lineage, resolve_snapshot
from gangan_cli.sampling.over_training import samples_over_training, training_film
from gangan_cli.sampling.translations import translations
from gangan_cli.sampling.traversals import latent_traversals
from gangan_cli.sampling.walks import LatentGrid, sample, walk
from gangan_cli.summaries.losses import LossHistory
from store import Catalog


def export_figures(
    catalog: Catalog, name: str, output: Output, *, gan: int | None = None, epoch: int | None = None
) -> Iterator[tuple[str, Path]]:
    """Draw every figure of the run `name`; yield (figure, path) as each file is written.

    Evaluations and audits are drawn if their results are stored with the run.

    `gan` and `epoch` select the snapshot, by default that of the first GAN at its last epoch. Figure 2
    of the paper uses `gan` only, since it shows several epochs.

    Raises:
        ConfigurationError: the run has no snapshots, or not the requested one.
        UnknownRun: the run, or one that it was trained on, is not in the store.
        WorkFailed: the folder cannot be written.
    """
    with Lineage.open(catalog, name) as lineage:
        run = lineage.top
        if lineage.numbers:
            yield from _named("densities", _densities(lineage, output, gan, epoch))
        elif not lineage.is_gangan:
            yield from _of_images(lineage, output, gan, epoch)
        else:
            yield from _of_weights(lineage, output, gan, epoch)
        yield from _named("entropies", draw_entropies(run, evaluations(run), output))
        if run.manifest.losses:  # a run imported from state dicts has none
            yield from _named("losses", draw_losses(run, LossHistory.read(run), output))
        yield from _named("lineage", draw_lineage(lineage.runs, output))


def _of_images(
    lineage: Lineage, output: Output, gan: int | None, epoch: int | None
) -> Iterator[tuple[str, Path]]:
    run = lineage.top
    study = samples_over_training(lineage, gan=gan, seed=output.seed)
    yield from _named("samples", draw_samples(run, study, output))
    film = training_film(lineage, gan=gan, seed=output.seed)
    if len(film.epochs) > 1:
        yield from _named("training", animate_training(run, film, output))
    if lineage.family.latent_codes:
        found = latent_traversals(lineage, gan=gan, epoch=epoch, seed=output.seed)
        yield from _named("meanings", draw_traversals(run, *found, output))
    if lineage.family.translates_images:
        there = translations(lineage, gan=gan, epoch=epoch, seed=output.seed)
        yield from _named("translations", draw_translations(run, there, output))
    if history := ScoreHistory.read(run):
        yield from _named("scores", draw_scores(run, history, output))


def _of_weights(
    lineage: Lineage, output: Output, gan: int | None, epoch: int | None
) -> Iterator[tuple[str, Path]]:
    run, parent = lineage.top, lineage.below
    along = walk(lineage, gan=gan, epoch=epoch, seed=output.seed)
    audit = known_audit(run, along.gan, along.epoch)
    scores = _scores_along(along, audit)
    yield from _named("walk", draw_grid(run, parent, "walk", along, output, scores))
    yield from _named("walk-animation", animate_walk(run, along, output))
    drawn = sample(lineage, gan=gan, epoch=epoch, seed=output.seed)
    yield from _named("samples", draw_grid(run, parent, "samples", drawn, output))
    if audit:
        history = ScoreHistory.beside(audit, parent)
        yield from _named("scores", draw_gangan_scores(run, parent, audit, history, output))
        yield from _named("audit", draw_audit(run, audit, output))


def _densities(lineage: Lineage, output: Output, gan: int | None, epoch: int | None) -> list[Path]:
    """Draw GANs of numbers: one of a run over its epochs, or some that a GAN-GAN generates."""
    if not lineage.is_gangan:
        gan, epochs, found = densities_over_training(lineage, gan, output.seed)
        titles = [f"epoch {epoch}" for epoch in epochs]
        return draw_densities(lineage.top, f"GAN {gan} over training", titles, found, output)
    gan, epoch = resolve_snapshot(lineage.top, gan, epoch)
    weights = lineage.sample_weights(lineage.sample_latents(PANELS, output.seed), gan, epoch)
    titles = [f"sample {number}" for number in range(PANELS)]
    found = densities(lineage, weights, output.seed)
    source = f"GANs drawn from GAN-GAN {gan} at epoch {epoch}"
    return draw_densities(lineage.top, source, titles, found, output)


def _scores_along(along: LatentGrid, audit: Audit | None) -> NDArray[np.float64] | None:
    """Return an audit's Fréchet distances (n,) for the rows of a walk; None if the audit's walk is
    another one: it depends on the seed."""
    if audit is None or along.positions is None or audit.options.seed != along.seed:
        return None
    places, same_axis = audit.walk.positions, audit.walk.words == along.axis
    same = same_axis and places.shape == along.positions.shape and np.allclose(places, along.positions)
    return audit.walk.frechet if same else None


def _named(figure: str, paths: list[Path]) -> Iterator[tuple[str, Path]]:
    return ((figure, path) for path in paths)
