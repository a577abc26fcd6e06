"""Losses of a population: median, quartiles and range over its GANs, epoch by epoch."""

from pathlib import Path

import numpy as np

from gangan_cli.figures.style import LOSS_COLOURS, Output, house_look, new_figure, save, whole_ticks
from gangan_cli.summaries.losses import LossHistory, title
from store import Run


@house_look
def draw_losses(run: Run, study: LossHistory, output: Output) -> list[Path]:
    """Draw every loss over the epochs."""
    figure, ((axis,),) = new_figure(7, 3.6)
    gans = int(np.count_nonzero(study.done))
    for colour, name in zip(LOSS_COLOURS, study.names, strict=False):
        low, first, median, third, high = study.spread(name)
        if gans > 1:
            axis.fill_between(study.epochs, low, high, color=colour, alpha=0.12, linewidth=0)
            axis.fill_between(study.epochs, first, third, color=colour, alpha=0.25, linewidth=0)
        marker = "o" if len(study.epochs) == 1 else None
        axis.plot(study.epochs, median, color=colour, linewidth=1.4, label=title(name), marker=marker)
    axis.set_xlabel("epoch")
    whole_ticks(axis.xaxis)
    axis.set_ylabel("loss, mean over the epoch")
    axis.set_xlim(study.epochs[0], max(study.epochs[-1], study.epochs[0] + 1))
    axis.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    axis.grid(axis="y", linewidth=0.4, alpha=0.5)
    spread = f"{gans} GANs: median, quartiles, range" if gans > 1 else "one GAN"
    axis.set_title(f"{run.name}: losses of {spread}")
    trends = study.trends()
    return save(figure, "losses", run, output, gans=gans, epochs=study.epochs, trends=trends)
