"""Pictures in the terminal's graphics (sixel, kitty). The only file that imports textual-image."""

import io
import os
import re
import sys
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from textual.app import ComposeResult
from textual.geometry import Size
from textual.widget import Widget


def image_widget(kind: Literal["sixel", "kitty"], cell: tuple[int, int], id: str) -> Widget:
    """Return a widget that shows its attribute `image`; `cell` is the size of a cell in pixels.

    textual-image queries the terminal when it is imported, which would steal the app's input. So stdout
    is no terminal during the import, and the size of a cell is in the environment variables that are
    meant for apps in a browser.
    """
    os.environ["TEXTUAL_CELL_WIDTH"], os.environ["TEXTUAL_CELL_HEIGHT"] = map(str, cell)
    stdout, sys.__stdout__ = sys.__stdout__, io.StringIO()  # type: ignore[misc,assignment]
    try:
        from textual_image.widget import SixelImage, SixelOptions, TGPImage
        from textual_image.widget.sixel import _ImageSixelImpl
    finally:
        sys.__stdout__ = stdout  # type: ignore[misc]
    if kind == "kitty":
        return TGPImage(id=id)

    class Sixels(_ImageSixelImpl):
        """Selects each colour after defining it: in xterm (379) the definition does not select it."""

        def _image_to_sixels(self, *arguments: Any, **options: Any) -> str:
            sixels = super()._image_to_sixels(*arguments, **options)
            return re.sub(r"#(\d+);2;\d+;\d+;\d+", r"\g<0>#\1", sixels)

    class Picture(SixelImage, Renderable=SixelImage._Renderable):
        """The library's widget, with `Sixels`."""

        def compose(self) -> ComposeResult:
            yield Sixels(self.image, SixelOptions(colors=16))

    return Picture(id=id)


def show_image(widget: Widget, picture: NDArray[np.uint8], cells: Size, cell: tuple[int, int]) -> None:
    """Show a picture (H, W) of grey values in at most `cells` cells of `cell` pixels, each of its pixels
    as large a square as possible.

    The widget gets whole cells, and the image exactly their pixels in few shades. Otherwise the library
    would scale it and quantise its colours, and the pictures would blur.
    """
    from PIL import Image

    height, width = picture.shape
    scale = max(1, min(cells[0] * cell[0] // width, cells[1] * cell[1] // height))
    large = np.kron(picture // SHADE * SHADE, np.ones((scale, scale), np.uint8))
    columns, lines = -(-large.shape[1] // cell[0]), -(-large.shape[0] // cell[1])
    whole = np.zeros((lines * cell[1], columns * cell[0]), np.uint8)
    whole[: large.shape[0], : large.shape[1]] = large
    widget.styles.width, widget.styles.height = columns, lines
    widget.image = Image.fromarray(whole)  # type: ignore[attr-defined]


SHADE = 17
"""Difference of grey values between shades: there are 16 shades, as many as a VT340 has colours."""
