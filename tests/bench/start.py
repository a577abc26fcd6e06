"""How long commands take that train nothing."""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from store import Run
from tests.bench.measure import Figure, in_turn, seconds_of
from tests.commands import command
from tests.runs import numbers, small_manifest


def bench_start(rounds: int = 9) -> Iterator[Figure]:
    """Start-up, against a Python that does nothing."""
    with TemporaryDirectory() as folder:
        for number in range(20):
            with Run.create(Path(folder) / f"run-{number}", small_manifest(id=str(number))) as run:
                run.commit(1, [0, 1], np.ones((2, 2, 2)), numbers(0, 2, 10))
                run.release("complete")
        listing = command("runs", "list", "--store", folder)
        idle, help, runs = in_turn(
            rounds,
            lambda: seconds_of(sys.executable, "-c", "pass"),
            lambda: seconds_of(*command("--help")),
            lambda: seconds_of(*listing),
        )
    yield Figure("python -c pass", "s", idle)
    for what, taken, goal in (
        ("gangan --help", help, "≤ +0.20, aim +0.12"),
        ("gangan runs list, 20 runs", runs, ""),
    ):
        yield Figure(
            f"{what}: more than that", "s", [a - b for a, b in zip(taken, idle, strict=True)], goal
        )
