"""Tables that fit a window: words are folded, columns left out, rows stacked; numbers are never cut."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

FOLDED = 12
"""Cells to which a column of words may be folded."""

GAP = 3
"""Cells between two columns."""


@dataclass(frozen=True)
class Column:
    """A heading and its cells, which take at least so many cells of the window's width."""

    name: str
    cells: Sequence[str]
    least: int

    @property
    def width(self) -> int:
        """How wide it would like to be."""
        return widest((self.name, *self.cells))


def widest(texts: Collection[str]) -> int:
    """Return the width of the widest of `texts`, in cells of a terminal."""
    from rich.cells import cell_len

    return max(map(cell_len, texts), default=0)


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Collection[int],
    less: Sequence[int],
    room: int | None,
) -> tuple["Table", int]:
    """Return a table that is at most `room` cells wide, None for any width; and its width.

    Columns in `right` hold numbers. Those in `less` are left out, the first of them first, as long as
    the others do not fit even folded. Where these alone do not, there is a line for each cell instead.
    """
    every = []
    for place, name in enumerate(columns):
        cells = [row[place] for row in rows]
        width = widest((name, *cells))
        number = widest((*cells, *name.split()))
        every.append(Column(name, cells, number if place in right else min(width, FOLDED)))
    for count in range(len(less) + 1):
        kept = [place for place in range(len(columns)) if place not in less[:count]]
        widths = fit([every[place] for place in kept], room)
        if widths is not None:
            return draw([every[place] for place in kept], widths, [place in right for place in kept])
    names, values = stack(every)
    widths = fit([names, values], room) or [names.least, values.least]
    return draw([names, values], widths, [False, False])


def fit(columns: Sequence[Column], room: int | None) -> list[int] | None:
    """Return the columns' widths, the widest folded first; None if there is no room even so."""
    widths = [column.width for column in columns]
    if room is None:
        return widths
    while sum(widths) + GAP * (len(widths) - 1) > room:
        spare = [place for place, column in enumerate(columns) if widths[place] > column.least]
        if not spare:
            return None
        widths[max(spare, key=widths.__getitem__)] -= 1
    return widths


def stack(columns: Sequence[Column]) -> tuple[Column, Column]:
    """Return the same cells below each other: each row's first one, then the others with their names."""
    first, *others = columns
    names, values = [], []
    for row, heading in enumerate(first.cells):
        shown = [(f"  {column.name}", column.cells[row]) for column in others if column.cells[row]]
        names += [heading, *(name for name, _ in shown)]
        values += ["", *(value for _, value in shown)]
    return Column("", names, FOLDED), Column("", values, max(column.least for column in others))


def draw(columns: Sequence[Column], widths: Sequence[int], right: Sequence[bool]) -> tuple["Table", int]:
    """Return a table of these columns, and its width."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    named = any(column.name for column in columns)
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, show_header=named)
    for column, width, number in zip(columns, widths, right, strict=True):
        drawn.add_column(
            Text(column.name), justify="right" if number else "left", width=width, overflow="fold"
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        drawn.add_row(*map(Text, row))  # as text: a stranger's dataset may be called [red]
    return drawn, sum(widths) + GAP * (len(widths) - 1)
