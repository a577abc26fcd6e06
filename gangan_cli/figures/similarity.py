"""Largest cosines of a generator's kernels to a discriminator's (001, figures 1 and 2)."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from gangan_cli.figures.style import (
    BLUE,
    GREEN,
    GREY,
    PINK,
    SKY,
    VERMILLION,
    Output,
    house_look,
    new_figure,
    save_study,
)
from gangan_cli.studies.similarity_result import (
    OTHER,
    OWN,
    PERMUTED,
    RANDOM,
    SHARED,
    TURNED,
    RunSimilarity,
    Similarity,
)

COLOURS: Mapping[str, str] = {OWN: BLUE, RANDOM: GREY, OTHER: VERMILLION, PERMUTED: GREEN, TURNED: PINK}
"""By what a layer is compared with; discriminators of other runs are SKY."""


@house_look
def draw_similarity(found: Similarity, output: Output) -> list[Path]:
    """Draw a row for each run: for the layers that its claim is about, the distributions of largest
    cosines, all GANs together."""
    shown = [(run, name) for run in found.runs for name in _layers(run)]
    columns = 2
    rows = -(-len(shown) // columns)
    figure, axes = new_figure(8.6, 2.5 * rows + 0.8, rows, columns)
    for axis in axes.flat[len(shown) :]:
        axis.axis("off")
    for axis, (run, name) in zip(axes.flat, shown, strict=False):
        _draw(axis, run, name)
    figure.supxlabel("largest cosine of a kernel to any of the other layer's kernels", fontsize=9)
    figure.supylabel("share of all kernels up to here", fontsize=9)
    return save_study(figure, "similarity", "similarity", found, output)


def _layers(run: RunSimilarity) -> list[tuple[str, str]]:
    """Return the pairs of layers to draw: at most two."""
    return [SHARED, *run.facing[:1]] if run.is_wgan else run.facing


def _draw(axis: Axes, run: RunSimilarity, name: tuple[str, str]) -> None:
    """Draw the cumulative distributions of a pair of layers: they need no bins to compare, however few
    kernels there are."""
    for beside in run.compared:
        of_gans = [pair.cosines[beside].quantiles for pair in run.pairs(name)]
        cosines = np.sort(np.concatenate(of_gans))
        axis.plot(
            cosines,
            np.linspace(0, 1, len(cosines)),
            color=COLOURS.get(beside, SKY),
            linewidth=2.2 if beside == OWN else 1.1,
            linestyle=(0, (4, 2)) if beside == RANDOM else "-",
            label=f"{beside} ({run.means(name, beside).mean():.2f})",
            zorder=1 if beside == OWN else 2,
        )
    pair = run.pairs(name)[0]
    axis.set_ylim(0, 1.02)
    axis.set_title(
        f"{run.run} ({len(run.gans)} GANs): {name[0]} of generators,\n{name[1]} of discriminators: "
        f"{pair.targets:,} kernels of {pair.length}, {pair.references:,} references",
        fontsize=8,
    )
    axis.legend(frameon=False, fontsize=7, title="compared with (mean)", title_fontsize=7)
