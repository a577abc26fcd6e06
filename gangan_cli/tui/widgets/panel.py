"""A plot that is drawn outside the event loop, in a thread: plotext takes tens of milliseconds."""

from collections.abc import Callable
from threading import Lock

from rich.text import Text
from textual import work
from textual.widgets import Static

Drawing = Callable[[int, int], tuple[Text, tuple[float, float]]]
"""(width, height) -> the plot, and the range of its axis."""

_plotext = Lock()  # plotext has one figure per process


class Panel(Static):
    """Shows the plot of one loss. `range` is the range of its axis as last drawn, None before."""

    def __init__(self, loss: str, title: str) -> None:
        super().__init__()
        self.loss = loss
        self.range: tuple[float, float] | None = None
        self._title = title
        self._drawing: Drawing | None = None

    def draw(self, drawing: Drawing) -> None:
        """Show the plot that `drawing` returns for the panel's size; repeat when the size changes."""
        self._drawing = drawing
        if self.size.height > 2:
            self._draw(drawing, self.size.width, self.size.height - 1)

    def on_resize(self) -> None:
        """Draw the plot in the new size."""
        if self._drawing is not None:
            self.draw(self._drawing)

    @work(thread=True, exclusive=True)
    def _draw(self, drawing: Drawing, width: int, height: int) -> None:
        with _plotext:
            if drawing is not self._drawing:
                return  # a newer one is waiting
            picture, self.range = drawing(width, height)
        title = Text(f"        {self._title}\n", "bold")
        self.app.call_from_thread(self.update, title + picture)
