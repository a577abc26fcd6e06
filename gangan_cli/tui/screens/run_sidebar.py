"""The pane beside the list of runs: details of the current run, or differences of the marked ones."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text
from textual.containers import VerticalScroll
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from gangan_cli.tui import detail, listing
from gangan_cli.tui.render_client import Answer, Failed, Rendered, Request, View
from gangan_cli.tui.run_index import RunView
from gangan_cli.tui.scrub import epochs_of
from gangan_cli.tui.state import app_of
from gangan_cli.tui.widgets.digits import Digits

PREVIEW = (5, 20)
"""Number of pictures in the preview, and their width in pixels."""


class RunSidebar(VerticalScroll, can_focus=False):
    """Manifest, settings and GANs of a run, and a preview of pictures by the chosen GAN."""

    def __init__(self, *, ascii: bool, id: str) -> None:
        super().__init__(id=id)
        self._ascii = ascii
        self._gan = 0
        self._run: RunView | None = None
        self._pictured: tuple[object, ...] = ()
        self._asked = 0

    def compose(self) -> Iterable[Widget]:
        """Put text, pictures and a note below each other."""
        yield Static(id="detail")
        yield Digits(ascii=self._ascii, id="digits")
        yield Static(id="note")

    def draw(self, run: RunView | None, note: str) -> None:
        """Draw the details of `run`, or a comparison if two or more runs are marked; below it a note."""
        if run is None or self._run is None or run.name != self._run.name:
            self._gan = 0
        self._run = run
        state = app_of(self).state
        marked = [state.runs[name] for name in state.marked]
        text: RenderableType = ""
        if len(marked) >= 2:
            text = detail.comparison(marked)
        elif run is not None:
            text = detail.page(run, listing.children(state.runs.values(), run), self._gan)
        self.query_one("#detail", Static).update(text)
        self.query_one("#note", Static).update(Text(note))
        digits = self.query_one(Digits)
        digits.display = False
        if run is not None and app_of(self).session.preview and len(marked) < 2:
            self._preview(run)

    def step_gan(self, by: int) -> None:
        if self._run is not None and self._run.gans:
            self._gan = listing.along(list(self._run.gans), self._gan, by)
            self.draw(self._run, "")

    def _preview(self, run: RunView) -> None:
        saved = epochs_of(run, self._gan)
        if run.manifest is None or not saved:
            return
        self.query_one(Digits).display = True
        pictured = (run.manifest.id, self._gan, saved[-1])
        if pictured != self._pictured:
            self._pictured = pictured
            app = app_of(self)
            view = View(app.store, run.name, run.manifest.id)
            request = Request(view, self._gan, saved[-1], None, PREVIEW[0], 0)
            self._asked = app.pictures.ask(request)

    def picture_answered(self, answer: Answer) -> None:
        """Show the preview if it answers the last request."""
        if answer.serial != self._asked:
            return
        if isinstance(answer, Rendered):
            room = Size(PREVIEW[0] * (PREVIEW[1] + 1), 1)  # one row
            self.query_one(Digits).show_digits(answer.images, room, PREVIEW[1])
        elif isinstance(answer, Failed):
            self.query_one("#note", Static).update(Text(answer.reason))
