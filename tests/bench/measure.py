"""Taking figures in turn, so that a noisy machine does not decide, and writing them down."""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from tests.commands import clean_environment


@dataclass(frozen=True)
class Figure:
    """One line of the table: what was measured, several times."""

    what: str
    unit: str
    values: list[float]
    goal: str = ""
    format: str = ".2f"

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        low, high = min(self.values), max(self.values)
        spread = f"{low:{self.format}} to {high:{self.format}}" if len(self.values) > 1 else ""
        value = f"{self.median:{self.format}} {self.unit}".strip()
        return f"{self.what:<58} {value:>14}   {spread:<20} {self.goal}".rstrip()


def in_turn(rounds: int, *takes: Callable[[], float]) -> list[list[float]]:
    """Return what each of `takes` gives, taken one after the other, several times over."""
    taken = [[take() for take in takes] for _ in range(rounds)]
    return [list(column) for column in zip(*taken, strict=True)]


def ratios(above: list[float], below: list[float]) -> list[float]:
    return [a / b for a, b in zip(above, below, strict=True)]


def seconds_of(*arguments: object) -> float:
    """Return how long a command takes as a whole."""
    began = time.perf_counter()
    run = [str(argument) for argument in arguments]
    subprocess.run(run, capture_output=True, check=True, env=clean_environment())
    return time.perf_counter() - began


def stamped_lines(arguments: list[str], **environment: str) -> list[tuple[float, dict]]:
    """Return the JSON lines that a command writes, each with the seconds since its start."""
    began = time.perf_counter()
    with subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=clean_environment(**environment),
        text=True,
    ) as process:
        lines = [(time.perf_counter() - began, json.loads(line)) for line in process.stdout or ()]
    assert process.returncode == 0, f"{arguments} ended with {process.returncode}"
    return lines


def surroundings() -> dict[str, object]:
    """Return what the figures were taken on."""
    processor = platform.processor()
    if (info := Path("/proc/cpuinfo")).exists():
        names = [
            line.split(":")[1].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        processor = names[0] if names else processor
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    changed = subprocess.run(["git", "status", "--porcelain", "-uno"], capture_output=True, text=True)
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30),
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "numpy", "lmdb", "textual")},
        "commit": commit.stdout.strip() + ("+" if changed.stdout.strip() else ""),
    }


def write_json(path: Path, figures: list[Figure]) -> None:
    lines = [{**asdict(figure), "median": figure.median} for figure in figures]
    path.write_text(json.dumps({**surroundings(), "figures": lines}, indent=1) + "\n")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
