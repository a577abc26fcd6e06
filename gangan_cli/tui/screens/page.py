"""What the three pages have in common: the bar above, the machine and the keys below."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from gangan_cli.summaries.losses import LossHistory
from gangan_cli.tui.feed import RunView
from gangan_cli.tui.keys import KEYS, Place
from gangan_cli.tui.pictures import Answer
from gangan_cli.tui.widgets.keyline import KeyLine
from gangan_cli.wording import plain

if TYPE_CHECKING:
    from gangan_cli.tui.app import GanganApp

PAGES = {"runs": "1 Runs", "live": "2 Live", "latent": "3 Latent"}


class Page(Screen[None]):
    """A page over the store. Its subclasses give the body, and say what to do when things change."""

    place: Place = "everywhere"
    AUTO_FOCUS = ""  # nothing: a hidden field would swallow the keys

    @property
    def gangan(self) -> "GanganApp":
        """The app."""
        return cast("GanganApp", self.app)

    @property
    def run_shown(self) -> RunView | None:
        """The run that all pages show, if the store has any."""
        return self.gangan.shared.runs.get(self.gangan.shared.current)

    def compose(self) -> ComposeResult:
        """Put the body between bar and footer."""
        yield Static(id="bar")
        yield from self.body()
        yield Static(id="machine")
        yield KeyLine(self._key_line(), id="keys")

    def body(self) -> Iterable[Widget]:
        """Return what stands between bar and machine."""
        raise NotImplementedError

    def on_resize(self) -> None:
        """Draw what there is room for."""
        self.draw_bar()

    def on_screen_resume(self) -> None:
        """Draw what is known, or what changed while another page was shown."""
        self.machine_changed()
        self.runs_changed()

    def _key_line(self) -> Iterator[tuple[str, str, str]]:
        """Yield the page's keys, then everyone's, for the line at the bottom."""
        places: tuple[Place, ...] = (self.place, "everywhere")
        for place in places:
            for key in KEYS[place]:
                if key.short:
                    action = key.action if key.action.startswith("app.") else f"screen.{key.action}"
                    yield self.gangan.keys_of(key)[0], key.short, action

    def draw_bar(self) -> None:
        """Draw the bar: where we are, which store and which run."""
        shared = self.gangan.shared
        text = Text("  gangan ", "bold", no_wrap=True, overflow="ellipsis")
        for place, title in PAGES.items():
            look = Style.parse("bold reverse" if place == self.place else "not bold")
            text.append(f" {title} ", look + Style(meta={"@click": f"app.look('{place}')"}))
        store = plain(str(self.gangan.store))
        run = f" › {shared.current}" if shared.current and self.place != "runs" else ""
        marked = f"   {len(shared.marked)} marked" if shared.marked else ""
        room = self.size.width - text.cell_len - 3 - len(run) - len(marked)
        if len(store) > room:  # its end says more than its beginning
            store = f"…{store[1 - room :]}" if room > 1 else ""
        text.append(f"   {store}", "not bold").append(run).append(marked, "not bold")
        self.query_one("#bar", Static).update(text)

    def runs_changed(self) -> None:
        """Take note of the store's runs as they are now."""
        raise NotImplementedError

    def leave(self) -> None:
        """Choose what is under the cursor, before another page is shown."""

    def losses_changed(self, histories: Mapping[str, LossHistory]) -> None:
        """Take note of losses that came in."""

    def picture_answered(self, answer: Answer) -> None:
        """Take note of a picture that came in."""

    def machine_changed(self) -> None:
        """Draw the machine's line."""
        machine = self.gangan.shared.machine
        self.query_one("#machine", Static).update(Text(machine.line() if machine else "", no_wrap=True))
