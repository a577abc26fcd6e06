"""Where samplers of weights are measured, all in the same way: how good, how far off, how varied."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gangan_cli.evaluation.judge import Told
from gangan_cli.evaluation.quick import frechet_distances
from gangan_cli.evaluation.reference import Reference, reference_of
from gangan_cli.evaluation.scores import with_error
from gangan_cli.sampling.datasets import data_dir_of, dataset_of
from gangan_cli.sampling.lineage import Lineage, unit_interval
from gangan_cli.sampling.walks import draw, generated_weights, points_along
from gangan_cli.weightspace.alignment import training_view
from gangan_cli.weightspace.baselines import BASELINES
from gangan_cli.weightspace.distances import nearest
from gangan_cli.weightspace.novelty import Found, Landscape, Subspace, by_layer, usual_steps
from gangan_cli.weightspace.snapshots import Matrix

GANGAN = "gangan"
"""The id of the audited run among the samplers."""

DRAWN, OF_EACH = 512, 16
"""Vectors of each sampler whose place among the snapshots is looked at, and for each snapshot, if that
is fewer; only some are judged."""

VECTORS = 256 << 20
"""Bytes of vectors decoded and held against the snapshots at a time: each time all snapshots are read,
which takes longer than the rest."""

AGAIN = 5
"""Times as many images, of fresh noise, on which the best of each sampler is judged again: the best of
many on the same noise is partly the luckiest."""

FRESH = 1_000_003
"""Added to the seed for fresh noise."""

PICTURES = 64
"""Noise vectors of which images are compared."""


@dataclass(frozen=True)
class Options:
    """How much an audit looks at: `count` vectors of each sampler are judged, on `images` each."""

    count: int = 64
    images: int = 2000
    points: int = 32
    """Places along the latent axis."""
    seed: int = 0
    dataset: str = ""
    """The images that all is held against, if not those at the bottom of the lineage."""


@dataclass(frozen=True)
class Row:
    """What became of one sampler: the GAN-GAN, or a baseline. `id` names it in results and scripts.

    `frechet` (count,) of the judged vectors, the first of those drawn; of all drawn the nearest
    snapshots `keys` (n, 2), their `distances` (n,), the `ratios` (n,) of these to those of the
    nearest of another GAN, and the `residuals` (n,) to the nearest segment between two snapshots.
    `layers` are median distances to the nearest snapshot by tensor, in usual steps (NaN of a tensor
    that no step changes); `pictures` (count,) those of images from the same
    noise. `best` is the Fréchet distance of the best vector on fresh noise, with its standard error.
    `inside` is what was found within the components' space; None for a GAN-GAN on raw weights.
    """

    id: str
    frechet: NDArray[np.float64]
    keys: NDArray[np.int64]
    distances: NDArray[np.float64]
    ratios: NDArray[np.float64]
    residuals: NDArray[np.float64]
    layers: Mapping[str, float]
    pictures: NDArray[np.float64]
    best: float
    best_error: float
    inside: Found | None = None

    @property
    def label(self) -> str:
        """What people read in tables and figures."""
        return "the GAN-GAN" if self.id == GANGAN else BASELINES[self.id].label


@dataclass(frozen=True)
class HeldOut:
    """GANs that a GAN-GAN was not trained on, and for n vectors it made the nearest snapshots `keys`
    (n, 2) of these, with their `distances` (n,)."""

    gans: Sequence[int]
    keys: NDArray[np.int64]
    distances: NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """Places along the latent axis: `positions` (n,), nearest snapshots (n, 2), distances, Fréchet
    distances (n,)."""

    words: str
    positions: NDArray[np.float64]
    keys: NDArray[np.int64]
    distances: NDArray[np.float64]
    frechet: NDArray[np.float64]


Draw = Callable[[int], Matrix]
"""Returns the next n weight vectors (n, P) of a sampler."""


@dataclass
class Bench:
    """Where samplers are measured, all in the same way."""

    lineage: Lineage
    reference: Reference
    landscape: Landscape
    subspace: Subspace | None
    steps: Mapping[str, float]
    options: Options
    told: Told
    total: int = 0
    """GANs that will be judged in all, and how many are."""
    done: int = 0

    @classmethod
    def open(
        cls,
        lineage: Lineage,
        options: Options,
        data_dir: Path | None,
        told: Told,
        landscape: Landscape | None = None,
    ) -> "Bench":
        """Make ready to measure what might stand in for the GAN-GANs on top of a lineage.

        `landscape` is that of their training snapshots, if it is known from others over the same.

        Raises:
            WorkFailed: the judge could not be had.
            Damaged: a snapshot is not what was written.
        """
        view, keys = training_view(lineage.top, lineage.levels[1].run), lineage.top.constant("keys")
        bottom = lineage.levels[-1].run.manifest
        dataset = dataset_of(bottom, options.dataset)
        reference = reference_of(dataset, data_dir or data_dir_of(bottom), told)
        told("reading the snapshots", 0, 1)
        landscape = landscape or Landscape(view, keys)
        landscape.view = view  # that of others may be closed by now
        code = lineage.levels[0].code
        subspace = Subspace(view, keys, code.components) if code else None
        told("reading the snapshots", 1, 1)
        return cls(lineage, reference, landscape, subspace, usual_steps(view, keys), options, told)

    def gangan(self, gan: int, epoch: int) -> Row:
        """Measure a GAN-GAN of the run on top."""
        parts = self._made(gan, epoch)
        return self.row(GANGAN, lambda _: next(parts))

    @property
    def drawn(self) -> int:
        """How many vectors of each sampler are held against the snapshots."""
        return max(self.options.count, min(DRAWN, OF_EACH * len(self.landscape.keys)))

    @property
    def latents(self) -> Matrix:
        """The latents (drawn, L) at which GAN-GANs are looked at."""
        return draw(self.lineage, self.drawn, self.options.seed)

    def held_out(self, gan: int, epoch: int) -> HeldOut | None:
        """Measure how near a GAN-GAN's vectors come to GANs it was not trained on; None without such, or
        if its GANs were brought into a frame, in which others have no place."""
        below, trained = self.lineage.levels[1].run, self.landscape.keys
        keys = below.keys()
        keys = keys[~np.isin(keys[:, 0], trained[:, 0]) & np.isin(keys[:, 1], trained[:, 1])]
        framed = self.lineage.top.manifest.config.get("align", "none") != "none"
        if framed or not len(keys):
            return None
        view = self.landscape.view  # as a GAN-GAN sees them: without batch statistics
        found = [nearest(vectors, view, keys) for vectors in self._made(gan, epoch)]
        return HeldOut(
            np.unique(keys[:, 0]).tolist(),
            np.concatenate([part.keys for part in found]),
            np.concatenate([part.distances for part in found]),
        )

    @property
    def _sizes(self) -> list[int]:
        """In how many parts, and how large ones, vectors are looked at."""
        most = max(1, VECTORS // (4 * self.landscape.view.manifest.layout.size))
        return [min(most, self.drawn - first) for first in range(0, self.drawn, most)]

    def _made(self, gan: int, epoch: int) -> Iterator[Matrix]:
        """Yield what a GAN-GAN makes of `latents`, part by part."""
        for latents in np.split(self.latents, np.cumsum(self._sizes)[:-1]):
            yield generated_weights(self.lineage, latents, gan, epoch)

    def matched(self, row: Row) -> NDArray[np.float64]:
        """Return the Fréchet distances (count,) of the snapshots nearest to a row's judged vectors."""
        keys = row.keys[: self.options.count]
        return self.judged(self.landscape.view.matrix(keys)[0])

    def row(self, id: str, draw: Draw) -> Row:
        """Measure one sampler."""
        kept: list[Matrix] = []
        found: list[Found] = []
        inside: list[Found] = []
        first = 0
        for size in self._sizes:
            vectors = draw(size)
            found.append(self.landscape.found(vectors))
            if self.subspace:
                inside.append(self.subspace.found(vectors))
            kept.append(vectors[: max(0, self.options.count - first)].copy())
            first += size
        whole, vectors = Found.of(found), np.concatenate(kept)
        keys = self.landscape.keys[whole.rows]
        near = self.landscape.view.matrix(keys[: len(vectors)])[0]
        layers = by_layer(self.landscape.view.manifest.layout, vectors - near)
        scores = self.judged(vectors)
        best, error = self._again(vectors[scores.argmin()])
        return Row(
            id=id,
            frechet=scores,
            keys=keys,
            distances=whole.distances,
            ratios=whole.ratios,
            residuals=whole.residuals,
            layers={
                tensor: float(np.median(d)) / self.steps[tensor] if self.steps[tensor] else np.nan
                for tensor, d in layers.items()
            },
            pictures=self._apart(vectors, near),
            best=best,
            best_error=error,
            inside=Found.of(inside) if inside else None,
        )

    def judged(self, vectors: Matrix) -> NDArray[np.float64]:
        """Return Fréchet distances (n,), all on the same noise."""
        before, options = self.done, self.options

        def heard(done: int) -> None:
            self.done = before + done
            self.told("judging", self.done, self.total)

        return frechet_distances(
            self.lineage, 1, vectors, self.reference, options.images, options.seed, heard
        )

    def along(self, gan: int, epoch: int) -> Axis:
        """Measure places along the latent axis."""
        options = self.options
        places, points, words = points_along(self.lineage, options.points, gan, epoch, options.seed)
        weights = generated_weights(self.lineage, points, gan, epoch)
        found = self.landscape.found(weights)
        keys = self.landscape.keys[found.rows]
        return Axis(words, places, keys, found.distances, self.judged(weights))

    def _again(self, vector: Matrix) -> tuple[float, float]:
        """Judge the best of a sampler on more images, of fresh noise; return the standard error too."""
        count, seed = AGAIN * self.options.images, self.options.seed + FRESH
        pictures = self.lineage.pictures(vector, count, seed, 1)
        features, _ = self.reference.judge.judged(unit_interval(pictures))
        return with_error(self.reference, features, self.options.seed)

    def _apart(self, vectors: Matrix, near: Matrix) -> NDArray[np.float64]:
        """Return how far images lie from those that the nearest snapshots make of the same noise: the
        median over the noise of the distance of two images, (n,)."""
        noises = self.lineage.noises(PICTURES, self.options.seed, below=1)
        apart = self.lineage.images(vectors, noises, 1) - self.lineage.images(near, noises, 1)
        lengths = np.linalg.norm(apart.reshape(*apart.shape[:2], -1), axis=2) / 2
        medians: NDArray[np.float64] = np.median(lengths, axis=1).astype(np.float64)
        return medians
