"""Conditions of a GAN-GAN: an epoch or a Fréchet distance, scaled to [-1, 1]."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError
from gangan_cli.records import Evaluated, comparable, evaluations
from store import Run
from store.keys import Keys, Pair

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Condition:
    """The scale of a condition: an epoch or a Fréchet distance from `low` to `high`, mapped to [-1, 1].

    Epochs are mapped linearly, Fréchet distances by their logarithm: from 400 to 300 is a small
    improvement, from 130 to 100 is not. Fréchet distances are those of `judge` on `images` images.
    """

    what: str
    low: float
    high: float
    judge: str = ""
    images: int = 0

    @classmethod
    def fit(cls, what: str, values: Numbers, judge: str = "", images: int = 0) -> "Condition":
        """Return the scale that maps `values` (n,) to [-1, 1]; scores are those of a judge on so many
        images.

        Raises:
            ConfigurationError: they are all alike.
        """
        low, high = float(values.min()), float(values.max())
        if not low < high:
            raise ConfigurationError(
                f"all snapshots have the same {cls(what, low, high).title}: there is nothing to "
                "condition on"
            )
        return cls(what, low, high, judge, images)

    @classmethod
    def of(cls, run: Run) -> "Condition | None":
        """Return the condition of a run's GAN-GANs, or None."""
        if "asked_for" not in run.manifest.constants:
            return None
        low, high = run.constant("asked_for").tolist()
        judge, images = "", 0
        if "judged_by" in run.manifest.constants:
            number, images = run.constant("judged_by").tolist()
            judge = f"{number:012x}"
        return cls(str(run.manifest.config["condition"]), low, high, judge, images)

    def constants(self) -> dict[str, NDArray[Any]]:
        """Return what a run keeps of it: `asked_for` (2,), the lowest and the highest, and of scores
        `judged_by` (2,), the judge's id as a number and how many images it saw."""
        kept: dict[str, NDArray[Any]] = {"asked_for": np.array([self.low, self.high])}
        if self.judge:
            kept["judged_by"] = np.array([int(self.judge, 16), self.images])
        return kept

    @property
    def title(self) -> str:
        """What is asked for, in words."""
        return "epoch" if self.what == "epoch" else "Fréchet distance"

    def encode(self, values: Numbers) -> Numbers:
        """Return values (n,) scaled to [-1, 1]."""
        low, high = self._scale(np.array([self.low, self.high]))
        found: Numbers = 2 * (self._scale(values) - low) / (high - low) - 1
        return found

    def decode(self, places: Numbers) -> Numbers:
        """Return the values (n,) of numbers in [-1, 1]."""
        low, high = self._scale(np.array([self.low, self.high]))
        scaled = low + (places + 1) / 2 * (high - low)
        found: Numbers = scaled if self.what == "epoch" else np.exp(scaled)
        return found

    def _scale(self, values: Numbers) -> Numbers:
        scaled: Numbers = values.astype(np.float64) if self.what == "epoch" else np.log(values)
        return scaled


def condition_of(run: Run, keys: Keys, what: str) -> tuple[Condition, Numbers]:
    """Return the scale of epoch or Fréchet distance of the snapshots `keys` (n, 2) of `run`, and their
    values (n,).

    Raises:
        ConfigurationError: they are all alike; or some were never judged: the message says what to do.
    """
    if what == "epoch":
        epochs = keys[:, 1].astype(np.float64)
        return Condition.fit(what, epochs), epochs
    if run.manifest.parent is not None:
        raise ConfigurationError(
            f"{run.name!r} is a run of GAN-GANs, whose snapshots have no scores to condition on"
        )
    pairs: list[Pair] = [(gan, epoch) for gan, epoch in keys.tolist()]
    scores = _scores_of(run, pairs)
    missing = [pair for pair in pairs if pair not in scores]
    if missing:
        gan, epoch = missing[0]
        raise ConfigurationError(
            f"{len(missing)} of {len(keys)} snapshots of {run.name!r} have no score yet (the first is "
            f"GAN {gan} at epoch {epoch}): gangan evaluate {run.name} --epochs 1- --quick "
            "--samples 2000 evaluates them"
        )
    values = np.array([scores[pair].frechet for pair in pairs])
    first = scores[pairs[0]]
    return Condition.fit(what, values, first.judge, first.samples), values


def _scores_of(run: Run, wanted: Sequence[Pair]) -> dict[Pair, Evaluated]:
    """Return the results of a run's snapshots beside the images that it was trained on, by one judge on
    equally many images: of most of the `wanted` snapshots, then on most images."""
    own = (run.manifest.dataset or {}).get("name")  # unknown for imported runs
    found = [
        one
        for one in evaluations(run)
        if own in (None, one.dataset) and one.subject.snapshot and one.subject.drawn is None
    ]
    groups = [{one.subject.snapshot: one for one in group} for group in comparable(found)]

    def worth(group: dict[Pair, Evaluated]) -> tuple[int, int]:
        return sum(pair in group for pair in wanted), next(iter(group.values())).samples

    return max(groups, key=worth, default={})  # type: ignore[arg-type]
