"""Goodfellow et al. (2014): log-likelihoods (table 1), samples (figure 2), lines between (figure 3)."""

from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gangan_cli.figures.style import (
    BLUE,
    DARK,
    FAINT,
    GREY,
    LOOK,
    VERMILLION,
    Output,
    house_look,
    save_study,
)
from gangan_cli.images.grid import tile
from gangan_cli.studies.parzen_result import PUBLISHED, Likelihoods, Pictures

FRAME = 3
"""Pixels between samples and their nearest training images."""

Bar = tuple[str, float, float, str]
"""A name, a log-likelihood, its error, and a colour."""


@house_look
def draw_parzen(found: Likelihoods, output: Output) -> list[Path]:
    """Draw the log-likelihoods as bars; samples with the training images nearest to the last column;
    images on straight lines in the latent space."""
    bars = _bars(found)
    with rc_context(LOOK):
        figure = Figure(figsize=(9.2, 2.9 + 0.17 * len(bars)))
        parts = figure.subfigures(1, 2, width_ratios=(1.15, 1), squeeze=False)
        _draw_bars(parts[0, 0].subplots(), bars)
        above, below = parts[0, 1].subplots(2, 1, height_ratios=(2, 1))
    _draw_samples(above, found.pictures)
    _draw_lines(below, found.pictures)
    return save_study(figure, "parzen", "parzen", found, output)


def _bars(found: Likelihoods) -> list[Bar]:
    bars: list[Bar] = []
    if found.is_papers:
        for name, (figures, _) in PUBLISHED.items():
            mean, error = map(float, figures.split(" ± "))
            bars.append((f"{name} (published)", mean, error, FAINT))
    for run in found.runs:
        for gan in run.gans:
            trained = gan.trained
            name = f"{run.run}, GAN {gan.gan}, epoch {gan.epoch}"
            bars.append((name, trained.log_likelihood, trained.standard_error, VERMILLION))
        if run.untrained:
            values = [one.log_likelihood for one in run.untrained]
            name = f"{run.run}, untrained"
            bars.append((name, float(np.mean(values)), float(np.std(values)), BLUE))
    for name, one in found.others.items():
        bars.append((name, one.log_likelihood, one.standard_error, GREY))
    return bars


def _draw_bars(axis: Axes, bars: list[Bar]) -> None:
    """Draw bars from 0, with two standard errors over images either way."""
    places = np.arange(len(bars))[::-1]
    for place, (_, value, error, colour) in zip(places, bars, strict=True):
        axis.barh(place, value, 0.72, color=colour, xerr=2 * error, ecolor=DARK)
        # Beyond the bar's end, or beyond 0 where the bar goes the other way.
        end = max(value + 2 * error, 0), place
        axis.annotate(f"{value:.0f}", end, (3, 0), textcoords="offset points", va="center", fontsize=7.5)
    axis.set_yticks(places, [name for name, *_ in bars], fontsize=7.5)
    axis.axvline(0, color=DARK, linewidth=0.8)
    axis.margins(x=0.12, y=0.01)
    axis.set_xlabel("log-likelihood of test images, nats (± 2 standard errors)")


def _draw_samples(axis: Axes, pictures: Pictures) -> None:
    samples = _tiled(pictures.samples)
    gap = np.full((len(samples), FRAME), 255, np.uint8)
    _show(axis, np.hstack([samples, gap, _tiled(pictures.nearest[:, None])]))
    axis.set_title(f"samples ({pictures.of});\nlast column: training images nearest to its left")


def _draw_lines(axis: Axes, pictures: Pictures) -> None:
    _show(axis, _tiled(pictures.between))
    axis.set_title("from one noise vector to another, in a straight line")


def _show(axis: Axes, sheet: np.ndarray) -> None:
    axis.imshow(sheet, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axis.axis("off")


def _tiled(images: np.ndarray) -> np.ndarray:
    """Return images (rows, columns, side · side) as one."""
    rows, columns, pixels = images.shape
    side = round(pixels**0.5)
    return tile(images.reshape(rows, columns, side, side))
