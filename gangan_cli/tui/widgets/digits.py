"""Several pictures in a grid, as many as fit."""

from textual.geometry import Size

from gangan_cli.images.grid import Bytes, shrink, tile
from gangan_cli.tui.widgets.halfblocks import HalfBlocks


class Digits(HalfBlocks):
    """A grid of pictures (n, height, width) of grey values, scaled to a given width in pixels."""

    def layout_of(self, images: Bytes, room: Size, width: int) -> tuple[int, int]:
        """Return the (columns, rows) of pictures `width` pixels wide that fit into `room` (in cells): at
        least one of each, and no more than there are pictures."""
        height = self._height(images, width)
        columns = max(1, (room.width + 1) // (width + 1))
        rows = max(1, (room.height * self.pixels_a_line + 1) // (height + 1))
        columns = min(columns, len(images))
        return columns, min(rows, len(images) // columns)

    def show_digits(self, images: Bytes, room: Size, width: int) -> None:
        """Show those of `images` that fit."""
        columns, rows = self.layout_of(images, room, width)
        small = shrink(images[: rows * columns], self._height(images, width), width)
        self.show(tile(small.reshape(rows, columns, *small.shape[1:]), 1, 0))

    def _height(self, images: Bytes, width: int) -> int:
        """Return the height in pixels of a picture that is `width` wide. Two pixels a line are square;
        with one a line, pixels are twice as high as wide, and half as many are needed."""
        _, height, across = images.shape
        return round(width * int(height) / int(across) * self.pixels_a_line / 2)
