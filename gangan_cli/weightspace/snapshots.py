"""Snapshots of a run: the protocol of views, selection, and the median step of training."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError
from gangan_cli.ranges import parsed
from store import Manifest
from store.keys import Keys

Matrix = NDArray[np.float32]

STEPS = 256
"""Maximum number of pairs of consecutive snapshots, evenly spaced, for the median step."""


class Snapshots(Protocol):
    """The protocol of a population's snapshots: a run, or a view of one (alignment.py)."""

    @property
    def name(self) -> str:
        """The run's name."""

    @property
    def path(self) -> Path:
        """The run's folder."""

    @property
    def manifest(self) -> Manifest:
        """What the run is."""

    def constant(self, name: str) -> NDArray[Any]:
        """Return an array stored once for the whole run."""

    def keys(self, *, initial: bool = False) -> Keys:
        """Return the (gan, epoch) of every snapshot, with `initial` also those of epoch 0."""

    def snapshot(self, gan: int, epoch: int) -> Matrix:
        """Return the weights (P,) of `gan` after `epoch` epochs."""

    def matrix(self, of: Keys | None = None) -> tuple[Matrix, Keys]:
        """Return snapshots (n, P), and their keys (n, 2)."""

    def columns(self, of: Keys, place: slice) -> Matrix:
        """Return some weights of snapshots, (n, width), as an array of its own."""


class SnapshotView:
    """Base class for views of a run's snapshots; accepted wherever a run's snapshots are."""

    def __init__(self, run: Snapshots) -> None:
        self.run = run

    @property
    def name(self) -> str:
        return self.run.name

    @property
    def path(self) -> Path:
        return self.run.path

    @property
    def manifest(self) -> Manifest:
        return self.run.manifest

    def constant(self, name: str) -> NDArray[Any]:
        return self.run.constant(name)

    def keys(self, *, initial: bool = False) -> Keys:
        return self.run.keys(initial=initial)


def select(keys: Keys, gans: str = "", epochs: str = "") -> Keys:
    """Return the rows of `keys` (n, 2) whose gan and epoch lie in ranges such as "0,3-7" or "50-".

    An empty range means all. Initial weights, epoch 0, are selected only by a range that begins with 0.

    Raises:
        ConfigurationError: a range cannot be read, or asks for what is not there.
    """
    if not any(part.partition("-")[0].strip() == "0" for part in epochs.split(",")):
        keys = keys[keys[:, 1] > 0]
    if not len(keys):
        raise ConfigurationError("the run has no snapshots yet")
    chosen = np.ones(len(keys), bool)
    for column, what, ranges in ((0, "GAN", gans), (1, "epoch", epochs)):
        if ranges:
            wanted = _named(ranges, what, set(keys[:, column].tolist()))
            chosen &= np.isin(keys[:, column], sorted(wanted))
    if not chosen.any():
        raise ConfigurationError(f"no snapshot of GAN {gans} at epoch {epochs}")
    return keys[chosen]


def consecutive(keys: Keys) -> NDArray[np.int64]:
    """Return the rows of `keys` (n, 2) that another snapshot of the same GAN follows: all of them, or
    STEPS, evenly spaced."""
    starts = np.flatnonzero(np.diff(keys[:, 0]) == 0)
    chosen = np.linspace(0, len(starts) - 1, min(len(starts), STEPS)).round().astype(np.int64)
    return starts[chosen]


def epoch_step(keys: Keys, rows: Callable[[NDArray[np.int64]], Matrix]) -> float:
    """Return the median distance of consecutive snapshots of a GAN; 1 if no GAN has two, or none moves.
    `rows` gives what stands for those of the given numbers in `keys` (n, 2)."""
    chosen = consecutive(keys)
    if not len(chosen):
        return 1.0
    return float(np.median(np.linalg.norm(rows(chosen + 1) - rows(chosen), axis=1))) or 1.0


def _named(text: str, what: str, there: set[int]) -> set[int]:
    """Return the numbers of `there` that `text` selects; each part must select at least one."""
    named: set[int] = set()
    for low, end in parsed(text, f"{what}s"):
        high = max(there) if end is None else end
        found = {number for number in there if low <= number <= high}
        if not found or high > max(there):
            raise ConfigurationError(
                f"no snapshot of {what} {max(low, high)}: the run has {summarise(there)}"
            )
        named |= found
    return named


def summarise(numbers: Sequence[int] | set[int]) -> str:
    """Return numbers as short ranges, as in "0, 3-7"; every third as "3, 6 … 99"."""
    ordered = sorted(numbers)
    spans: list[list[int]] = []
    for number in ordered:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    if len(spans) > 6:
        return f"{ordered[0]}, {ordered[1]} … {ordered[-1]}"
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)
