"""Figure 2 of the paper: samples of one GAN over its training, from the same noise."""

from pathlib import Path

from gangan_cli.figures.style import Output, house_look, new_figure, save
from gangan_cli.images.grid import shades, tile
from gangan_cli.sampling.over_training import SamplesOverTraining
from store import Run

COLUMNS = 6


@house_look
def draw_samples(run: Run, study: SamplesOverTraining, output: Output) -> list[Path]:
    """Draw a square of samples for each epoch."""
    columns = min(COLUMNS, len(study.epochs))
    rows = -(-len(study.epochs) // columns)
    figure, axes = new_figure(1.9 * columns, 2.1 * rows + 0.45, rows, columns)
    for axis in axes.flat:
        axis.axis("off")
    for axis, epoch, images in zip(axes.flat, study.epochs, study.images, strict=False):
        side = int(len(images) ** 0.5)
        sheet = tile(shades(images[: side * side]).reshape(side, side, *images.shape[1:]), gap=2)
        axis.imshow(sheet, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axis.set_title(f"epoch {epoch}", loc="center")
    several = "\nthe same noise at each epoch" if len(study.epochs) > 1 else ""
    figure.suptitle(f"{run.name}: GAN {study.gan}{several}", fontsize=10)
    keys = [(study.gan, epoch) for epoch in study.epochs]
    return save(figure, "samples", run, output, keys=keys)
