"""A run's snapshots without their batch statistics, which are no parameters: what a GAN-GAN is given."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.data.weights import Matrix, Snapshots
from store import Manifest
from store.keys import Keys


def without_statistics(run: Snapshots) -> Snapshots:
    """Return `run` seen without its batch statistics; itself, if it has none."""
    return Trainable(run) if any(t.statistic for t in run.manifest.layout.tensors) else run


class Trainable:
    """A run of which only the trainable parameters are seen: what takes a run's snapshots takes this."""

    def __init__(self, run: Snapshots) -> None:
        self.run = run
        tensors = run.manifest.layout.tensors
        self._where = np.concatenate(
            [np.arange(t.place.start, t.place.stop) for t in tensors if not t.statistic]
        )

    @property
    def name(self) -> str:
        """The run's."""
        return self.run.name

    @property
    def path(self) -> Path:
        """The run's."""
        return self.run.path

    @cached_property
    def manifest(self) -> Manifest:
        """The run's, with the layout of what is seen."""
        return replace(self.run.manifest, layout=self.run.manifest.layout.trainable)

    def constant(self, name: str) -> NDArray[Any]:
        """Return the run's."""
        return self.run.constant(name)

    def keys(self) -> Keys:
        """Return the run's."""
        return self.run.keys()

    def snapshot(self, gan: int, epoch: int) -> Matrix:
        """Return the parameters (P,) of a snapshot. Raises as `Run.snapshot`."""
        parameters: Matrix = self.run.snapshot(gan, epoch)[self._where]
        return parameters

    def matrix(self, of: Keys | None = None) -> tuple[Matrix, Keys]:
        """Return the parameters (n, P) of snapshots, and their keys. Raises as `Run.matrix`."""
        matrix, keys = self.run.matrix(of)
        return matrix[:, self._where], keys

    def columns(self, of: Keys, place: slice) -> Matrix:
        """Return some parameters of snapshots, (n, width). Raises as `Run.columns`."""
        wanted = self._where[place]
        first = int(wanted[0])
        seen: Matrix = self.run.columns(of, slice(first, int(wanted[-1]) + 1))[:, wanted - first]
        return seen
