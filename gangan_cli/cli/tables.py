"""Tables that fit a window: words are folded, columns left out, rows stacked; numbers are never cut."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

FOLDED = 12
"""Width, in terminal cells, to which a column of words may be folded."""

GAP = 3
"""Terminal cells between two columns."""


@dataclass(frozen=True)
class Column:
    """A heading and its cells; the column can be folded to a width of `least` terminal cells."""

    name: str
    cells: Sequence[str]
    least: int

    @property
    def width(self) -> int:
        """Its width without folding."""
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
    """Return a table that fits in `room` terminal cells if it can (None: any width), and its width.

    Columns in `right` hold numbers, which are not folded. If the folded columns do not fit, those in
    `less` are left out one by one, in that order. If the rest still does not fit, each cell of the whole
    table gets its own line.
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
    """Return column widths that fit in `room`, folding the widest column first; None if none fit."""
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
    """Return the cells below each other: the first of each row, then the others with their headings."""
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
        drawn.add_row(*map(Text, row))  # not as markup: a dataset may be called [red]
    return drawn, sum(widths) + GAP * (len(widths) - 1)
