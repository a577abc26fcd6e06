"""Fréchet distances of GANs over training, and of GANs sampled from a GAN-GAN among them."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from gangan_cli.audit.audit import Audit
from gangan_cli.audit.population import WEIGHTS
from gangan_cli.audit.score_history import ScoreHistory
from gangan_cli.figures.style import (
    BLUE,
    DARK,
    FAINT,
    GREY,
    VERMILLION,
    Output,
    house_look,
    new_figure,
    plain_ticks,
    save,
    whole_ticks,
)
from gangan_cli.weightspace.novelty import NEAR
from store import Run


@house_look
def draw_scores(run: Run, study: ScoreHistory, output: Output) -> list[Path]:
    """Draw the Fréchet distance of a population's snapshots against the epoch."""
    figure, ((axis,),) = new_figure(7, 3.8)
    _curves(axis, study, BLUE, BLUE)
    _finish(axis, study, study.frechet, study.keys[:, 1])
    axis.set_title(f"{run.name}: {_count(len(study.keys), 'snapshot')} of {_gans(study)}")
    return save(figure, "scores", run, output, **_facts(study))


@house_look
def draw_gangan_scores(
    run: Run, parent: Run, audit: Audit, study: ScoreHistory, output: Output
) -> list[Path]:
    """Draw the samples of a GAN-GAN at the epochs of their nearest snapshots, over the snapshots'
    curves."""
    row, step = audit.generator, audit.usual[WEIGHTS].epoch_step
    count = len(row.frechet)
    epochs, distances = row.keys[:count, 1], row.near[WEIGHTS].distances
    far = distances >= NEAR * step
    figure, ((axis,),) = new_figure(7, 3.8)
    _curves(axis, study, FAINT, DARK)
    within = f", within {NEAR:g} steps" if step > 0 else ""
    kinds = ((~far, VERMILLION, within), (far, "none", f", {NEAR:g} steps or more away"))
    for kind, face, where in kinds:
        if kind.any():
            axis.scatter(
                epochs[kind],
                row.frechet[kind],
                22,
                facecolor=face,
                edgecolor="white" if face != "none" else VERMILLION,
                linewidth=0.5 if face != "none" else 0.9,
                zorder=3,
                label=f"drawn by the GAN-GAN{where} ({kind.sum()})",
            )
    _finish(
        axis,
        study,
        np.concatenate([study.frechet, row.frechet]),
        np.concatenate([study.keys[:, 1], epochs]),
    )
    axis.set_xlabel(f"epoch; of a drawn GAN that of the nearest snapshot of {parent.name}")
    axis.set_title(
        f"{run.name}: {_count(count, 'GAN')} drawn by GAN-GAN {audit.gan} at epoch {audit.epoch}, "
        f"over {_count(len(study.keys), 'snapshot')} of {parent.name}"
    )
    return save(
        figure,
        "scores",
        run,
        output,
        **_facts(study),
        gan=audit.gan,
        epoch=audit.epoch,
        drawn={"nearest": row.keys[:count], "distances": distances, "frechet": row.frechet, "far": far},
    )


def _curves(axis: Axes, study: ScoreHistory, colour: str, strong: str) -> None:
    """Draw a line per GAN, or a point if only one of its epochs was judged, the median over GANs, and
    the score of real images."""
    many = len(study.curves) > 1
    colour = colour if many else strong
    for number, (epochs, frechet) in enumerate(study.curves.values()):
        axis.plot(
            epochs,
            frechet,
            color=colour,
            linewidth=0.6 if many else 1.6,
            alpha=0.35 if many and colour != FAINT and len(epochs) > 1 else 0.8,
            marker="o" if len(epochs) < 12 else None,
            markersize=3.5,
            markeredgewidth=0,
            label=(None if number else "one GAN"),
        )
    if many and len(study.median[0]):
        epochs, median = study.median
        if len(epochs) == 1:
            style: dict[str, Any] = {"marker": "_", "markersize": 22, "markeredgewidth": 2}
        else:
            style = {"linewidth": 2.0, "marker": "o" if len(epochs) < 12 else "none", "markersize": 4}
        axis.plot(epochs, median, color=strong, label="median over GANs", zorder=2.5, **style)
    if study.floor is not None:
        axis.axhline(
            study.floor,
            color=GREY,
            linewidth=0.9,
            linestyle=(0, (5, 3)),
            label=f"real images ({study.floor:.1f})",
        )


def _finish(axis: Axes, study: ScoreHistory, values: np.ndarray, epochs: np.ndarray) -> None:
    values = values if study.floor is None else np.append(values, study.floor)
    axis.set_yscale("log")
    low, high = values.min() / 1.25, values.max() * 1.25
    axis.set_ylim(low, high)
    plain_ticks(axis.yaxis, low, high)
    margin = max(0.5, 0.02 * float(np.ptp(epochs)))
    axis.set_xlim(epochs.min() - margin, epochs.max() + margin)
    whole_ticks(axis.xaxis)
    axis.set_xlabel("epoch")
    axis.set_ylabel(f"Fréchet distance of {study.samples:,} images")
    axis.grid(axis="y", linewidth=0.4, alpha=0.5)
    axis.legend(frameon=False, fontsize=8)


def _gans(study: ScoreHistory) -> str:
    return _count(len(study.curves), "GAN")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _facts(study: ScoreHistory) -> dict[str, object]:
    return {
        "judge": study.judge,
        "samples": study.samples,
        "keys": study.keys,
        "frechet": study.frechet,
        "floor": study.floor,
    }
