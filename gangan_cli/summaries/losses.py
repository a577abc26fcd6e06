"""Losses of a population over its training. Needs no torch, so viewers need not import it."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from gangan_cli.metrics.statistics import spearman
from store import Run
from store.keys import Keys

Table = NDArray[np.float64]


TITLES = {"g": "generator", "d": "discriminator", "c": "critic"}


def title(loss: str) -> str:
    """Return the name of a loss for people: "generator" for "g_loss"."""
    short = loss.removesuffix("_loss")
    return TITLES.get(short, short)


@dataclass(frozen=True)
class LossHistory:
    """Losses (means over an epoch) of a run's GANs: `values` (gans, epochs, L), NaN if there is none.

    The last axis follows `names`; the middle one begins with epoch 1.
    """

    names: tuple[str, ...]
    values: Table

    @classmethod
    def read(cls, run: Run) -> Self:
        """Return the losses that the run holds now."""
        names = run.manifest.losses
        return cls(names, np.empty((run.manifest.gans, 0, len(names))))._with(*run.losses())

    def extended(self, run: Run) -> Self:
        """Return this history with what `run` has gained since; reads only that. Itself if nothing."""
        if not self.names:
            return self  # runs imported from state dicts have no losses
        found, keys = run.losses(after=dict(enumerate(self.done.tolist())))
        return self._with(found, keys) if len(keys) else self

    @property
    def epochs(self) -> NDArray[np.int64]:
        """The epochs that at least one GAN has reached, from 1."""
        return np.arange(1, self.values.shape[1] + 1)

    @property
    def done(self) -> NDArray[np.int64]:
        """The last epoch of each GAN, 0 before its first: (gans,)."""
        there = ~np.isnan(self.values).all(axis=2)
        last: NDArray[np.int64] = np.where(there, self.epochs, 0).max(axis=1, initial=0)
        return last

    def of(self, name: str) -> Table:
        """Return one loss of every GAN, (gans, epochs)."""
        return self.values[:, :, self.names.index(name)]

    def spread(self, name: str) -> Table:
        """Return minimum, quartiles and maximum over the GANs that reached each epoch, (5, epochs)."""
        return quantiles(self.of(name))

    def trends(self) -> dict[str, float]:
        """Return the trend of each loss, from -1 (always falls) to 1 (always rises): the median over
        GANs of its rank correlation with the epoch. GANs with fewer than three epochs, or a constant
        loss, do not count."""
        found = {}
        for name in self.names:
            known = [(self.epochs[~np.isnan(row)], row[~np.isnan(row)]) for row in self.of(name)]
            rhos = [spearman(epochs, row) for epochs, row in known if len(row) > 2 and np.ptp(row)]
            if rhos:
                found[name] = float(np.median(rhos))
        return found

    def _with(self, found: NDArray[np.float64], keys: Keys) -> Self:
        known, before, losses = self.values.shape
        # An imported run may hold part of a population, whose GANs keep their original numbers.
        gans, epochs = np.maximum((known, before), keys.max(axis=0, initial=-1) + np.array((1, 0)))
        values = np.full((gans, epochs, losses), np.nan)
        values[:known, :before] = self.values
        values[keys[:, 0], keys[:, 1] - 1] = found[:, :, 0]
        return type(self)(self.names, values)


def quantiles(values: Table) -> Table:
    """Return minimum, quartiles and maximum of the columns of (n, m) `values`, ignoring NaN: (5, m).

    The same as numpy's nanquantile, which calls Python once for each column: for 35 × 1,000 values that
    takes 31 ms, this 0.3 ms.
    """
    ordered = np.sort(values, axis=0)  # NaN last
    count = np.count_nonzero(~np.isnan(ordered), axis=0)
    at = np.array([0, 0.25, 0.5, 0.75, 1])[:, None] * np.maximum(count - 1, 0)
    low = at.astype(np.int64)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    below, above = np.take_along_axis(ordered, low, 0), np.take_along_axis(ordered, high, 0)
    found: Table = below + (above - below) * (at - low)
    return found
