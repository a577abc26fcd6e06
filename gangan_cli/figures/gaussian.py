"""GANs of numbers with and without a shared layer (001, figures 3 and 4)."""

from pathlib import Path

from matplotlib.axes import Axes

from gangan_cli.figures.densities import draw_density
from gangan_cli.figures.style import (
    DARK,
    GREEN,
    VERMILLION,
    Output,
    house_look,
    new_figure,
    save_study,
)
from gangan_cli.sampling.densities import Densities
from gangan_cli.studies.gaussian_result import PUBLISHED, Arm, Gaussians

COLUMNS = 3


@house_look
def draw_gaussian(found: Gaussians, output: Output) -> list[Path]:
    """Draw two panels for each arm: its typical GAN as in the paper, and mean and standard deviation of
    all its GANs."""
    blocks = -(-len(found.arms) // COLUMNS)
    columns = min(COLUMNS, len(found.arms))
    figure, axes = new_figure(3.3 * columns, 3.9 * blocks + 0.6, 2 * blocks, columns)
    for axis in axes.flat:
        axis.axis("off")
    for number, arm in enumerate(found.arms):
        block, column = divmod(number, COLUMNS)
        curves, dots = axes[2 * block, column], axes[2 * block + 1, column]
        for axis in (curves, dots):
            axis.axis("on")
        _draw_typical(curves, arm)
        _draw_all(dots, arm)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    more, words = axes[1, 0].get_legend_handles_labels()
    figure.legend(
        handles + more, labels + words, loc="outside lower center", ncols=3, frameon=False, fontsize=8
    )
    return save_study(figure, "gaussian", "gaussian", found, output)


def _draw_typical(axis: Axes, arm: Arm) -> None:
    shown = Densities(arm.x, arm.made[None], arm.judged[None], arm.real, arm.means, arm.stds)
    draw_density(axis, shown, 0)
    axis.set_title(f"{arm.title}\nGAN {arm.typical}, of median distance", fontsize=8)


def _draw_all(axis: Axes, arm: Arm) -> None:
    """Draw each GAN as a point; those outside the axes stand at their edges."""
    means, stds = arm.means.clip(-1, 9), arm.stds.clip(0, 3)
    axis.scatter(means, stds, s=9, color=GREEN, alpha=0.5, linewidth=0, label="a GAN's mean and std")
    axis.scatter([arm.mean], [arm.std], marker="+", s=90, color=DARK, label="the data's")
    if arm.shared:
        axis.scatter(*PUBLISHED, marker="x", s=50, color=VERMILLION)
    # For the legend, also if this arm is not shared.
    axis.scatter([], [], marker="x", s=50, color=VERMILLION, label="001's one shared net")
    axis.set_xlim(-1.2, 9.2)
    axis.set_ylim(-0.1, 3.1)
    axis.set_xlabel("mean", fontsize=8)
    axis.set_ylabel("std", fontsize=8)
    axis.set_title(
        f"{len(arm.means)} GANs: {arm.learned.mean():.0%} learned, {arm.outside.mean():.1%} in the tail",
        fontsize=8,
    )
