"""Nearest epoch and Fréchet distance along the latent axis: is the axis ordered?"""

import numpy as np
from matplotlib.axes import Axes

from gangan_cli.audit.audit import Audit
from gangan_cli.audit.axis_claims import ordered
from gangan_cli.figures.style import GREY, VERMILLION, plain_ticks, whole_ticks
from gangan_cli.weightspace.novelty import NEAR


def draw_order(above: Axes, below: Axes, audit: Audit) -> None:
    """Draw the epoch of the nearest snapshot into `above`, and the Fréchet distance into `below`."""
    axis = audit.walk
    epochs = axis.keys[:, 1].astype(np.float64)
    above.sharex(below)
    samples = audit.generator
    own = samples.keys[: len(samples.frechet), 1].astype(np.float64)
    _panel(above, audit, epochs, own, "c   Nearest epoch along the latent axis")
    _panel(below, audit, axis.frechet, samples.frechet, "d   Fréchet distance along it")
    if audit.condition != "none":
        asked = above if audit.condition == "epoch" else below
        asked.plot(axis.positions, axis.positions, color=GREY, linewidth=0.9, linestyle=(0, (5, 3)))
        asked.text(
            0.995,
            0.04,
            "dashed: requested",
            transform=asked.transAxes,
            ha="right",
            fontsize=7,
            color=GREY,
        )
    if audit.condition == "score":  # requested scores are evenly spaced by their logarithm
        below.set_xscale("log")
        plain_ticks(below.xaxis, axis.positions.min(), axis.positions.max())
    below.set_yscale("log")
    plain_ticks(below.yaxis, *below.get_ylim())
    first, last = audit.epochs[0], audit.epochs[-1]
    margin = max(0.5, 0.06 * (last - first))
    above.set_ylim(first - margin, last + margin)
    whole_ticks(above.yaxis)
    above.tick_params(labelbottom=False)
    above.set_ylabel("epoch")
    below.set_ylabel("Fréchet distance")
    below.set_xlabel(axis.words)
    figure = above.get_figure(root=True)
    assert figure is not None
    figure.align_ylabels([above, below])


def _panel(panel: Axes, audit: Audit, values: np.ndarray, of_samples: np.ndarray, title: str) -> None:
    axis = audit.walk
    far = axis.distances >= NEAR * audit.epoch_step
    panel.plot(axis.positions, values, color=VERMILLION, linewidth=0.8, alpha=0.5)
    for some, face in ((~far, VERMILLION), (far, "white")):
        panel.scatter(
            axis.positions[some],
            values[some],
            18,
            facecolor=face,
            edgecolor=VERMILLION,
            linewidth=0.9,
            zorder=3,
        )
    panel.grid(axis="y", linewidth=0.4, alpha=0.4)
    panel.set_title(title, weight="bold")
    found = ordered(audit, values, of_samples)
    panel.set_title(
        f"rank correlation of samples {found.value:+.2f}: {found.verdict}", loc="right", fontsize=8
    )
