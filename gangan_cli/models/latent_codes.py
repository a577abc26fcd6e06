"""Parts of a GAN's latent vector that have a meaning and can be chosen: classes and continuous codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Noise = NDArray[np.float32]


@dataclass(frozen=True)
class Categorical:
    """One of `count` classes, one-hot in the latent vector from index `first` on."""

    name: str
    first: int
    count: int
    learned: bool = False
    """Whether the GAN learned what the classes mean (InfoGAN), instead of being given labels."""

    def put(self, noise: Noise, chosen: Sequence[float] | NDArray[Any]) -> Noise:
        """Return a copy of noise (n, L) with the classes (n,), whole numbers, put in."""
        changed, classes = noise.copy(), np.asarray(chosen, np.int64)
        changed[:, self.first : self.first + self.count] = np.eye(self.count, dtype=np.float32)[classes]
        return changed


@dataclass(frozen=True)
class Continuous:
    """A number from -1 to 1, at index `place` of the latent vector."""

    name: str
    place: int

    def put(self, noise: Noise, values: Sequence[float] | NDArray[Any]) -> Noise:
        """Return a copy of noise (n, L) with the values (n,) put in."""
        changed = noise.copy()
        changed[:, self.place] = values
        return changed


LatentCode = Categorical | Continuous


def latent_codes_of(family: str, hparams: Mapping[str, Any]) -> tuple[LatentCode, ...]:
    """Return the latent codes of a family with these hyperparameters, without importing torch."""
    if family not in ("cgan", "infogan"):
        return ()
    first, classes = int(hparams["noise_dim"]), int(hparams["classes"])
    if family == "cgan":
        return (Categorical("label", first, classes),)
    codes = range(int(hparams["codes"]))
    ranges = (Continuous(f"code {code + 1}", first + classes + code) for code in codes)
    return Categorical("class", first, classes, learned=True), *ranges


def one_of_each_class(codes: Sequence[LatentCode], noise: Noise) -> Noise:
    """Return a copy of noise (n, L) in which row i has class i, modulo the number of classes."""
    for code in codes:
        if isinstance(code, Categorical):
            noise = code.put(noise, np.arange(len(noise)) % code.count)
    return noise
