"""Grey pictures as text: two pixels a cell. Works in any terminal and is what scrubbing draws."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from rich.color import Color, ColorType
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

Bytes = NDArray[np.uint8]

LEVELS = 16
"""Shades of grey. More are hardly seen in a digit, and each change of shade costs 25 bytes."""

RAMP = " .:-=+*#%@"


class HalfBlocks(Widget):
    """Shows a picture (H, W) of grey values, H / 2 lines of W cells, or H lines of plain characters.

    `levels` (H, W) are the shades that it is drawn in, from 0.
    """

    DEFAULT_CSS = "HalfBlocks { width: auto; height: auto; }"

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ascii = ascii
        self.pixels_a_line = 1 if ascii else 2
        self.levels: Bytes = np.zeros((0, 0), np.uint8)
        self._strips: list[Strip] = []

    def show(self, picture: Bytes) -> None:
        """Show `picture`; redraws the lines that differ from the last one."""
        before, size = self.levels, self.levels.shape
        shades = len(RAMP) if self._ascii else LEVELS
        self.levels = (picture.astype(np.uint16) * shades // 256).astype(np.uint8)
        lines = self._rows(self.levels)
        if self.levels.shape != size:
            self._strips = [self._strip(line) for line in lines]
            self.refresh(layout=True)
            return
        for y, (line, old) in enumerate(zip(lines, self._rows(before), strict=True)):
            if not np.array_equal(line, old):
                self._strips[y] = self._strip(line)
                self.refresh(Region(0, y, self.levels.shape[1], 1))

    def _rows(self, levels: Bytes) -> list[Bytes]:
        """Return the (2, W) pixels of each line, or (1, W) in plain characters."""
        if self._ascii:
            return list(levels[:, None])
        if len(levels) % 2:
            levels = np.vstack([levels, np.zeros_like(levels[:1])])
        return list(levels.reshape(-1, 2, levels.shape[1]))

    def _strip(self, line: Bytes) -> Strip:
        if self._ascii:
            return Strip([Segment("".join(RAMP[shade] for shade in line[0].tolist()))], line.shape[1])
        return Strip(
            [Segment(text, style(*pair)) for text, *pair in runs(*line.tolist())], line.shape[1]
        )

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """Return the picture's width."""
        return int(self.levels.shape[1])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the picture's height in lines."""
        return len(self._strips)

    def render_line(self, y: int) -> Strip:
        """Return a line as it was prepared."""
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)


def runs(above: Sequence[int], below: Sequence[int]) -> list[tuple[str, int, int]]:
    """Return a line's cells as (text, foreground, background), as few as one pass can make them.

    A style has two shades, and its cells can be all four ways of putting these above each other. So
    a run goes on as long as its pixels are of two shades: in a digit, far fewer than changes of cell.
    """
    found: list[tuple[str, int, int]] = []
    ink = ground = above[0] if above else 0
    text: list[str] = []
    for top, bottom in zip(above, below, strict=True):
        if not ((top in (ground, ink)) and (bottom in (ground, ink))):
            other = bottom if top == ground else top
            if ink == ground and (top in (ground, bottom) or bottom == ground):
                ink = other  # the run's second shade
            else:
                found.append(("".join(text), ink, ground))
                text, ground, ink = [], top, bottom
        text.append(CELLS[(top != ground) + 2 * (bottom != ground)])
    if text:
        found.append(("".join(text), ink, ground))
    return found


CELLS = " ▀▄█"
"""Neither pixel in ink, the upper, the lower, both."""


@cache
def style(ink: int, ground: int) -> Style:
    """Return the style of two of LEVELS shades."""
    return Style(color=_grey(ink), bgcolor=_grey(ground))


def _grey(level: int) -> Color:
    """Return a shade as one of the 256 colours: half as long to write as its red, green and blue.

    It carries these too, else Textual would write them in its place.
    """
    value = round(level * 255 / (LEVELS - 1))
    number = min(GREYS, key=lambda number: abs(GREYS[number] - value))
    return Color(f"color({number})", ColorType.EIGHT_BIT, number, ColorTriplet(*[GREYS[number]] * 3))


GREYS = {16: 0, 231: 255, **{232 + n: 8 + 10 * n for n in range(24)}}
"""The greys among the 256 colours, and their values."""
