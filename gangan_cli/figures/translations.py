"""Images of a CycleGAN, translated and translated back, and the effect of disturbing translations."""

from pathlib import Path

import numpy as np

from gangan_cli.figures.style import BLUE, VERMILLION, Output, house_look, new_figure, save
from gangan_cli.images.grid import shades, tile
from gangan_cli.sampling.translations import Translations
from store import Run


@house_look
def draw_translations(run: Run, study: Translations, output: Output) -> list[Path]:
    """Draw both directions, and the changes as bars."""
    figure, axes = new_figure(7, 5.6, 3, 1, heights=(3, 3, 2.6))
    names = ("A", "A to B", "and back"), ("B", "B to A", "and back")
    for axis, images, rows in zip(axes[:2, 0], (study.from_a, study.from_b), names, strict=True):
        sheet = tile(shades(images), gap=2)
        axis.imshow(sheet, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        high = images.shape[2] + 2
        axis.set_yticks([(place + 0.5) * high for place in range(len(rows))], rows)
        axis.set_xticks([])
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
    places, (axis,) = np.arange(len(study.changed)), axes[2]
    for shift, colour, place, label in (
        (-0.2, VERMILLION, 0, "from a translation"),
        (0.2, BLUE, 1, "from an image of B"),
    ):
        heights = [values[place] for values in study.changed.values()]
        axis.bar(places + shift, heights, 0.4, color=colour, label=label)
    axis.axhline(study.lost, color="black", linewidth=0.8, linestyle=":")
    axis.text(len(places) - 0.5, study.lost, "lost undisturbed", ha="right", va="bottom", fontsize=7)
    axis.set_xticks(places, list(study.changed))
    axis.set_ylabel("change on the\nway back to A")
    axis.legend(frameon=False)
    figure.suptitle(f"{run.name}: GAN {study.gan} at epoch {study.epoch}", fontsize=10)
    facts = {"lost": study.lost, "changed": {what: list(v) for what, v in study.changed.items()}}
    return save(figure, "translations", run, output, keys=[(study.gan, study.epoch)], **facts)
