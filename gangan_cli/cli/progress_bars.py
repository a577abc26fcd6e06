"""Progress of long work: bars on a terminal, elsewhere a line every LINE_EVERY seconds."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from gangan_cli.cli import diagnostics
from gangan_cli.progress import ProgressCallback, StepCallback

LINE_EVERY = 10.0
"""Seconds between lines when stderr is not a terminal."""


@contextmanager
def bars() -> Iterator[ProgressCallback]:
    """Provide a function that shows progress: call it with (name, done, total)."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskID,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    tasks: dict[str, TaskID] = {}
    columns = (
        TextColumn("{task.description}", markup=False),  # it may contain the name of a run or a dataset
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:

        def on_progress(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name)
            progress.update(tasks[name], completed=done, total=total)

        yield on_progress


def _lines() -> ProgressCallback:
    """Return a function that prints progress, at most once in LINE_EVERY seconds."""
    last = time.monotonic()

    def on_progress(name: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= LINE_EVERY:
            last = time.monotonic()
            diagnostics.say(f"{name}: {done:,} of {total:,}")

    return on_progress


@contextmanager
def steps(name: str) -> Iterator[StepCallback]:
    """Provide a function that takes a total, and returns a function to call after each step."""
    with bars() as on_progress:

        def begin(total: int) -> Callable[[], None]:
            done = count(1)
            return lambda: on_progress(name, next(done), total)

        yield begin


@contextmanager
def bars_with_notice(long: str) -> Iterator[ProgressCallback]:
    """Provide the same as `bars`, which without a terminal also says when the task named `long`
    begins."""
    begun: set[str] = set()
    with bars() as shown:

        def on_progress(name: str, done: int, total: int) -> None:
            if name == long and name not in begun and not sys.stderr.isatty():
                diagnostics.say(f"{name}, once for each dataset: some minutes …")
            begun.add(name)
            shown(name, done, total)

        yield on_progress
