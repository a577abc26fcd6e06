"""GANs of numbers: the data's density, that of what each generates, and the curve of its discriminator
(001, figures 3 and 4)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gangan_cli.figures.style import BLUE, DARK, GREEN, Output, house_look, new_figure, save
from gangan_cli.sampling.densities import Densities
from store import Run

COLUMNS = 4

PANELS = 12
"""GANs of which a figure is made, if it is up to the figure."""


def draw_densities(
    run: Run, source: str, titles: Sequence[str], found: Densities, output: Output
) -> list[Path]:
    """Draw a panel for each GAN of `found`; `source` says where they come from."""
    figure = density_figure(f"{run.name}: {source}", titles, found)
    return save(figure, "densities", run, output, panels=titles, mean=found.mean, std=found.std)


@house_look
def density_figure(title: str, titles: Sequence[str], found: Densities) -> Figure:
    """Return a figure with a panel for each GAN of `found`."""
    columns = min(COLUMNS, len(titles))
    rows = -(-len(titles) // columns)
    figure, axes = new_figure(max(2.6 * columns, 4.2), 1.9 * rows + 0.7, rows, columns)
    for axis in axes.flat[len(titles) :]:
        axis.axis("off")
    for row, (axis, above) in enumerate(zip(axes.flat, titles, strict=False)):
        draw_density(axis, found, row)
        axis.set_title(f"{above}: mean {found.mean[row]:.2f}, std {found.std[row]:.2f}", fontsize=8)
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    figure.suptitle(title, fontsize=10)
    return figure


def draw_density(axis: Any, found: Densities, row: int) -> None:
    """Draw the three curves of one GAN in Goodfellow's colours: data black and dotted, what is generated
    green, the discriminator blue and dashed. D and densities share the axis, as in the papers."""
    axis.plot(found.x, found.real, color=DARK, linestyle=":", linewidth=1.4, label="data, density")
    axis.stairs(
        found.made[row],
        _edges(found),
        color=GREEN,
        fill=True,
        alpha=0.45,
        linewidth=0,
        label="generated, density",
    )
    axis.plot(
        found.x, found.judged[row], color=BLUE, linestyle="--", linewidth=1.1, label="discriminator D(x)"
    )
    axis.set_xlim(found.x[0], found.x[-1])
    axis.set_ylim(0, 1.05 * max(1.0, 1.5 * found.real.max()))


def _edges(found: Densities) -> NDArray[np.float64]:
    half = (found.x[1] - found.x[0]) / 2
    return np.append(found.x - half, found.x[-1] + half)
