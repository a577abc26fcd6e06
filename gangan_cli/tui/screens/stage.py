"""The picture of the latent page: text while it changes, the terminal's own graphics once it rests."""

from collections.abc import Iterable

from rich.text import Text
from textual.containers import Center, Vertical
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from gangan_cli.images.grid import Bytes, tile
from gangan_cli.tui.terminal import Graphics
from gangan_cli.tui.widgets.digits import Digits

HPARAMS = (10, 14, 20, 28)
"""Widths of a digit in pixels; two lines of pixels are one line of text."""

REST = 0.15
"""Seconds without a step after which the terminal's own graphics are drawn."""


class Stage(Vertical):
    """Shows pictures (n, height, width), as many as there is room for, or a sentence."""

    def __init__(self, graphics: Graphics, id: str) -> None:
        super().__init__(id=id)
        self._graphics = graphics
        self._images: Bytes | None = None
        self._zoom = HPARAMS.index(20)
        self._rest: Timer | None = None

    def compose(self) -> Iterable[Widget]:
        """Put what can be shown in one place; one of them is, at a time."""
        yield Center(Digits(ascii=self._graphics.images == "ascii", id="grid"))
        yield Center(Static(id="message"))
        if self._graphics.images == "sixel" or self._graphics.images == "kitty":
            from gangan_cli.tui.widgets.graphics import image_widget

            picture = image_widget(self._graphics.images, self._graphics.cell, "graphics")
            picture.display = False
            yield Center(picture)

    def on_resize(self) -> None:
        """Show as many as there is room for now."""
        self._draw()

    def show(self, images: Bytes | None) -> None:
        """Show pictures, or nothing."""
        self._images = images
        self._draw()

    def say(self, text: str) -> None:
        """Show a sentence in the pictures' place."""
        self.query_one("#message", Static).update(Text(text))
        self._raise("message")

    def zoom(self, by: int) -> None:
        """Show larger digits, or more of them."""
        self._zoom = min(max(self._zoom + by, 0), len(HPARAMS) - 1)
        self._draw()

    def on_screen(self) -> tuple[Bytes, int]:
        """Return the pictures that are shown, and in how many columns."""
        assert self._images is not None
        columns, rows = self._grid.layout_of(self._images, self.size, HPARAMS[self._zoom])
        return self._images[: rows * columns], columns

    @property
    def _grid(self) -> Digits:
        return self.query_one("#grid", Digits)

    def _draw(self) -> None:
        if self._images is None:
            return
        self._raise("grid")
        self._grid.show_digits(self._images, self.size, HPARAMS[self._zoom])
        if self.query("#graphics"):
            if self._rest is not None:
                self._rest.stop()
            self._rest = self.set_timer(REST, self._draw_at_rest)

    def _draw_at_rest(self) -> None:
        if self._images is None or not self.screen.is_current:
            return
        from gangan_cli.tui.widgets.graphics import show_image

        chosen, columns = self.on_screen()
        sheet = tile(chosen.reshape(-1, columns, *chosen.shape[1:]), 1, 0)
        show_image(self.query_one("#graphics"), sheet, self.size, self._graphics.cell)
        self._raise("graphics")

    def _raise(self, wanted: str) -> None:
        for widget in self.query("#grid, #message, #graphics"):
            widget.display = widget.id == wanted
