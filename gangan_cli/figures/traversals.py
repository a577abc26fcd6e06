"""Latent traversals: what each class or code of a GAN does.

Columns are the values of one code; the rest of the latent is the same along a row.
"""

from collections.abc import Sequence
from pathlib import Path

from gangan_cli.figures.style import Output, house_look, new_figure, save
from gangan_cli.images.grid import shades, tile
from gangan_cli.models.latent_codes import Categorical
from gangan_cli.sampling.traversals import Traversal
from store import Run


@house_look
def draw_traversals(
    run: Run, gan: int, epoch: int, study: Sequence[Traversal], output: Output
) -> list[Path]:
    """Draw one grid of images per latent code; draw nothing if there are no codes."""
    if not study:
        return []
    figure, ((*axes,),) = new_figure(3.6 * len(study), 4.1, 1, len(study))
    for axis, varied in zip(axes, study, strict=True):
        sheet = tile(shades(varied.images), gap=2)
        axis.imshow(sheet, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        # A column is an image and the gap beside it; the tick is in its middle.
        wide = varied.images.shape[3] + 2
        axis.set_xticks([(place + 0.5) * wide for place in range(len(varied.columns))])
        digits = 0 if isinstance(varied.code, Categorical) else 1
        axis.set_xticklabels([f"{value:.{digits}f}" for value in varied.columns], fontsize=7)
        axis.set_yticks([])
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
        axis.set_title(varied.code.name)
    figure.suptitle(f"{run.name}: GAN {gan} at epoch {epoch}", fontsize=10)
    return save(figure, "meanings", run, output, keys=[(gan, epoch)])
