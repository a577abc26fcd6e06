"""Figure 1 of Goodfellow et al. (2014): a GAN of one dimension at four moments."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from gangan_cli.figures.style import (
    BLUE,
    DARK,
    GREEN,
    GREY,
    Output,
    house_look,
    new_figure,
    save_study,
)
from gangan_cli.studies.optimum_result import Optimum, Panel

NUMBERS, NOISE = -0.14, -0.5
"""Heights of the line of numbers and of the line of noise, below the axis: shares of the largest
density."""


@house_look
def draw_optimum(found: Optimum, output: Output) -> list[Path]:
    """Draw the four panels of the typical GAN, in the paper's colours: data black and dotted, what is
    generated green, the discriminator blue and dashed; below, arrows from noise to numbers."""
    gan = found.typical
    figure, axes = new_figure(11.2, 3.6, 1, 4)
    panels = {
        f"(a) while it learns, epoch {gan.epoch}": gan.a,
        "(b) D trained to its optimum": gan.b,
        "(c) G trained against that D": gan.c,
        "(d) at the end of training": gan.d,
    }
    for axis, (title, panel) in zip(axes.flat, panels.items(), strict=True):
        _draw(axis, found, panel)
        facts = f"|D - D*| {panel.error:.3f}, JSD {panel.divergence:.3f}\nV {panel.value:.3f}"
        axis.set_title(f"{title}\n{facts}", fontsize=8)
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    figure.suptitle(
        f"{found.run}: GAN {gan.gan} of {len(found.gans)}, of median divergence", fontsize=10
    )
    return save_study(figure, "optimum", "optimum", found, output)


def _draw(axis: Axes, found: Optimum, panel: Panel) -> None:
    both = found.real + panel.made
    with np.errstate(invalid="ignore"):
        best = np.where(both > 0.02, found.real / both, np.nan)
    axis.plot(found.x, found.real, color=DARK, linestyle=":", linewidth=1.6, label="data")
    axis.plot(found.x, panel.made, color=GREEN, linewidth=1.4, label="generated")
    axis.plot(found.x, panel.judged, color=BLUE, linestyle="--", linewidth=1.2, label="discriminator D")
    axis.plot(found.x, best, color=GREY, linewidth=0.8, label="its optimum D*")
    top = max(1.0, 1.3 * found.real.max())
    low, high = found.x[0], found.x[-1]
    for height in (NUMBERS * top, NOISE * top):
        axis.plot([low, high], [height, height], color=DARK, linewidth=0.8, clip_on=False)
    # The noise's range is drawn half as wide as that of the numbers.
    middle, reach = (low + high) / 2, (high - low) / 4
    starts = np.linspace(middle - reach, middle + reach, len(panel.moved))
    for start, end in zip(starts, panel.moved.clip(low, high), strict=True):
        arrow = {"arrowstyle": "->", "color": GREEN, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0}
        axis.annotate("", (end, NUMBERS * top), (start, NOISE * top), arrowprops=arrow)
    axis.text(low, NUMBERS * top, "x ", ha="right", va="center", fontsize=8)
    axis.text(low, NOISE * top, "z ", ha="right", va="center", fontsize=8)
    axis.set_xlim(low, high)
    axis.set_ylim((NOISE - 0.05) * top, top)
    axis.set_yticks([0, 0.5, 1])
    axis.spines["bottom"].set_visible(False)
    axis.tick_params(bottom=False, labelbottom=False)
