"""Gradients of both objectives as a discriminator gets better, and GANs with few and many discriminator
steps (003, section 3)."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from gangan_cli.figures.style import (
    DARK,
    GREY,
    LOSS_COLOURS,
    Output,
    house_look,
    new_figure,
    plain_ticks,
    save_study,
)
from gangan_cli.studies.objectives_result import (
    GOOD,
    MINIMAX,
    NONSATURATING,
    Arm,
    GanProgress,
    Objectives,
)


@house_look
def draw_objectives(found: Objectives, output: Output) -> list[Path]:
    """Draw the gradients; the Fréchet distance over generator steps; and whether discriminators tell
    the images that they were trained on."""
    figure, [[gradients, quality, memory]] = new_figure(11.4, 3.6, 1, 3)
    _draw_gradients(gradients, found)
    arms = sorted(found.arms, key=lambda arm: (arm.loss != NONSATURATING, arm.discriminator_steps))
    _draw_arms(quality, arms, lambda gan: gan.frechet)
    quality.set_yscale("log")
    plain_ticks(quality.yaxis, *quality.get_ylim())
    quality.set_ylabel("Fréchet distance")
    quality.set_title(f"GANs of {arms[0].family}: mean and range")
    quality.legend(frameon=False, fontsize=7)
    _draw_arms(memory, arms, lambda gan: gan.advantage)
    memory.axhline(0.5, color=DARK, linewidth=0.7, linestyle=(0, (2, 2)))
    memory.set_ylabel("share of pairs, seen image above")
    memory.set_title("D: images it was trained on, and others")
    return save_study(figure, "objectives", "objectives", found, output)


def _draw_gradients(axis: Axes, found: Objectives) -> None:
    """Draw a line for each generator and objective, over the discriminator's error."""
    colours = {NONSATURATING: LOSS_COLOURS[0], MINIMAX: LOSS_COLOURS[1]}
    for name, colour in colours.items():
        for number, one in enumerate(found.starved):
            axis.plot(
                one.judged,
                one.gradients[name],
                ".-",
                color=colour,
                linewidth=1,
                markersize=4,
                label=name if number == 0 else None,
            )
    axis.axvline(1 - GOOD, color=GREY, linewidth=0.8, linestyle=(0, (2, 2)))
    axis.set_xscale("log")
    axis.set_yscale("log")
    plain_ticks(axis.xaxis, *axis.get_xlim())
    plain_ticks(axis.yaxis, *axis.get_ylim())
    axis.invert_xaxis()
    axis.set_xlabel("mean D(G(z)), as D is trained alone →")
    axis.set_ylabel("norm of the generator's gradient")
    axis.set_title(f"generators of {found.starved_run}, epoch {found.starved[0].epoch}")
    axis.legend(frameon=False, fontsize=7)


def _draw_arms(axis: Axes, arms: list[Arm], values: Callable[[GanProgress], list[float]]) -> None:
    """Draw the mean over the GANs of each run over generator steps, and its range."""
    for arm, colour in zip(arms, LOSS_COLOURS * len(arms), strict=False):
        steps = arm.gans[0].steps
        each = np.array([values(gan) for gan in arm.gans])
        axis.fill_between(
            steps, each.min(axis=0), each.max(axis=0), color=colour, alpha=0.18, linewidth=0
        )
        dashed = arm.loss == MINIMAX
        label = f"k = {arm.discriminator_steps}" + (", minimax" if dashed else "")
        axis.plot(
            steps,
            each.mean(axis=0),
            color=colour,
            linestyle="--" if dashed else "-",
            label=label,
            marker=".",
        )
    axis.set_xlabel("generator steps")
