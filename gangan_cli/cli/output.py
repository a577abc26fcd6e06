"""The only module that writes to stdout: data for people and for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from gangan_cli.formatting import plain


def document(value: Any) -> None:
    """Write one JSON document."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def line(value: Mapping[str, Any]) -> None:
    """Write one JSON object as a line, and flush, so that a pipe gets it at once."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def text(value: str) -> None:
    """Write text. A program, unlike a terminal, gets each byte of a path unchanged, to use the path."""
    sys.stdout.write((plain(value, keep="\n") if sys.stdout.isatty() else value) + "\n")


def markdown(source: str, rendered: str) -> None:
    """Write Markdown: `rendered` as formatted text through a pager on a terminal, else `source` as it
    is."""
    if not sys.stdout.isatty():
        text(source.rstrip())
        return
    import os

    from rich.console import Console
    from rich.markdown import Markdown

    os.environ.setdefault("LESS", "-FRX")  # colours pass, and what fits on the screen stays there
    console = Console(file=sys.stdout)
    console.width = min(console.width, 100)
    with console.pager(styles=True, links=False):
        console.print(Markdown(rendered))


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[int] = (),
    less: Sequence[int] = (),
) -> None:
    """Write a table; the columns whose indices are in `right` hold numbers.

    On a terminal the table is made to fit the window: columns are folded, and those in `less` left out,
    in that order. For a pipe or a file, which scripts read, nothing is folded or left out.
    """
    from rich.console import Console

    from gangan_cli.cli import tables

    console = Console(file=sys.stdout)
    room = console.width if sys.stdout.isatty() else None
    cells = [[plain(cell) for cell in row] for row in rows]
    drawn, width = tables.table(columns, cells, right, less, room)
    console.width = max(console.width, width)
    console.print(drawn)


def pairs(values: Mapping[str, str]) -> None:
    """Write a line for each name and value, with the values aligned."""
    width = max(map(len, values), default=0)
    for name, value in values.items():
        text(f"{name:<{width}}  {plain(value)}")
