"""The only module that writes to stdout: data for people and for programs."""

import io
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from gangan_cli.wording import plain


def pass_bytes_on() -> None:
    """Have paths come out byte by byte as they are, also where they are not UTF-8."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")


def document(value: Any) -> None:
    """Write one JSON document."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def line(value: Mapping[str, Any]) -> None:
    """Write one JSON object as a line, at once, so that a pipe sees it when it happens."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def text(value: str) -> None:
    """Write text: to a program with each byte of a path as it is, so that it can be read back."""
    sys.stdout.write((plain(value, keep="\n") if sys.stdout.isatty() else value) + "\n")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Write a table; the columns whose indices are in `right` hold numbers."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout)
    if not console.is_terminal:
        console.width = 200  # a pipe has no width: do not fold what a script will read
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, name in enumerate(columns):
        drawn.add_column(name, justify="right" if index in right else "left", no_wrap=index == 0)
    for row in rows:
        # As text, not as rich's markup: a stranger's dataset may be called [red].
        drawn.add_row(*(Text(plain(cell)) for cell in row))
    console.print(drawn)


def pairs(values: Mapping[str, str]) -> None:
    """Write names and values, one a line, the values aligned."""
    width = max(map(len, values), default=0)
    for name, value in values.items():
        text(f"{name:<{width}}  {plain(value)}")
