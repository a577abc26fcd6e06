"""What a GAN-GAN can be asked for: an epoch, or a Fréchet distance, as a number between -1 and 1."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError
from store import Run
from store.keys import Keys

CONDITIONS = ("none", "epoch", "score")

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Condition:
    """How what is asked for, an epoch or a Fréchet distance from `low` to `high`, lies on [-1, 1].

    Epochs lie evenly. Fréchet distances lie by their logarithm: from 400 to 300 is a small step, from
    130 to 100 is not.
    """

    what: str
    low: float
    high: float

    @classmethod
    def fit(cls, what: str, values: Numbers) -> "Condition":
        """Return the scale on which `values` (n,) fill [-1, 1].

        Raises:
            ConfigurationError: they are all alike.
        """
        low, high = float(values.min()), float(values.max())
        if not low < high:
            raise ConfigurationError(
                f"all snapshots have the same {cls(what, low, high).title}: there is nothing to ask for"
            )
        return cls(what, low, high)

    @classmethod
    def of(cls, run: Run) -> "Condition | None":
        """Return what the GAN-GANs of a run can be asked for, if anything."""
        if "asked_for" not in run.manifest.constants:
            return None
        low, high = run.constant("asked_for").tolist()
        return cls(str(run.manifest.config["condition"]), low, high)

    @property
    def title(self) -> str:
        """What is asked for, in words."""
        return "epoch" if self.what == "epoch" else "Fréchet distance"

    def encode(self, values: Numbers) -> Numbers:
        """Return where values (n,) lie on [-1, 1]."""
        low, high = self._scale(np.array([self.low, self.high]))
        found: Numbers = 2 * (self._scale(values) - low) / (high - low) - 1
        return found

    def decode(self, places: Numbers) -> Numbers:
        """Return the values (n,) at places on [-1, 1]."""
        low, high = self._scale(np.array([self.low, self.high]))
        scaled = low + (places + 1) / 2 * (high - low)
        found: Numbers = scaled if self.what == "epoch" else np.exp(scaled)
        return found

    def _scale(self, values: Numbers) -> Numbers:
        scaled: Numbers = values.astype(np.float64) if self.what == "epoch" else np.log(values)
        return scaled


def values_of(run: Run, keys: Keys, what: str) -> Numbers:
    """Return epoch or Fréchet distance (n,) of the snapshots `keys` (n, 2) of `run`.

    Raises:
        ConfigurationError: some were never judged, or by several judges; the message says what to do.
    """
    if what == "epoch":
        return keys[:, 1].astype(np.float64)
    scores = scores_of(run)
    missing = [key for key in map(tuple, keys.tolist()) if key not in scores]
    if missing:
        gan, epoch = missing[0]
        raise ConfigurationError(
            f"{len(missing)} of {len(keys)} snapshots of {run.name!r} have no score yet (the first is "
            f"GAN {gan} at epoch {epoch}): gangan evaluate {run.name} --epochs 1- --quick "
            "--samples 2000 gives them theirs"
        )
    return np.array([scores[key] for key in map(tuple, keys.tolist())])


def scores_of(run: Run) -> dict[tuple[int, int], float]:
    """Return the Fréchet distances of a run's snapshots by (gan, epoch): of those that one judge gave on
    equally many images, the most there are."""
    return max(_groups(run).values(), key=len, default={})


def judged_by(run: Run) -> tuple[str, int]:
    """Return the judge that gave these, and on how many images; "" and 0 if there are none."""
    groups = _groups(run)
    judge, images, _ = max(groups, key=lambda group: len(groups[group]), default=("", 0, 0))
    return judge, images


def _groups(run: Run) -> dict[tuple[str, int, int], dict[tuple[int, int], float]]:
    groups: dict[tuple[str, int, int], dict[tuple[int, int], float]] = {}
    for document in run.results("evaluation/").values():
        if document["gan"] is not None and document["drawn"] is None:
            group = document["judge"], document["samples"], document["seed"]
            key = document["gan"], document["epoch"]
            groups.setdefault(group, {})[key] = document["values"]["frechet"]
    return groups
