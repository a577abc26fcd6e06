"""A view of a run's snapshots without batch statistics, on which a GAN-GAN is trained."""

from dataclasses import replace

import numpy as np

from gangan_cli.weightspace.snapshots import Matrix, Snapshots, SnapshotView
from store import Manifest
from store.keys import Keys


def without_statistics(run: Snapshots) -> Snapshots:
    """Return a view of `run` without its batch statistics; the run itself if it has none."""
    return TrainableView(run) if any(t.statistic for t in run.manifest.layout.tensors) else run


class TrainableView(SnapshotView):
    """A view of a run with the trainable parameters only."""

    def __init__(self, run: Snapshots) -> None:
        super().__init__(run)
        tensors = run.manifest.layout.tensors
        self._where = np.concatenate(
            [np.arange(t.place.start, t.place.stop) for t in tensors if not t.statistic]
        )
        self._manifest = replace(run.manifest, layout=run.manifest.layout.trainable)

    @property
    def manifest(self) -> Manifest:
        """The run's manifest, with the layout of the parameters."""
        return self._manifest

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
