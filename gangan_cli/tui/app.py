"""The application: three pages on one store, their shared state, and an orderly exit."""

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from gangan_cli import signals
from gangan_cli.tui import keys, listing, messages
from gangan_cli.tui.render_client import Answer, RenderClient
from gangan_cli.tui.run_index import RunIndex, RunView
from gangan_cli.tui.screens.page import Page
from gangan_cli.tui.session import Session
from gangan_cli.tui.state import StoreApp
from gangan_cli.tui.terminal import Graphics
from gangan_cli.tui.themes import DARK, LIGHT

if TYPE_CHECKING:
    from gangan_cli.tui.palette import Commands

STDIN = 0

HANGUP_PATIENCE = 2.0
"""Seconds for an orderly exit after a signal; then the process is ended, since a terminal that is gone
may block it."""


def _page(page: str) -> Page:
    """Return a new page by its id."""
    module, _, name = keys.PAGES[page].where.partition(":")
    made: Page = getattr(import_module(f"gangan_cli.tui.screens.{module}"), name)()
    return made


class GanganApp(StoreApp):
    """The app of `gangan tui`."""

    TITLE = "gangan"
    CSS_PATH = "gangan.tcss"
    BINDINGS: ClassVar[list[keys.BindingLike]] = keys.bindings("everywhere")
    COMMANDS: ClassVar = {lambda: _commands()}
    MODES: ClassVar = {page: partial(_page, page) for page in keys.PAGES}
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-narrow"),
        (110, "-wide"),
    ]

    def __init__(
        self,
        feed: RunIndex,
        session: Session,
        graphics: Graphics,
        *,
        run: str = "",
        rebound: dict[str, str] | None = None,
        confirm: bool = True,
        pictures: Callable[[Callable[[Answer], None]], RenderClient] = RenderClient,
    ) -> None:
        """Show the store of `feed`: the live page of `run` if one is named, else as `session` says.

        `rebound` has keys that replace those of the table, by id. With `confirm` the app asks before it
        interrupts a training. `pictures` creates the client of the render process, given the function to
        call with each answer.
        """
        super().__init__(feed, session, graphics, rebound or {}, confirm, pictures)
        self.state.current = run or session.run
        self._first = "live" if run else session.screen
        for theme in (DARK, LIGHT):
            self.register_theme(theme)

    @property
    def page(self) -> Page | None:
        """The page that is shown, even below an overlay; None until it has its widgets. It then draws
        itself."""
        stack = self.screen_stack
        page = stack[0] if stack else None
        return page if isinstance(page, Page) and page.is_mounted else None

    # ------------------------------------------------------------------ start and exit

    def on_mount(self) -> None:
        """Start the threads and show the first page."""
        self.theme = self.session.theme if self.session.theme in self.available_themes else DARK.name
        self.set_keymap(self.rebound)
        for number in set(signals.ENDING) - {signal.SIGINT}:  # Ctrl-C is a key here
            if threading.current_thread() is threading.main_thread():
                asyncio.get_running_loop().add_signal_handler(number, self._leave, number)
        if os.isatty(STDIN):
            self.set_interval(1.0, self._leave_if_alone)
        self.watcher.start()
        self.action_look(self._first if self._first in self.MODES else "runs")

    def on_unmount(self) -> None:
        """Stop the watcher and the render process, and store the state for the next start."""
        self.watcher.end()
        self.pictures.close()
        self.session.screen, self.session.run = self.current_mode, self.state.current
        self.session.theme = self.theme
        self.session.keep(self.store)

    def _fatal_error(self) -> None:
        """Exit on a bug without Textual's traceback with locals: the command line reports the bug in a
        sentence."""
        self._close_messages_no_wait()

    def _leave_if_alone(self) -> None:
        """Exit if the terminal is gone without a SIGHUP, as under a shell that ignores it."""
        if not os.isatty(STDIN):
            self._leave(signal.SIGHUP)

    def _leave(self, number: int) -> None:
        last = threading.Timer(HANGUP_PATIENCE, os._exit, (128 + number,))
        last.daemon = True
        last.start()
        self.exit(128 + number, return_code=128 + number)

    # ------------------------------------------------------------------ messages from the threads

    def on_runs_read(self, message: messages.RunsRead) -> None:
        """Take over the store's runs; notify of changes in the status of the current and marked ones."""
        before = list(self.state.runs.values())
        runs = {run.name: run for run in message.runs}
        if message.problem and message.problem != self.state.problem:
            self.notify(message.problem, severity="error", markup=False)
        statuses = {name: run.status for name, run in runs.items()}
        for name in {self.state.current, *self.state.marked}:
            if name in self.state.statuses and self.state.statuses[name] != statuses.get(name):
                self._tell(name, runs.get(name))
        self.state.statuses = statuses
        self.state.runs, self.state.problem, self.state.read = runs, message.problem, True
        self.state.marked = [name for name in self.state.marked if name in runs]
        if self.state.current not in runs and message.whole:
            self.state.current = self._neighbour(before, message.runs)
            self.follow()
        if self.page is not None:
            self.page.runs_changed()
        if not gc.isenabled():
            self.call_after_refresh(self._collect)

    def _neighbour(self, before: Sequence[RunView], now: Sequence[RunView]) -> str:
        """Return the run now at the place in the list of the current one, which is gone."""
        was = [row.run.name for row in listing.arrange(before, self.session.sort)]
        there = [row.run.name for row in listing.arrange(now, self.session.sort)]
        place = was.index(self.state.current) if self.state.current in was else 0
        return there[min(place, len(there) - 1)] if there else ""

    def _collect(self) -> None:
        """Turn on garbage collection, which `gangan tui` turned off for a faster start, but not for
        objects that exist already, such as imported modules."""
        gc.freeze()
        gc.enable()

    def _tell(self, name: str, run: RunView | None) -> None:
        """Notify of a run's new status, or of its removal."""
        if run is None:
            self.notify(f"{name} has been removed", severity="warning", markup=False)
            return
        bad = run.status in ("crashed", "diverged", "unreadable")
        said = f"{name} is {run.status}" + (f": {run.problem}" if run.problem else "")
        self.notify(said, severity="error" if bad else "information", markup=False)

    def on_losses_read(self, message: messages.LossesRead) -> None:
        if self.page is not None:
            self.page.losses_changed(message.histories)

    def on_machine_read(self, message: messages.MachineRead) -> None:
        """Store the machine's load, and let the page draw it."""
        self.state.machine = message.machine
        if self.page is not None:
            self.page.machine_changed()

    def on_picture_answered(self, message: messages.PictureAnswered) -> None:
        """Pass an answer of the render process to the page."""
        if self.page is not None:
            self.page.picture_answered(message.answer)

    def on_broken(self, message: messages.Broken) -> None:
        """End the app: without its watcher it would show outdated values."""
        raise message.error

    def on_done(self, message: messages.Done) -> None:
        """Notify of the outcome of a job."""
        if message.problem:
            self.notify(message.problem, severity="error", markup=False)
        else:
            self.notify(message.said, markup=False)

    # ------------------------------------------------------------------ keys

    def action_look(self, mode: str) -> None:
        """Show a page; redraw it if it is shown already."""
        if self.page is not None:
            self.page.leave()
            if mode == self.current_mode:
                self.page.runs_changed()
        self.switch_mode(mode)
        self.follow()

    def action_theme(self) -> None:
        """Switch between the light and the dark theme."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def action_help(self) -> None:
        from gangan_cli.tui.screens.overlays import Help

        if not isinstance(self.screen, Help):
            self.push_screen(Help(self.current_mode))

    def action_guide(self) -> None:
        from gangan_cli.tui.screens.guide import Guide
        from gangan_cli.tui.screens.overlays import Help

        if isinstance(self.screen, Help):
            self.pop_screen()
        if not isinstance(self.screen, Guide):
            self.push_screen(Guide())

    def action_system(self) -> None:
        from gangan_cli.tui.screens.overlays import MachinePane

        if not isinstance(self.screen, MachinePane):
            self.push_screen(MachinePane())

    def act(self, action: str) -> None:
        """Run the action of a key on the page that is shown."""
        if self.page is not None:
            self.run_worker(self.run_action(action, self.page))

    def go(self, name: str, mode: str) -> None:
        shown = mode == self.current_mode
        self.action_look(mode)
        self.choose(name)
        if shown and self.page is not None:
            self.page.runs_changed()


def _commands() -> "type[Commands]":
    from gangan_cli.tui.palette import Commands

    return Commands
