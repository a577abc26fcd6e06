"""The live page: losses of the current run, of its GANs, and of the marked runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar

import numpy as np
from rich.text import Text
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Static

from gangan_cli.summaries.losses import LossHistory, title
from gangan_cli.tui import keys, listing
from gangan_cli.tui.run_index import RunView
from gangan_cli.tui.screens.page import Page
from gangan_cli.tui.widgets import plot
from gangan_cli.tui.widgets.panel import Panel

PALETTE: dict[bool, tuple[plot.Colour, ...]] = {
    True: ((86, 180, 233), (0, 158, 115), (204, 121, 167), (240, 228, 66), (213, 94, 0)),
    False: ((0, 103, 168), (0, 121, 90), (170, 70, 130), (140, 120, 0), (190, 80, 0)),
}
"""Colours of runs on a dark (True) and on a light background, after Okabe and Ito: distinguishable with
any colour vision."""

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


class LivePage(Page):
    """Plots losses, also while a run is being trained.

    `histories` has the losses by run, `look` the settings of the plots.
    """

    page_id = "live"
    BINDINGS: ClassVar[list[keys.BindingLike]] = keys.bindings("live")

    def __init__(self) -> None:
        super().__init__()
        self.look = PlotSettings()
        self.histories: dict[str, LossHistory] = {}
        self._colours: dict[str, int] = {}
        self._panels: list[Panel] = []

    def body(self) -> Iterable[Widget]:
        """Return title, legend, and a container for the plots."""
        yield Static(id="title")
        yield Static(id="legend")
        yield Vertical(id="panels")

    # ------------------------------------------------------------------ updates

    def runs_changed(self) -> None:
        """Draw title and legend, and the plots of losses that are known."""
        self.draw_bar()
        run = self.run_shown
        shown = self._shown()
        self.histories = {name: one for name, one in self.histories.items() if name in shown}
        for name in shown:
            self._colours.setdefault(name, self._free_colour())
        self.query_one("#title", Static).update(self._title(run))
        self.query_one("#legend", Static).update(self._legend(run))
        if run is None or run.name not in self.histories:
            self._lay_out(())
        else:
            self._draw()

    def losses_changed(self, histories: Mapping[str, LossHistory]) -> None:
        """Take over new losses, and draw the plots."""
        self.histories |= histories
        self._draw()
        self.query_one("#legend", Static).update(self._legend(self.run_shown))

    def on_resize(self) -> None:
        """Draw the plots in their new size."""
        super().on_resize()
        self.call_after_refresh(self._draw)

    # ------------------------------------------------------------------ drawing

    def _shown(self) -> list[str]:
        state = self.gangan.state
        names = dict.fromkeys([state.current, *state.marked])
        return [name for name in names if name in state.runs]

    def _free_colour(self) -> int:
        taken = {self._colours[name] for name in self._shown() if name in self._colours}
        return next((n for n in range(len(PALETTE[True])) if n not in taken), 0)

    def _colour(self, name: str) -> plot.Colour:
        return PALETTE[self.app.current_theme.dark][self._colours.get(name, 0)]

    def _title(self, run: RunView | None) -> Text:
        if run is None:
            return Text("no run to watch: 1 shows the list")
        if run.problem:
            return Text(f"{run.name} cannot be read")
        parts = [run.name, listing.standing(run), f"{listing.population(run)} GANs × epochs"]
        if run.done < run.total:
            parts.append(f"{run.done} of {run.total} GAN-epochs")
        if run.speed:
            parts.append(f"{run.speed:.2f} GAN-epochs/s")
        parts.append(" ".join(f"{name} {value:.3f}" for name, value in run.losses.items()))
        if run.manifest and not run.manifest.losses:
            parts.append("imported without losses")
        return Text("  ·  ".join(part for part in parts if part), no_wrap=True, overflow="ellipsis")

    def _legend(self, run: RunView | None) -> Text:
        if run is not None and run.problem:
            return Text(run.problem)
        dark = self.app.current_theme.dark
        text = Text()
        for name in self._shown():
            text.append("━━ ", _hex(self._colour(name)))
            text.append(f"{name}   ")
        history = self.histories.get(run.name) if run else None
        if history is not None and np.count_nonzero(history.done) > 1:
            if len(self._shown()) == 1:
                text.append("median   ")
                text.append("██ ", _hex(QUARTILES[dark])).append("quartiles   ")
                text.append("██ ", _hex(RANGE[dark])).append("range   ")
            text.append("━━ ", _hex(HIGHLIGHT[dark]))
            text.append(f"GAN {self._gan(history)} (↑↓)   ")
        look = self.look
        state = [
            "log" if look.log else "",
            f"smoothed {look.smoothing:g}" if look.smoothing else "",
            f"epochs {look.x[0]:.0f}–{look.x[1]:.0f}" if look.x else "",
            "range locked" if look.locked else "",
        ]
        return text.append(" ".join(filter(None, state)), "italic")

    def _gan(self, history: LossHistory) -> int:
        return min(self.look.gan, len(history.values) - 1)

    def _lay_out(self, names: tuple[str, ...]) -> None:
        """Mount a plot per loss, unless those for `names` are mounted already."""
        if [panel.loss for panel in self._panels] != list(names):
            for panel in self._panels:
                panel.remove()
            self._panels = [Panel(name, f"{title(name)} loss") for name in names]
            self.query_one("#panels", Vertical).mount(*self._panels)

    def _draw(self) -> None:
        run = self.run_shown
        history = self.histories.get(run.name) if run else None
        if history is None or not self.is_current:
            return
        if not history.values.shape[1]:
            self._lay_out(())
            return
        shown = [name for name in self._shown() if name in self.histories]
        dark, look = self.app.current_theme.dark, self.look
        self._lay_out(history.names)
        for panel in self._panels:
            pictures = [
                Curves(self.histories[name], self._colour(name), name == shown[0])
                for name in shown
                if panel.loss in self.histories[name].names
            ]
            panel.draw(partial(compose, panel.loss, pictures, replace(look), dark))

    # ------------------------------------------------------------------ keys

    def _epochs(self) -> float:
        run = self.run_shown
        history = self.histories.get(run.name) if run else None
        return float(history.values.shape[1]) if history is not None else 1.0

    def _change(self, **changes: object) -> None:
        for name, value in changes.items():
            setattr(self.look, name, value)
        self.query_one("#legend", Static).update(self._legend(self.run_shown))
        self._draw()

    def action_gan(self, by: int) -> None:
        run = self.run_shown
        if run and run.name in self.histories:
            gans = np.flatnonzero(self.histories[run.name].done).tolist() or [0]
            self._change(gan=listing.along(gans, self.look.gan, by))

    def action_log(self) -> None:
        """Switch between a linear and a logarithmic axis."""
        self._change(log=not self.look.log, locked={})

    def action_smooth(self) -> None:
        """Smooth more; after the strongest smoothing, not at all."""
        place = SMOOTHING.index(self.look.smoothing)
        self._change(smoothing=SMOOTHING[(place + 1) % len(SMOOTHING)])

    def action_zoom(self, factor: float) -> None:
        """Show a range of epochs `factor` times as long, at least 4; its end stays."""
        low, high = self.look.x or (1.0, self._epochs())
        low = max(1.0, high - max(4.0, (high - low) * factor))
        self._change(x=None if low <= 1.0 and high >= self._epochs() else (low, high))

    def action_pan(self, by: int) -> None:
        """Show earlier or later epochs."""
        if self.look.x is not None:
            low, high = self.look.x
            shift = by * (high - low) / 4
            shift = max(1.0 - low, min(self._epochs() - high, shift))
            self._change(x=(low + shift, high + shift))

    def action_whole(self) -> None:
        self._change(x=None)

    def action_lock(self) -> None:
        """Lock the range of the losses' axes, or let it follow the losses again."""
        drawn = {panel.loss: panel.range for panel in self._panels if panel.range}
        self._change(locked={} if self.look.locked else drawn)


@dataclass(frozen=True)
class Curves:
    """A run in a plot, drawn as its median. The `chosen` run's highlighted GAN is drawn too and, if no
    other run is shown, the quartiles and range of its GANs."""

    history: LossHistory
    colour: plot.Colour
    chosen: bool


def compose(
    loss: str, runs: list[Curves], look: PlotSettings, dark: bool, width: int, height: int
) -> tuple[Text, tuple[float, float]]:
    """Return a plot of one loss and the range of its axis. Called in a worker thread."""
    last = max(len(run.history.epochs) for run in runs)
    x = look.x or (1.0, float(max(2, last)))
    curves, bands = [], []
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
    y = look.locked.get(loss) or extent(np.concatenate(seen), look.log)
    frame = plot.Frame(width, height, x, y, look.log, INK[dark])
    return plot.draw(frame, [curve for curve in curves if len(curve.x)], bands), y


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


def _hex(colour: plot.Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
