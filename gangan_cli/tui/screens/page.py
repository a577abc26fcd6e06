"""The base class of the pages: the bar at the top, the machine's load and the keys at the bottom."""

from collections.abc import Iterable, Iterator, Mapping

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from gangan_cli.formatting import plain
from gangan_cli.summaries.losses import LossHistory
from gangan_cli.tui.keys import KEYS, PAGES
from gangan_cli.tui.render_client import Answer
from gangan_cli.tui.run_index import RunView
from gangan_cli.tui.state import StoreApp, app_of
from gangan_cli.tui.widgets.keyline import KeyLine


class Page(Screen[None]):
    """A page. Subclasses provide the body, and react to changes of runs, losses and pictures."""

    page_id = "everywhere"
    AUTO_FOCUS = ""  # none: a hidden field would get the focus and take the keys

    @property
    def gangan(self) -> StoreApp:
        """The app."""
        return app_of(self)

    @property
    def run_shown(self) -> RunView | None:
        """The run that all pages show, if the store has any."""
        return self.gangan.state.runs.get(self.gangan.state.current)

    def compose(self) -> ComposeResult:
        """Put the body between the bar and the lines at the bottom."""
        yield Static(id="bar")
        yield from self.body()
        yield Static(id="machine")
        yield KeyLine(self._key_line(), id="keys")

    def body(self) -> Iterable[Widget]:
        """Return the widgets between the bar and the machine's line."""
        raise NotImplementedError

    def on_resize(self) -> None:
        """Draw the bar for the new width."""
        self.draw_bar()

    def on_screen_resume(self) -> None:
        """Draw what may have changed while another page was shown."""
        self.machine_changed()
        self.runs_changed()

    def _key_line(self) -> Iterator[tuple[str, str, str]]:
        """Yield (key, word, action) of the page's keys, then of the global ones, for the bottom line."""
        pages: tuple[str, ...] = (self.page_id, "everywhere")
        for page in pages:
            for key in KEYS[page]:
                if key.short:
                    action = key.action if key.action.startswith("app.") else f"screen.{key.action}"
                    yield self.gangan.keys_of(key)[0], key.short, action

    def draw_bar(self) -> None:
        """Draw the bar: pages, store, current run and number of marked runs."""
        state = self.gangan.state
        text = Text("  gangan ", "bold", no_wrap=True, overflow="ellipsis")
        for number, (page, entry) in enumerate(PAGES.items(), start=1):
            look = Style.parse("bold reverse" if page == self.page_id else "not bold")
            text.append(
                f" {number} {entry.title} ", look + Style(meta={"@click": f"app.look('{page}')"})
            )
        store = plain(str(self.gangan.store))
        run = f" › {state.current}" if state.current and self.page_id != "runs" else ""
        marked = f"   {len(state.marked)} marked" if state.marked else ""
        room = self.size.width - text.cell_len - 3 - len(run) - len(marked)
        if len(store) > room:  # keep the end of the path, which tells more than its beginning
            store = f"…{store[1 - room :]}" if room > 1 else ""
        text.append(f"   {store}", "not bold").append(run).append(marked, "not bold")
        self.query_one("#bar", Static).update(text)

    def runs_changed(self) -> None:
        """Update the page: the runs, or the choice among them, may have changed."""
        raise NotImplementedError

    def leave(self) -> None:
        """Make the run under the cursor the current one, before another page is shown."""

    def losses_changed(self, histories: Mapping[str, LossHistory]) -> None:
        """Take over new losses."""

    def picture_answered(self, answer: Answer) -> None:
        """Take over an answer of the render process."""

    def machine_changed(self) -> None:
        machine = self.gangan.state.machine
        self.query_one("#machine", Static).update(Text(machine.line() if machine else "", no_wrap=True))
