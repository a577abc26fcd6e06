"""The pictures of the latent page: drawn as text while they change, then in the terminal's graphics.
GANs of numbers have a plot instead."""

from collections.abc import Iterable

from rich.text import Text
from textual.containers import Center, Vertical
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from gangan_cli.images.grid import Bytes, tile
from gangan_cli.tui.density_plot import compose
from gangan_cli.tui.render_client import DensityChart
from gangan_cli.tui.terminal import Graphics
from gangan_cli.tui.widgets.digits import Digits

SIZES = (10, 14, 20, 28)
"""Widths of a picture in pixels, which are one cell wide and half a line high."""

REST = 0.15
"""Seconds without a change after which the terminal's graphics are drawn."""


class ImageView(Vertical):
    """Shows pictures (n, height, width), as many as fit, or a chart of densities, or a sentence."""

    def __init__(self, graphics: Graphics, id: str) -> None:
        super().__init__(id=id)
        self._graphics = graphics
        self._images: Bytes | None = None
        self._chart: DensityChart | None = None
        self._zoom = SIZES.index(20)
        self._rest: Timer | None = None

    def compose(self) -> Iterable[Widget]:
        """Yield the alternatives, of which one is displayed at a time: pictures as text, a sentence, a
        chart, graphics."""
        yield Center(Digits(ascii=self._graphics.images == "ascii", id="grid"))
        yield Center(Static(id="message"))
        yield Static(id="chart")
        if self._graphics.images == "sixel" or self._graphics.images == "kitty":
            from gangan_cli.tui.widgets.graphics import image_widget

            picture = image_widget(self._graphics.images, self._graphics.cell, "graphics")
            picture.display = False
            yield Center(picture)

    def on_resize(self) -> None:
        """Show as many pictures as fit now."""
        self._draw()

    def show(self, images: Bytes | None, chart: DensityChart | None = None) -> None:
        """Show `images`, or the `chart` in their place; with None the display stays, until `say` or the
        next pictures."""
        self._images, self._chart = images, chart
        self._draw()

    def say(self, text: str) -> None:
        """Show a sentence in place of the pictures."""
        self.query_one("#message", Static).update(Text(text))
        self._raise("message")

    def zoom(self, by: int) -> None:
        """Show larger pictures, or more of them."""
        self._zoom = min(max(self._zoom + by, 0), len(SIZES) - 1)
        self._draw()

    def on_screen(self) -> tuple[Bytes, int]:
        """Return the pictures that are shown, and their number of columns."""
        assert self._images is not None
        columns, rows = self._grid.layout_of(self._images, self.size, SIZES[self._zoom])
        return self._images[: rows * columns], columns

    @property
    def _grid(self) -> Digits:
        return self.query_one("#grid", Digits)

    def _draw(self) -> None:
        if self._images is None:
            return
        if self._chart is not None:
            dark, size = self.app.current_theme.dark, self.size
            self.query_one("#chart", Static).update(compose(self._chart, dark, size.width, size.height))
            self._raise("chart")
            return
        self._raise("grid")
        self._grid.show_digits(self._images, self.size, SIZES[self._zoom])
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
        for widget in self.query("#grid, #message, #chart, #graphics"):
            widget.display = widget.id == wanted
