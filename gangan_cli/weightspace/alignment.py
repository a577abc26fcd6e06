"""Aligns the GANs of a population: changes their weights, but not their functions, so that weights are
comparable.

Independent GANs learn their hidden units in different orders, so that a weight of one GAN does not
correspond to the same weight of another. A frame undoes the symmetries of symmetries.py as far as
possible.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from tempfile import TemporaryFile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.weightspace import symmetries
from gangan_cli.weightspace.matching import Match, Matcher, apply_, rescale_
from gangan_cli.weightspace.snapshots import Matrix, Snapshots, SnapshotView
from gangan_cli.weightspace.symmetries import NETWORKS
from gangan_cli.weightspace.trainable import without_statistics
from store import Layout
from store.errors import Damaged
from store.keys import Keys

MODES = ("none", "permute", "full")
"""permute: match the order of hidden units. full: also balance their scales, and rotate the latent."""

EPOCHS = 10
"""Number of evenly spaced epochs of each GAN that the fit uses."""

ROUNDS = 2
"""Maximum number of rounds in which each GAN is matched to all others, after it was matched to the first
one."""

BLOCK = 32 << 20
"""Bytes of snapshots that are transformed at once."""


@dataclass(frozen=True)
class Alignment:
    """One transformation per GAN, applied to its whole trajectory.

    `gans` (n,) are those it has; `permutations` their units, (n, U) with those of the discriminator's
    first and second layer, then the generator's, side by side; `rotations` (n, L, L) of the generator's
    latent for the mode full. The first GAN keeps its order and its latent.
    """

    mode: str
    layout: Layout
    gans: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    permutations: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 0), np.int64))
    rotations: Matrix | None = None
    statistics: bool = False
    """Whether snapshots include batch statistics beside the parameters."""

    @classmethod
    def fit(cls, run: Snapshots, keys: Keys, mode: str, statistics: bool = False) -> "Alignment":
        """Return the frame of the GANs of the snapshots `keys` (n, 2), in one of the MODES.

        Each GAN is matched to the first, then a few times to the sum of the others, over EPOCHS of its
        trajectory together. The snapshots are read a GAN at a time.

        Raises:
            ConfigurationError: no such mode, or GANs of a family that it does not suit.
            Damaged: a snapshot is not what was written.
        """
        if mode not in MODES:
            raise ConfigurationError(f"align is {mode!r}: give one of {', '.join(MODES)}")
        layout = run.manifest.layout
        if mode == "none":
            return cls(mode, layout, statistics=statistics)
        from threadpoolctl import threadpool_limits

        symmetries.check(run.manifest, mode == "full")
        chosen = _epochs(keys, max(1, min(EPOCHS, BLOCK // (4 * layout.size))))
        fit = Matcher(layout, mode == "full")
        # Thousands of small products: a second thread for each costs more than it gives, and twenty
        # times as much where other trainings have the cores.
        with threadpool_limits(1, "blas"):
            for gan, of in chosen.items():
                fit.add(gan, run.matrix(of)[0])
            for _ in range(ROUNDS if len(chosen) > 2 else 0):
                changes = [fit.improve(gan, run.matrix(chosen[gan])[0]) for gan in list(chosen)[1:]]
                if not any(changes):
                    break
        permutations, rotations = fit.found()
        return cls(mode, layout, np.array(list(chosen), np.int64), permutations, rotations)

    @classmethod
    def of(cls, top: Snapshots, below: Snapshots) -> "Alignment":
        """Return the frame of the snapshots of `below` on which `top` was trained.

        Raises:
            Damaged: the stored arrays are not a frame of such GANs.
        """
        layout = below.manifest.layout
        if "frame_gans" not in top.manifest.constants:
            modelled = top.manifest.config.get("statistics") == "modelled"
            return cls("none", layout, statistics=modelled)
        try:
            turned = "frame_rotations" in top.manifest.constants
            symmetries.check(below.manifest, turned)
            gans, permutations = top.constant("frame_gans"), top.constant("frame_permutations")
            rotations = top.constant("frame_rotations") if turned else None
            _check(layout, gans, permutations, rotations)
        except (KeyError, ValueError, ConfigurationError) as error:
            raise Damaged(f"run {top.name!r} has an invalid alignment: {error}") from error
        return cls("full" if turned else "permute", layout, gans, permutations, rotations)

    def constants(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to store with a run, by name; `of` reads them."""
        if self.mode == "none":
            return {}
        turned = {} if self.rotations is None else {"frame_rotations": self.rotations}
        return {"frame_gans": self.gans, "frame_permutations": self.permutations, **turned}

    def view(self, run: Snapshots) -> Snapshots:
        """Return a view of `run` in this frame."""
        if self.mode != "none":
            return AlignedView(run, self)
        return run if self.statistics else without_statistics(run)

    def apply(self, vectors: Matrix, gans: NDArray[np.int64]) -> Matrix:
        """Return vectors (n, P) of the GANs `gans` (n,) in this frame, each row independently.

        Raises:
            ConfigurationError: a GAN that the frame does not have.
        """
        result = vectors.astype(np.float32)
        if self.mode != "none":
            rows = max(1, BLOCK // (4 * self.layout.size))
            for first in range(0, len(result), rows):
                self._transform(result[first : first + rows], gans[first : first + rows])
        return result

    def _transform(self, block: Matrix, gans: NDArray[np.int64]) -> None:
        if self.mode == "full":
            rescale_(self.layout, block)
        for gan in np.unique(gans):
            rows = np.flatnonzero(gans == gan)
            own = block[rows]
            apply_(self.layout, own, self.match_of(int(gan)))
            block[rows] = own

    def match_of(self, gan: int) -> dict[str, Match]:
        """Return the order of each network's units, and the rotation of its latent.

        Raises:
            ConfigurationError: the frame does not have the GAN.
        """
        (places,) = np.nonzero(self.gans == gan)
        if not len(places):
            raise ConfigurationError(f"GAN {gan} was not aligned with the others")
        found, order = {}, self.permutations[places[0]]
        for network in NETWORKS:
            wide, high = symmetries.widths(self.layout, network)
            first, second, order = order[:wide], order[wide : wide + high], order[wide + high :]
            found[network] = Match(first, second, None)
        if self.rotations is not None:
            found["generator"] = replace(found["generator"], rotation=self.rotations[places[0]])
        return found


class AlignedView(SnapshotView):
    """A view of a run in a frame."""

    def __init__(self, run: Snapshots, alignment: Alignment) -> None:
        super().__init__(run)
        self.alignment = alignment
        self._rows: tuple[bytes, Matrix] | None = None

    def keys(self, *, initial: bool = False) -> Keys:
        """Return the (gan, epoch) of the run's snapshots whose GANs the frame has."""
        keys = self.run.keys(initial=initial)
        return keys[np.isin(keys[:, 0], self.alignment.gans)]

    def snapshot(self, gan: int, epoch: int) -> Matrix:
        """Return aligned weights: (P,) float32. Raises as `Run.snapshot`, or `Alignment.apply`."""
        aligned: Matrix = self.alignment.apply(self.run.snapshot(gan, epoch)[None], np.array([gan]))[0]
        return aligned

    def matrix(self, of: Keys | None = None) -> tuple[Matrix, Keys]:
        """Return aligned snapshots (n, P), and their keys. Raises as `Run.matrix`, or
        `Alignment.apply`."""
        of = self.keys() if of is None else of
        matrix = np.empty((len(of), self.manifest.layout.size), np.float32)
        for rows, block in self._blocks(of):
            matrix[rows] = block
        return matrix, of

    def columns(self, of: Keys, place: slice) -> Matrix:
        """Return some weights of aligned snapshots: (n, width) float32.

        A weight in a frame depends on many weights of a snapshot. So all rows are written to an unnamed
        file, which is mapped until other rows are asked for: it takes disk space, not memory.

        Raises:
            WorkFailed: the disk has no room for it.
            UnknownSnapshot, Damaged: as `Run.matrix`.
        """
        if self._rows is None or self._rows[0] != of.tobytes():
            self._rows = None
            self._rows = of.tobytes(), self._written(of)
        return np.array(self._rows[1][:, place])

    def _written(self, of: Keys) -> Matrix:
        try:
            with TemporaryFile(dir=_scratch(), prefix="gangan") as file:
                for _, block in self._blocks(of):
                    file.write(block.data)
                file.flush()
                # Written, not mapped: on a full disk that is an error, where a map ends the process.
                return np.memmap(file, np.float32, "r", shape=(len(of), self.manifest.layout.size))
        except OSError as error:
            raise WorkFailed(
                f"no room for the aligned snapshots of {self.name!r} ({error.strerror}): "
                "set TMPDIR to a folder that has it"
            ) from error

    def _blocks(self, of: Keys) -> Iterator[tuple[slice, Matrix]]:
        """Yield aligned snapshots, some rows at a time, and which rows."""
        count = max(1, BLOCK // (4 * self.manifest.layout.size))
        for first in range(0, len(of), count):
            rows = slice(first, min(first + count, len(of)))
            block, _ = self.run.matrix(of[rows])
            yield rows, self.alignment.apply(block, of[rows, 0])


def training_view(top: Snapshots, below: Snapshots) -> Snapshots:
    """Return the view of `below` on which the GAN-GAN `top` was trained: the run itself, or the run in
    the GAN-GAN's frame. Compare what `top` generates with these snapshots.

    Raises:
        Damaged: the frame stored with `top` is not one of `below`.
    """
    return Alignment.of(top, below).view(below)


def _epochs(keys: Keys, most: int) -> dict[int, Keys]:
    """Return for each GAN, in order of appearance, the keys of at most so many of its snapshots.

    They are of evenly spaced epochs that all GANs have; where one lacks an epoch, the nearest.
    """
    own = {gan: keys[keys[:, 0] == gan, 1] for gan in dict.fromkeys(keys[:, 0].tolist())}
    first = next(iter(own.values()))
    common = [epoch for epoch in first.tolist() if all(epoch in epochs for epochs in own.values())]
    wanted = np.sort(common or first)
    wanted = wanted[np.linspace(0, len(wanted) - 1, min(len(wanted), most)).round().astype(int)]
    return {
        gan: np.array([(gan, epochs[np.abs(epochs - epoch).argmin()]) for epoch in wanted], np.int64)
        for gan, epochs in own.items()
    }


def _check(
    layout: Layout, gans: NDArray[Any], permutations: NDArray[Any], rotations: NDArray[Any] | None
) -> None:
    """Check that a frame, which may come from a stranger, changes no GAN's function.

    Raises:
        ValueError: it would.
    """
    sizes = [width for network in NETWORKS for width in symmetries.widths(layout, network)]
    if (
        gans.dtype != np.int64
        or permutations.dtype != np.int64
        or permutations.shape != (len(gans), sum(sizes))
    ):
        raise ValueError(
            f"permutations of shape {permutations.shape} for {len(gans)} GANs and {sum(sizes)} units"
        )
    for part in np.split(permutations, np.cumsum(sizes)[:-1], axis=1):
        if not np.array_equal(np.sort(part, axis=1), np.tile(np.arange(part.shape[1]), (len(gans), 1))):
            raise ValueError("a permutation has a unit twice, or one that does not exist")
    if rotations is not None:
        side = layout.shapes["generator.input.weight"][1]
        if rotations.shape != (len(gans), side, side) or rotations.dtype != np.float32:
            raise ValueError(f"rotations of shape {rotations.shape} for {len(gans)} GANs")
        squares = rotations @ rotations.transpose(0, 2, 1)
        if not np.allclose(squares, np.eye(side), atol=1e-4):
            raise ValueError("a rotation is not orthogonal")


def _scratch() -> str | None:
    """Return a folder for large unnamed files: not /tmp, which may be in memory."""
    if "TMPDIR" in os.environ or not os.access("/var/tmp", os.W_OK):
        return None
    return "/var/tmp"
