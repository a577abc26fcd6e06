"""What the plots of the live page show: losses and scores of runs over epochs. Does not use Textual."""

from dataclasses import dataclass, field, replace

import numpy as np
from rich.text import Text

from gangan_cli.summaries.losses import LossHistory, Table
from gangan_cli.tui.scores import Best, Scores
from gangan_cli.tui.widgets import plot

SCORE = "Fréchet distance"

PALETTE: dict[bool, tuple[plot.Colour, ...]] = {
    True: ((86, 180, 233), (0, 158, 115), (204, 121, 167), (240, 228, 66), (213, 94, 0)),
    False: ((0, 103, 168), (0, 121, 90), (170, 70, 130), (140, 120, 0), (190, 80, 0)),
}
"""Colours of runs on a dark (True) and on a light background, after Okabe and Ito: distinguishable with
any colour vision."""

MARKED = {True: (255, 255, 255), False: (0, 0, 0)}
HIGHLIGHT = {True: (230, 159, 0), False: (200, 110, 0)}
RANGE = {True: (34, 40, 48), False: (226, 232, 238)}
QUARTILES = {True: (26, 62, 88), False: (186, 214, 236)}
INK = {True: (130, 138, 148), False: (90, 96, 104)}

SMOOTHING = (0.0, 0.6, 0.9, 0.97)


@dataclass
class PlotSettings:
    """Settings of the plots: the highlighted GAN, a logarithmic axis, the weight of the smoothing, the
    range of epochs `x` (None for all), and the locked range of each loss."""

    gan: int = 0
    log: bool = False
    smoothing: float = 0.0
    x: tuple[float, float] | None = None
    locked: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class ScoreHistory(LossHistory):
    """Fréchet distances over epochs, in the form of a loss. The median and the quartiles are over epochs
    at which half of the judged GANs or more have one."""

    @classmethod
    def of_scores(cls, scores: Scores, losses: LossHistory) -> "ScoreHistory":
        """Return the scores of a run, for at least as many GANs and epochs as its losses."""
        keys = np.array([key for key in scores.snapshots if key[1]], np.int64).reshape(-1, 2)
        shape = np.maximum(losses.values.shape[:2], keys.max(axis=0, initial=0) + np.array((1, 0)))
        values = np.full((*shape, 1), np.nan)
        values[keys[:, 0], keys[:, 1] - 1, 0] = [
            scores.snapshots[gan, epoch] for gan, epoch in keys.tolist()
        ]
        return cls((SCORE,), values)

    def spread(self, name: str) -> Table:
        """Return minimum, quartiles and maximum over GANs, (5, epochs), NaN where too few are judged."""
        judged = np.count_nonzero(~np.isnan(self.of(name)), axis=0)
        enough = 2 * judged >= np.count_nonzero(self.done)
        return np.where(enough, super().spread(name), np.nan)


@dataclass(frozen=True)
class Curves:
    """A run in a plot, drawn as its median. The `chosen` run's highlighted GAN is drawn too and, if no
    other run is shown, the quartiles and range of its GANs. Its `best` snapshot is marked."""

    history: LossHistory
    colour: plot.Colour
    chosen: bool
    best: Best | None = None


def compose(
    loss: str, runs: list[Curves], look: PlotSettings, dark: bool, width: int, height: int
) -> tuple[Text, tuple[float, float]]:
    """Return a plot of one loss and the range of its axis. Called in a worker thread."""
    last = max(len(run.history.epochs) for run in runs)
    x = look.x or (1.0, float(max(2, last)))
    curves, bands, marks = [], [], []
    seen = []
    for run in runs:
        inside = (run.history.epochs >= x[0]) & (run.history.epochs <= x[1])
        epochs = run.history.epochs[inside].astype(np.float64)
        smoothed = [plot.smooth(row, look.smoothing) for row in run.history.spread(loss)]
        spread = np.stack(smoothed)[:, inside]
        curves.append(plot.Curve(*plot.envelope(epochs, spread[2], width), run.colour))
        seen.append(spread[2])
        if run.chosen and np.count_nonzero(run.history.done) > 1:
            if len(runs) == 1:
                for low, high, colour in ((0, 4, RANGE[dark]), (1, 3, QUARTILES[dark])):
                    bands.append(plot.hull(plot.Band(epochs, spread[low], spread[high], colour), width))
                seen += [spread[0], spread[4]]
            gan = min(look.gan, len(run.history.values) - 1)
            one = plot.smooth(run.history.of(loss)[gan], look.smoothing)[inside]
            curves.append(plot.Curve(*plot.envelope(epochs, one, width), HIGHLIGHT[dark]))
            seen.append(one)
        if (mark := _mark(run, loss, look.smoothing, MARKED[dark])) and x[0] <= mark.x <= x[1]:
            marks.append(mark)
            seen.append(np.array([mark.y]))
    y = look.locked.get(loss) or extent(np.concatenate(seen), look.log)
    frame = plot.Frame(width, height, x, y, look.log, INK[dark])
    return plot.draw(frame, [curve for curve in curves if len(curve.x)], bands, marks), y


def compose_scores(
    runs: list[tuple[Scores, Curves]], look: PlotSettings, dark: bool, width: int, height: int
) -> tuple[Text, tuple[float, float]]:
    """Return a plot of the runs' scores, over the same epochs as their losses. Called in a worker
    thread."""
    drawn = [replace(run, history=ScoreHistory.of_scores(scores, run.history)) for scores, run in runs]
    return compose(SCORE, drawn, look, dark, width, height)


def _mark(run: Curves, loss: str, smoothing: float, colour: plot.Colour) -> plot.Mark | None:
    """Return the mark of the run's best snapshot on its GAN's curve; None if that has no such epoch."""
    best, values = run.best, run.history.of(loss)
    if best is None or best.gan >= len(values) or not 1 <= best.epoch <= values.shape[1]:
        return None
    height = float(plot.smooth(values[best.gan], smoothing)[best.epoch - 1])
    return plot.Mark(float(best.epoch), height, colour) if np.isfinite(height) else None


def extent(values: plot.Numbers, log: bool) -> tuple[float, float]:
    """Return the range of an axis that contains all finite `values` (if `log`, the positive ones of the
    top nine decades), with a small margin."""
    values = values[np.isfinite(values)]
    if log:
        values = values[values > 0]
        if not len(values):
            return 0.1, 10.0
        high = values.max()
        low = max(values.min(), high * 1e-9)  # more than nine decades cannot be read
        room = max((high / low) ** 0.05, 1.01)
        return float(low / room), float(high * room)
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    room = 0.05 * (high - low) or 0.5 * abs(high) or 0.5
    return low - room, high + room
