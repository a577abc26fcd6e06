"""The live page: losses and scores of the current run, of its GANs, and of the marked runs."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import ClassVar

import numpy as np
from rich.text import Text
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Static

from gangan_cli.summaries.losses import LossHistory, title
from gangan_cli.tui import keys, listing
from gangan_cli.tui.curves import (
    HIGHLIGHT,
    MARKED,
    PALETTE,
    QUARTILES,
    RANGE,
    SCORE,
    SMOOTHING,
    Curves,
    PlotSettings,
    compose,
    compose_scores,
)
from gangan_cli.tui.run_index import RunView
from gangan_cli.tui.scores import Scores
from gangan_cli.tui.screens.page import Page
from gangan_cli.tui.widgets import plot
from gangan_cli.tui.widgets.panel import Panel

LEAST = 5
"""Lines that each plot must have for scores to be plotted too."""


class LivePage(Page):
    """Plots losses, also while a run is being trained, and below them scores, if there is room and two
    epochs or more were judged.

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
        """Return title, legend, the best snapshot, and a container for the plots."""
        yield Static(id="title")
        yield Static(id="legend")
        yield Static(id="best")
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
        self._draw_best(run)
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
        if run is not None and history is not None and len(self._gans(run)) > 1:
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

    def _draw_best(self, run: RunView | None) -> None:
        best = run.scores.best if run and run.scores else None
        line = self.query_one("#best", Static)
        line.display = best is not None
        colour = _hex(MARKED[self.app.current_theme.dark])
        mark = plot.MARK, f"bold {colour}"
        line.update(Text.assemble(mark, f"  {best}", no_wrap=True, overflow="ellipsis"))

    def _gans(self, run: RunView) -> list[int]:
        """Return the GANs that have curves: of losses or, if the run has none, of scores."""
        history = self.histories.get(run.name)
        trained = np.flatnonzero(history.done).tolist() if history is not None else []
        return trained or sorted({gan for gan, _ in (run.scores or Scores()).snapshots})

    def _gan(self, history: LossHistory) -> int:
        return min(self.look.gan, len(history.values) - 1)

    def _lay_out(self, names: tuple[str, ...]) -> None:
        """Mount a plot per loss, unless those for `names` are mounted already."""
        if [panel.loss for panel in self._panels] != list(names):
            for panel in self._panels:
                panel.remove()
            self._panels = [
                Panel(name, SCORE if name == SCORE else f"{title(name)} loss") for name in names
            ]
            self.query_one("#panels", Vertical).mount(*self._panels)

    def _draw(self) -> None:
        run = self.run_shown
        history = self.histories.get(run.name) if run else None
        if history is None or not self.is_current:
            return
        if not history.values.shape[1]:
            self._lay_out(())
            return
        dark, look = self.app.current_theme.dark, replace(self.look)
        runs = [name for name in self._shown() if name in self.histories]
        curves = {name: self._curves(name, name == runs[0]) for name in runs}
        room = self.query_one("#panels").size.height // LEAST > len(history.names)
        scored = self._scored(runs) if room else {}
        self._lay_out((*history.names, SCORE) if scored else history.names)
        for panel in self._panels:
            if panel.loss == SCORE:
                judged = [(scores, curves[name]) for name, scores in scored.items()]
                panel.draw(partial(compose_scores, judged, look, dark))
                continue
            drawn = [one for one in curves.values() if panel.loss in one.history.names]
            panel.draw(partial(compose, panel.loss, drawn, look, dark))

    def _curves(self, name: str, chosen: bool) -> Curves:
        scores = self.gangan.state.runs[name].scores
        best = scores.best if scores and chosen else None
        return Curves(self.histories[name], self._colour(name), chosen, best)

    def _scored(self, names: list[str]) -> dict[str, Scores]:
        """Return the scores of the first of these runs, and of others by the same judge on as many
        images; nothing if the first has no curve of them."""
        runs = self.gangan.state.runs
        found = {name: scores for name in names if (scores := runs[name].scores) and scores.curve}
        first = found.get(names[0])
        if first is None:
            return {}
        known = first.judge, first.images
        return {name: one for name, one in found.items() if (one.judge, one.images) == known}

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
            self._change(gan=listing.along(self._gans(run) or [0], self.look.gan, by))

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


def _hex(colour: plot.Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
