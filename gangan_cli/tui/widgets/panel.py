"""A plot that is drawn beside the event loop: plotext takes tens of milliseconds."""

from collections.abc import Callable
from threading import Lock

from rich.text import Text
from textual import work
from textual.widgets import Static

Drawing = Callable[[int, int], tuple[Text, tuple[float, float]]]
"""(width, height) -> the plot, and the range of its axis."""

_plotext = Lock()  # it has one figure for the whole process


class Panel(Static):
    """Shows the losses of one name. `range` is that of its axis as last drawn, None before."""

    def __init__(self, loss: str, title: str) -> None:
        super().__init__()
        self.loss = loss
        self.range: tuple[float, float] | None = None
        self._title = title
        self._drawing: Drawing | None = None

    def draw(self, drawing: Drawing) -> None:
        """Show what `drawing` makes of the panel's size, and again when that changes."""
        self._drawing = drawing
        if self.size.height > 2:
            self._draw(drawing, self.size.width, self.size.height - 1)

    def on_resize(self) -> None:
        """Draw as large as there is room."""
        if self._drawing is not None:
            self.draw(self._drawing)

    @work(thread=True, exclusive=True)
    def _draw(self, drawing: Drawing, width: int, height: int) -> None:
        with _plotext:
            if drawing is not self._drawing:
                return  # a newer one waits
            picture, self.range = drawing(width, height)
        title = Text(f"        {self._title}\n", "bold")
        self.app.call_from_thread(self.update, title + picture)
