"""Snapshots as training examples: loads vectors or codes to a device."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gangan_cli.limits import available
from gangan_cli.weightspace.snapshots import Matrix, Snapshots
from store import Run
from store.keys import Keys

if TYPE_CHECKING:
    from torch import Tensor

    from gangan_cli.weightspace.alignment import Alignment


class ArrayExamples:
    """Rows of a matrix on a device, the whole of it `repeat` times over."""

    def __init__(self, matrix: "Tensor", repeat: int) -> None:
        self._matrix, self._repeat = matrix, repeat

    def __len__(self) -> int:
        return len(self._matrix) * self._repeat

    def batch(self, indices: "Tensor") -> "Tensor":
        """Return rows (n, B, D) for (n, B) indices."""
        rows = self._matrix.index_select(0, indices.reshape(-1) % len(self._matrix))
        return rows.view(*indices.shape, -1)


@dataclass(frozen=True)
class ArraySource:
    """Source of examples from a matrix (n, k)."""

    matrix: Matrix
    repeat: int = 1

    @property
    def count(self) -> int:
        """How many examples there are."""
        return len(self.matrix) * self.repeat

    def load(self, device: str) -> ArrayExamples:
        """Bring the matrix to `device`."""
        import torch

        return ArrayExamples(torch.from_numpy(self.matrix).to(device), self.repeat)


class SnapshotExamples:
    """Rows that are read from the run's memory map when they are picked: for matrices that do not fit in
    memory."""

    def __init__(self, run: Snapshots, keys: Keys, repeat: int, device: str) -> None:
        self._run, self._keys, self._repeat, self._device = run, keys, repeat, device

    def __len__(self) -> int:
        return len(self._keys) * self._repeat

    def batch(self, indices: "Tensor") -> "Tensor":
        """Return rows (n, B, P) for (n, B) indices."""
        import torch

        wanted = indices.cpu().numpy() % len(self._keys)
        rows, _ = self._run.matrix(self._keys[wanted.reshape(-1)])
        return torch.from_numpy(rows).view(*wanted.shape, -1).to(self._device)


@dataclass(frozen=True)
class SnapshotSource:
    """Source of examples from the snapshots `keys` of the run in `path`, raw as in the paper, or in a
    frame."""

    path: Path
    keys: Keys
    repeat: int = 1
    alignment: "Alignment | None" = None

    @property
    def count(self) -> int:
        """How many examples there are."""
        return len(self.keys) * self.repeat

    def load(self, device: str) -> ArrayExamples | SnapshotExamples:
        """Load them to `device` as one matrix if it fits into half of the free memory, else read them
        from the map."""
        import torch

        run = Run.open(self.path)
        view = self.alignment.view(run) if self.alignment else run
        size = len(self.keys) * view.manifest.layout.size * 4
        if size > available() / 2:
            return SnapshotExamples(view, self.keys, self.repeat, device)
        with run:
            matrix, _ = view.matrix(self.keys)
        return ArrayExamples(torch.from_numpy(matrix).to(device), self.repeat)
