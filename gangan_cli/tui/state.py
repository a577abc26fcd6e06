"""What pages, overlays and the palette use of the app: its state, its threads and its actions."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from textual.app import App
from textual.binding import Binding
from textual.command import Provider
from textual.message_pump import MessagePump

from gangan_cli.tui import keys, listing, messages
from gangan_cli.tui.driver import GuardedDriver
from gangan_cli.tui.render_client import Answer, RenderClient
from gangan_cli.tui.run_index import RunIndex, RunView
from gangan_cli.tui.session import Session
from gangan_cli.tui.system import Machine
from gangan_cli.tui.terminal import Graphics
from gangan_cli.tui.watcher import Watcher


@dataclass
class AppState:
    """State that the pages share: the store as last read, the current run and the marked ones."""

    runs: dict[str, RunView] = field(default_factory=dict)
    problem: str = ""
    read: bool = False
    current: str = ""
    marked: list[str] = field(default_factory=list)
    machine: Machine | None = None
    statuses: dict[str, str] = field(default_factory=dict)
    """Each run's status when it was last compared: `RunView.status` itself changes with time."""


class StoreApp(App[int]):
    """An app on one store. `GanganApp` adds the pages."""

    def __init__(
        self,
        feed: RunIndex,
        session: Session,
        graphics: Graphics,
        rebound: dict[str, str],
        confirm: bool,
        pictures: Callable[[Callable[[Answer], None]], RenderClient],
    ) -> None:
        super().__init__(driver_class=GuardedDriver)
        self.store: Path = feed.root
        self.session, self.graphics = session, graphics
        if session.sort not in listing.SORTS:
            session.sort = "name"
        self.state = AppState()
        self.rebound, self.confirm = rebound, confirm
        self.watcher = Watcher(feed, self.post_message)
        self.pictures = pictures(self._picture_came)

    def _picture_came(self, answer: Answer) -> None:
        self.post_message(messages.PictureAnswered(answer))

    def choose(self, name: str) -> None:
        """Make a run the current one, which all pages show."""
        if name != self.state.current:
            self.state.current = name
            self.follow()

    def follow(self) -> None:
        """Let the watcher read the losses that the live page shows; none on another page."""
        live = self.current_mode == "live"
        names = {self.state.current, *self.state.marked} if live else set()
        self.watcher.follow(frozenset(names))

    def keys_of(self, key: keys.Key) -> list[str]:
        """Return the keys to press for `key`, as they are displayed."""
        pressed = self.rebound.get(key.id, key.keys).split(",")
        return [self.get_key_display(Binding(one, "")) for one in pressed]

    @abstractmethod
    def action_look(self, mode: str) -> None:
        """Show a page; redraw it if it is shown already."""

    @abstractmethod
    def act(self, action: str) -> None:
        """Run the action of a key on the page that is shown."""

    @abstractmethod
    def go(self, name: str, mode: str) -> None:
        """Show a run on a page."""


def app_of(node: MessagePump | Provider) -> StoreApp:
    """Return the app of a page, widget or provider."""
    app = node.app
    assert isinstance(app, StoreApp)
    return app
