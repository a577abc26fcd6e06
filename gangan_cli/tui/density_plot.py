"""The plot of a GAN of numbers: what it generates, the data and its discriminator. No Textual here."""

import numpy as np
from rich.text import Text

from gangan_cli.tui.curves import HIGHLIGHT, INK, PALETTE, QUARTILES
from gangan_cli.tui.render_client import DensityChart
from gangan_cli.tui.widgets import plot


def compose(chart: DensityChart, dark: bool, width: int, height: int) -> Text:
    """Return the plot with a line of legend above it, `height` lines in all."""
    blue, _ = PALETTE[dark][:2]
    orange = HIGHLIGHT[dark]
    legend = Text.assemble(
        ("█ ", _style(QUARTILES[dark])),
        f"generated, mean {chart.mean:.2f}, std {chart.std:.2f}   ",
        ("━ ", _style(orange)),
        "data   ",
        ("━ ", _style(blue)),
        "D(x)",
        no_wrap=True,
        overflow="ellipsis",
    )
    top = 1.05 * max(1.0, 1.5 * float(chart.real.max()))
    frame = plot.Frame(
        width, max(height - 1, 4), (float(chart.x[0]), float(chart.x[-1])), (0.0, top), False, INK[dark]
    )
    curves = [plot.Curve(chart.x, chart.real, orange), plot.Curve(chart.x, chart.judged, blue)]
    made = plot.Band(chart.x, np.zeros_like(chart.x), np.minimum(chart.made, top), QUARTILES[dark])
    return Text("\n").join([legend, plot.draw(frame, curves, [made])])


def _style(colour: plot.Colour) -> str:
    return "rgb({},{},{})".format(*colour)
