"""What of a GAN's noise has a meaning, and can be chosen: classes and codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Noise = NDArray[np.float32]


@dataclass(frozen=True)
class Choice:
    """One of `count` classes, one-hot in the noise from place `first` on."""

    name: str
    first: int
    count: int
    found: bool = False
    """Whether what each class means is what the GAN found for it, and not a label."""

    def put(self, noise: Noise, chosen: Sequence[float] | NDArray[Any]) -> Noise:
        """Return noise (n, L) with classes (n,), whole numbers, in place."""
        changed, classes = noise.copy(), np.asarray(chosen, np.int64)
        changed[:, self.first : self.first + self.count] = np.eye(self.count, dtype=np.float32)[classes]
        return changed


@dataclass(frozen=True)
class Range:
    """A number from -1 to 1, at a place in the noise."""

    name: str
    place: int

    def put(self, noise: Noise, values: Sequence[float] | NDArray[Any]) -> Noise:
        """Return noise (n, L) with numbers (n,) in place."""
        changed = noise.copy()
        changed[:, self.place] = values
        return changed


Control = Choice | Range


def controls_of(family: str, sizes: Mapping[str, Any]) -> tuple[Control, ...]:
    """Return what of the noise of a family with such sizes can be chosen. Imports no torch."""
    if family not in ("cgan", "infogan"):
        return ()
    first, classes = int(sizes["noise_dim"]), int(sizes["classes"])
    if family == "cgan":
        return (Choice("label", first, classes),)
    codes = range(int(sizes["codes"]))
    ranges = (Range(f"code {code + 1}", first + classes + code) for code in codes)
    return Choice("class", first, classes, found=True), *ranges


def in_turn(controls: Sequence[Control], noise: Noise) -> Noise:
    """Return noise (n, L) of which row i is of class i, beginning anew after the last."""
    for control in controls:
        if isinstance(control, Choice):
            noise = control.put(noise, np.arange(len(noise)) % control.count)
    return noise
