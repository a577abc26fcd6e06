"""Label entropies of GANs that share layers and of some that do not (001, figures 9 to 12)."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from gangan_cli.figures.entropies import TOP
from gangan_cli.figures.style import (
    DARK,
    FAINT,
    GREY,
    LOSS_COLOURS,
    Output,
    house_look,
    new_figure,
    save_study,
)
from gangan_cli.metrics.statistics import mean_interval
from gangan_cli.studies.entropy_result import PAPER, Entropies, Scores

COLOURS = (DARK, *LOSS_COLOURS, "#E69F00")
"""Of the arms, in their order."""


@house_look
def draw_entropy_arms(found: Entropies, output: Output) -> list[Path]:
    """Draw for each arm its GANs' means with their interval, and the share of images up to each label
    entropy."""
    figure, ((left, right),) = new_figure(9.4, 0.42 * len(found.arms) + 2.2, 1, 2)
    _means(left, found)
    for arm, colour in zip(found.arms, cycle(COLOURS), strict=False):
        right.plot(*_up_to(arm.gans), color=colour, linewidth=1.2, label=arm.title)
    untrained = [one for arm in found.arms for one in arm.initial]
    if untrained:
        right.plot(*_up_to(untrained), color=FAINT, linestyle=(0, (4, 2)), label="untrained")
    right.plot(*_up_to([found.real]), color=GREY, linestyle=(0, (1, 1)), label="real images")
    right.set_xlim(0, TOP)
    right.set_ylim(0, 1.02)
    right.set_xlabel("label entropy of an image (nats)")
    right.set_title("Share of images up to here")
    right.legend(frameon=False, fontsize=7, loc="lower right")
    return save_study(figure, "entropy", "entropy", found, output)


def _means(axis: Axes, found: Entropies) -> None:
    """Draw the mean of each GAN, and of each arm with its interval of 95 %."""
    for row, (arm, colour) in enumerate(zip(found.arms, cycle(COLOURS), strict=False)):
        axis.plot(arm.entropies, np.full(len(arm.gans), row), "o", color=colour, markersize=4)
        if len(arm.gans) > 1:
            mean = mean_interval(arm.entropies)
            axis.plot([mean.low, mean.high], [row + 0.25] * 2, color=colour, linewidth=1.2)
            axis.plot(mean.estimate, row + 0.25, "|", color=colour, markersize=9)
    axis.axvline(PAPER["baseline"], color=GREY, linewidth=0.8, linestyle=(0, (4, 2)))
    axis.text(PAPER["baseline"], -0.62, " the paper's baseline", fontsize=7, color=GREY, va="center")
    axis.set_yticks(range(len(found.arms)), [arm.title for arm in found.arms])
    axis.set_ylim(len(found.arms) - 0.4, -0.9)
    axis.set_xlim(left=0)
    axis.set_xlabel("mean label entropy (nats)")
    axis.set_title("GANs (dots), and intervals of 95 %")


def _up_to(some: Sequence[Scores]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return label entropies, and the share of all images with at most as much."""
    counts = np.sum([one.counts for one in some], axis=0)
    shares = np.concatenate([[0], np.cumsum(counts) / counts.sum()])
    return np.linspace(0, TOP, len(shares)), shares
