"""Figure 3 of the paper: GANs sampled from a GAN-GAN, one per row; one fixed noise vector per column."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gangan_cli.figures.animation import FRAME_MS, frames, write
from gangan_cli.figures.style import Output, describe, house_look, new_figure, save
from gangan_cli.images.grid import shades, tile
from gangan_cli.sampling.walks import LatentGrid
from store import Run


@house_look
def draw_grid(
    run: Run,
    parent: Run,
    name: str,
    study: LatentGrid,
    output: Output,
    frechet: NDArray[np.float64] | None = None,
) -> list[Path]:
    """Draw a walk or independent samples. On the left are positions along the walk, or row numbers; on
    the right the nearest snapshots, and the Fréchet distances (n,) of the rows if they are given."""
    rows, columns, height, width = study.images.shape[:4]
    sheet = tile(shades(study.images))
    figure, ((axis,),) = new_figure(2.2 + 0.24 * columns, 0.9 + 0.24 * rows * height / width)
    figure.set_layout_engine("compressed")  # constrained cuts off labels beside axes of fixed aspect
    axis.imshow(sheet, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    centres = np.arange(rows) * (height + 1) + (height - 1) / 2
    if study.positions is not None:
        axis.set_yticks(centres, [f"{z:+.2f}" for z in study.positions])
    else:
        axis.set_yticks(centres, [str(row + 1) for row in range(rows)])
    axis.set_ylabel(study.axis.replace(": ", ":\n"))
    axis.set_xticks([])
    axis.set_xlabel(f"{columns} fixed noise vectors, the same in every row")
    right = axis.secondary_yaxis("right")
    words = [
        f"{gan} · {epoch} · {distance:.3g}"
        for (gan, epoch), distance in zip(study.near.keys, study.near.distances, strict=True)
    ]
    if frechet is not None:
        words = [f"{near} · {score:.0f}" for near, score in zip(words, frechet, strict=True)]
    right.set_yticks(centres, words)
    right.set_ylabel(
        f"nearest snapshot of {parent.name}: GAN · epoch · distance"
        + ("" if frechet is None else " · Fréchet distance of the row")
        + f"\n(consecutive snapshots lie {study.near.epoch_step:.3g} apart)"
    )
    for side in (axis, right):
        side.tick_params(length=0, labelsize=7)
        side.spines[:].set_visible(False)
    axis.set_title(f"{run.name}: GANs sampled from GAN-GAN {study.gan} at epoch {study.epoch}")
    scores = {} if frechet is None else {"frechet": frechet}
    return save(figure, name, run, output, **_facts(study), **scores)


def animate_walk(run: Run, study: LatentGrid, output: Output) -> list[Path]:
    """Write a GIF that goes along the walk and back, with a marker for the position."""
    found = frames(study.images)
    path = output.folder / run.name / "walk.gif"
    write([*found, *found[-2:0:-1]], path, FRAME_MS)
    describe("walk-animation", run, output, [path], **_facts(study))
    return [path]


def _facts(study: LatentGrid) -> dict[str, object]:
    return {
        "gan": study.gan,
        "epoch": study.epoch,
        "latents": study.latents,
        "positions": study.positions,
        "axis": study.axis,
        "nearest": {"keys": study.near.keys, "distances": study.near.distances},
        "spacing": study.near.epoch_step,
    }
