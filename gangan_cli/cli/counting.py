"""Bars for what takes a while, on a terminal; nothing elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from gangan_cli.cli import diagnostics


@contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """Give what shows how far something has come: (its name, how much is done, how much there is)."""
    if not sys.stderr.isatty():
        yield lambda name, done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress, TaskID

    tasks: dict[str, TaskID] = {}
    with Progress(console=Console(stderr=True), transient=True) as progress:

        def told(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name)
            progress.update(tasks[name], completed=done, total=total)

        yield told


@contextmanager
def steps(name: str) -> Iterator[Callable[[int], Callable[[], None]]]:
    """Give a function that takes a total and returns what to call after each step."""
    with bars() as told:

        def begin(total: int) -> Callable[[], None]:
            done = count(1)
            return lambda: told(name, next(done), total)

        yield begin


@contextmanager
def narrated(long: str) -> Iterator[Callable[[str, int, int], None]]:
    """Give the same as `bars`, which where there is no terminal at least says when what is called `long`
    begins."""
    begun: set[str] = set()
    with bars() as shown:

        def told(name: str, done: int, total: int) -> None:
            if name == long and name not in begun and not sys.stderr.isatty():
                diagnostics.say(f"{name}, once a machine: some minutes …")
            begun.add(name)
            shown(name, done, total)

        yield told
