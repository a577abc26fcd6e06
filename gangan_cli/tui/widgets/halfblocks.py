"""Grey pictures as text, two pixels per cell. Works in any terminal, and fast enough while scrubbing."""

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
"""Shades of grey. More are hardly visible in a digit, and each change of shade costs 25 bytes."""

RAMP = " .:-=+*#%@"


class HalfBlocks(Widget):
    """Shows a picture (H, W) of grey values in H / 2 lines of W cells or, if `ascii`, in H lines.

    `levels` (H, W) are the shades in which it is drawn, from 0.
    """

    DEFAULT_CSS = "HalfBlocks { width: auto; height: auto; }"

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ascii = ascii
        self.pixels_a_line = 1 if ascii else 2
        self.levels: Bytes = np.zeros((0, 0), np.uint8)
        self._strips: list[Strip] = []

    def show(self, picture: Bytes) -> None:
        """Show `picture`; redraw only the lines that changed."""
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
        """Return the pixels of each line: (2, W), or (1, W) if `ascii`."""
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
        return int(self.levels.shape[1])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._strips)

    def render_line(self, y: int) -> Strip:
        """Return line `y`, which `show` prepared."""
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)


def runs(above: Sequence[int], below: Sequence[int]) -> list[tuple[str, int, int]]:
    """Return a line of cells as runs (text, foreground, background), as few as a single pass finds.

    With two shades a cell can show all four combinations of its upper and lower pixel. So a run
    continues as long as its pixels have no third shade: a digit has far fewer runs than changes of cell.
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
"""The cell with neither pixel in the foreground, the upper one, the lower one, both."""


@cache
def style(ink: int, ground: int) -> Style:
    """Return the style with these foreground and background shades, each below LEVELS."""
    return Style(color=_grey(ink), bgcolor=_grey(ground))


def _grey(level: int) -> Color:
    """Return a shade as one of the terminal's 256 colours, whose sequence is half as long as an RGB one.

    The colour includes its RGB value; without it Textual would replace the colour by an RGB one.
    """
    value = round(level * 255 / (LEVELS - 1))
    number = min(GREYS, key=lambda number: abs(GREYS[number] - value))
    return Color(f"color({number})", ColorType.EIGHT_BIT, number, ColorTriplet(*[GREYS[number]] * 3))


GREYS = {16: 0, 231: 255, **{232 + n: 8 + 10 * n for n in range(24)}}
"""The greys among the 256 colours: number, and grey value."""
