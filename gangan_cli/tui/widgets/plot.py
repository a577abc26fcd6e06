"""Curves and bands over epochs, drawn with plotext. The only file that imports it.

plotext 6 rather than 5.3, both measured on a two-series plot at 100 × 30: 6 against 9 ms for 200
points, 40 against 29 ms for 2,000, 406 against 265 ms for 20,000. Callers pass an envelope of a few
hundred points, however long the series.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.style import Style
from rich.text import Span, Text

Numbers = NDArray[np.float64]
Colour = tuple[int, int, int]

MARK = "X"
"""A letter of ASCII, which stands out among the dots of curves without any colour."""


@dataclass(frozen=True)
class Curve:
    """A line through (n,) points."""

    x: Numbers
    y: Numbers
    colour: Colour


@dataclass(frozen=True)
class Band:
    """The area between `low` and `high` over `x`, all (n,)."""

    x: Numbers
    low: Numbers
    high: Numbers
    colour: Colour


@dataclass(frozen=True)
class Mark:
    """A point that is drawn as the letter MARK, over all curves."""

    x: float
    y: float
    colour: Colour


@dataclass(frozen=True)
class Frame:
    """Size of a plot in cells, ranges of its axes, whether y is logarithmic, and the axes' colour."""

    width: int
    height: int
    x: tuple[float, float]
    y: tuple[float, float]
    log: bool
    ink: Colour


def draw(
    frame: Frame, curves: Sequence[Curve], bands: Sequence[Band] = (), marks: Sequence[Mark] = ()
) -> Text:
    """Return the plot as `frame.height` lines of text. Marks outside the frame are left out.

    Bands colour the background and curves the characters. A cell of plotext cannot have both, so bands
    and curves are drawn separately, and their colours combined.
    """
    lines = [
        Text(line.plain, spans=list(_spans_of(line, "color")))
        for line in _lines(frame, curves, (), marks)
    ]
    if bands:
        for line, ground in zip(lines, _lines(frame, (), bands), strict=True):
            line.spans.extend(_spans_of(ground, "bgcolor"))
    return Text("\n").join(lines)


def _spans_of(line: Text, what: str) -> Iterator[Span]:
    """Yield the spans of a line that set the colour `what` ("color" or "bgcolor"), without plotext's
    defaults, which have no RGB value."""
    for span in line.spans:
        colour = getattr(span.style, what, None)
        if colour is not None and colour.triplet is not None:
            yield Span(span.start, span.end, Style(**{what: colour}))


def _lines(
    frame: Frame, curves: Sequence[Curve], bands: Sequence[Band], marks: Sequence[Mark] = ()
) -> list[Text]:
    import plotext

    def placed(values: Numbers | Sequence[float]) -> list[float]:
        """Return heights on the axis, clipped to one height of the frame above and below it.

        plotext also draws what lies outside, and for very distant values uses up all memory.
        """
        away = frame.y[1] - frame.y[0]
        heights = np.clip(values, frame.y[0] - away, frame.y[1] + away)
        heights = np.log10(np.maximum(heights, frame.y[0])) if frame.log else heights
        return [float(height) for height in heights]

    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear()
    figure.plot_size(frame.width, frame.height)
    figure.canvas("default")
    figure.axes(pixel=(frame.ink, "default"))
    figure.axes(False, side=[1])
    across = ticks(*frame.x, max(2, frame.width // 14))
    up = ticks(*frame.y, max(2, frame.height // 4), frame.log)
    for ruler, limits, at, labels in (
        (figure.ruler(0), frame.x, across, [f"{value:g}" for value in across]),
        (figure.ruler(1), placed(frame.y), placed(up), [f"{value:>6.4g}" for value in up]),
    ):
        ruler.lim(*limits)
        ruler.ticks(at, labels)
        ruler.pixel((frame.ink, "default"))
    for band in bands:
        marker = plotext.marker(" ", ("default", band.colour))
        low = figure.signal(band.x.tolist(), placed(band.low), marker=marker)
        high = figure.signal(band.x.tolist(), placed(band.high), marker=marker)
        figure.draw(high.lines(True).fill(low))
    for curve in curves:
        marker = plotext.marker("braille", curve.colour)
        figure.draw(figure.signal(curve.x.tolist(), placed(curve.y), marker=marker).lines(True))
    for mark in marks:
        if frame.x[0] <= mark.x <= frame.x[1] and frame.y[0] <= mark.y <= frame.y[1]:
            figure.draw(
                figure.signal([mark.x], placed([mark.y]), marker=plotext.marker(MARK, mark.colour))
            )
    return list(Text.from_ansi(str(figure.build())).split("\n"))[: frame.height]


def ticks(low: float, high: float, count: int, log: bool = False) -> list[float]:
    """Return about `count` round numbers between `low` and `high`; if `log`, powers of ten, unless the
    range contains fewer than two."""
    if log:
        powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
        if len(powers) >= 2:
            return [10.0**power for power in powers][:: -(-len(powers) // count)]
    rough = (high - low) / count
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough * 0.99)
    if math.floor(high / step + 1e-9) < math.ceil(low / step - 1e-9):
        step /= 5  # the range is so short that it contains no multiple of the step
    digits = max(0, 2 - math.floor(math.log10(step)))
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, digits) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def envelope(x: Numbers, y: Numbers, width: int) -> tuple[Numbers, Numbers]:
    """Return (n,) points as they are or, if more than 2 · width, the minimum and maximum of each of
    `width` spans.

    So 100,000 points draw as fast as 200, and no peak is lost. `x` must ascend; points that are not
    finite are left out.
    """
    there = np.isfinite(y)
    x, y = x[there], y[there]
    if len(x) <= 2 * width:
        return x, y
    starts = _spans(x, width)
    both = np.stack([np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)], axis=1)
    return np.repeat(x[starts], 2), both.ravel()


def hull(band: Band, width: int) -> Band:
    """Return `band` with at most `width` points: the minimum of `low` and maximum of `high` per span."""
    there = np.isfinite(band.low) & np.isfinite(band.high)
    x, low, high = band.x[there], band.low[there], band.high[there]
    if len(x) > width:
        starts = _spans(x, width)
        x, low, high = x[starts], np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)
    return Band(x, low, high, band.colour)


def _spans(x: Numbers, width: int) -> NDArray[np.int64]:
    """Return the index at which each of at most `width` equal spans of the ascending `x` begins."""
    span = ((x - x[0]) * (width / (x[-1] - x[0]))).astype(np.int64)
    return np.flatnonzero(np.diff(np.minimum(span, width - 1), prepend=-1))


def smooth(y: Numbers, weight: float) -> Numbers:
    """Return the exponential moving average of (n,) values with bias correction, as in Adam.

    Values that are not finite are skipped, and NaN in the result. A weight of 0 returns `y` itself.
    """
    if not weight:
        return y
    smoothed = np.full_like(y, np.nan)
    mean = norm = 0.0
    for place in np.flatnonzero(np.isfinite(y)).tolist():
        mean, norm = weight * mean + (1 - weight) * y[place], weight * norm + 1 - weight
        smoothed[place] = mean / norm
    return smoothed
