"""Measures samplers of weights, all in the same way: how good, how far away, how varied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gangan_cli.evaluation.quick import frechet_distances
from gangan_cli.evaluation.reference import Reference, reference_of, to_bytes
from gangan_cli.evaluation.scores import with_error
from gangan_cli.progress import ProgressCallback
from gangan_cli.sampling.datasets import data_dir_of, dataset_of
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.sampling.walks import points_along
from gangan_cli.sampling.weight_samplers import (
    GeneratorSampler,
    WeightSampler,
    baseline_data,
    baseline_samplers,
)
from gangan_cli.weightspace.alignment import training_view
from gangan_cli.weightspace.baselines import BASELINES
from gangan_cli.weightspace.index import Neighbours, PcaIndex, WeightIndex, nearest
from gangan_cli.weightspace.novelty import epoch_steps_by_tensor, lengths_by_tensor
from gangan_cli.weightspace.snapshots import Matrix

GANGAN = "gangan"
"""The id of the audited run among the samplers."""

DRAWN, OF_EACH = 512, 16
"""Number of vectors of each sampler whose distances are measured: DRAWN, or OF_EACH per snapshot if that
is fewer, but at least the `Options.count` that are judged."""

VECTORS = 256 << 20
"""Bytes of vectors that are generated and compared with the snapshots at a time: each time, all
snapshots are read, which takes longer than the rest."""

AGAIN = 5
"""The best vector of each sampler is judged again on AGAIN times as many images, from fresh noise: the
best of many on the same noise is partly the luckiest."""

FRESH = 1_000_003
"""Added to the seed for fresh noise."""

PICTURES = 64
"""Number of noise vectors from which images are compared."""


@dataclass(frozen=True)
class Options:
    """The size of an audit: `count` vectors of each sampler are judged, on `images` images each."""

    count: int = 64
    images: int = 2000
    points: int = 32
    """Number of points along the latent axis."""
    seed: int = 0
    dataset: str = ""
    """The dataset to compare with, if not the one at the bottom of the lineage."""


@dataclass(frozen=True)
class Row:
    """Measurements of one sampler: the GAN-GAN, or a baseline. `id` names it in results and scripts.

    Of all n drawn vectors: the nearest snapshots `keys` (n, 2); the `distances` (n,) to them; the
    `ratios` (n,) of these to the distances from the nearest snapshot of another GAN; the `residuals`
    (n,), which are distances from the nearest segment between two snapshots. `inside` has the same
    within the space of the principal components; None for a GAN-GAN on raw weights.

    Of the first `count` vectors, which are judged: their Fréchet distances `frechet` (count,); in
    `layers` the median distance to the nearest snapshot by tensor, in epoch steps of the tensor (NaN if
    these do not change it); in `pictures` (count,) the distances between images of a vector and of its
    nearest snapshot from the same noise. `best` is the Fréchet distance of the best one on fresh noise,
    `best_error` the standard error.
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
    inside: Neighbours | None = None

    @property
    def label(self) -> str:
        """Its name in tables and figures."""
        return "the GAN-GAN" if self.id == GANGAN else BASELINES[self.id].label


@dataclass(frozen=True)
class HeldOut:
    """The `gans` that a GAN-GAN was not trained on, and for each of n generated vectors the nearest of
    their snapshots: `keys` (n, 2) and `distances` (n,)."""

    gans: Sequence[int]
    keys: NDArray[np.int64]
    distances: NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """n points along the latent axis, which `words` describes: their `positions` (n,), the nearest
    snapshots `keys` (n, 2) and their `distances` (n,), and Fréchet distances `frechet` (n,)."""

    words: str
    positions: NDArray[np.float64]
    keys: NDArray[np.int64]
    distances: NDArray[np.float64]
    frechet: NDArray[np.float64]


@dataclass
class Bench:
    """Measures samplers, all in the same way. `steps` are the epoch steps by tensor; `pca_index` is None
    for a GAN-GAN on raw weights."""

    lineage: Lineage
    reference: Reference
    weight_index: WeightIndex
    pca_index: PcaIndex | None
    steps: Mapping[str, float]
    options: Options
    on_progress: ProgressCallback
    total: int = 0
    """Number of GANs to judge in all."""
    done: int = 0
    """Number of GANs judged so far."""

    @classmethod
    def open(
        cls,
        lineage: Lineage,
        options: Options,
        data_dir: Path | None,
        on_progress: ProgressCallback,
        weight_index: WeightIndex | None = None,
    ) -> "Bench":
        """Prepare to measure the GAN-GANs on top of a lineage, and baselines.

        `weight_index` is that of their training snapshots, if another benchmark on the same ones has it.

        Raises:
            WorkFailed: the judge is not available.
            Damaged: a snapshot is not what was written.
        """
        view, keys = training_view(lineage.top, lineage.below), lineage.top.constant("keys")
        bottom = lineage.on_images
        dataset = dataset_of(bottom, options.dataset)
        reference = reference_of(dataset, data_dir or data_dir_of(bottom), on_progress)
        on_progress("reading the snapshots", 0, 1)
        weight_index = weight_index or WeightIndex(view, keys)
        weight_index.view = view  # the other benchmark may have closed its own
        code = lineage.encoder
        pca_index = PcaIndex(view, keys, code.components) if code else None
        on_progress("reading the snapshots", 1, 1)
        return cls(
            lineage,
            reference,
            weight_index,
            pca_index,
            epoch_steps_by_tensor(view, keys),
            options,
            on_progress,
        )

    def gangan(self, gan: int, epoch: int) -> Row:
        """Measure a GAN-GAN of the run on top, at an epoch."""
        return self.row(GANGAN, GeneratorSampler(self.lineage, gan, epoch, self.latents))

    def baselines(self) -> dict[str, WeightSampler]:
        """Return the baselines to compare the GAN-GAN with, by id."""
        coordinates = self.pca_index.coordinates if self.pca_index else None
        data = baseline_data(self.lineage, self.weight_index.epoch_step, coordinates)
        return baseline_samplers(data, self.options.seed)

    @property
    def drawn(self) -> int:
        """Number of vectors of each sampler that are compared with the snapshots."""
        return max(self.options.count, min(DRAWN, OF_EACH * len(self.weight_index.keys)))

    @property
    def latents(self) -> Matrix:
        """The latents (drawn, L) that GAN-GANs are given."""
        return self.lineage.sample_latents(self.drawn, self.options.seed)

    def held_out(self, gan: int, epoch: int) -> HeldOut | None:
        """Measure how near a GAN-GAN's vectors come to GANs that it was not trained on. Return None if
        there are none, or if its GANs were aligned: their frame cannot be applied to others."""
        below, trained = self.lineage.below, self.weight_index.keys
        keys = below.keys()
        keys = keys[~np.isin(keys[:, 0], trained[:, 0]) & np.isin(keys[:, 1], trained[:, 1])]
        framed = self.lineage.top.manifest.config.get("align", "none") != "none"
        if framed or not len(keys):
            return None
        view = self.weight_index.view  # as a GAN-GAN sees them: without batch statistics
        sampler = GeneratorSampler(self.lineage, gan, epoch, self.latents)
        found = [nearest(sampler.sample(size), view, keys) for size in self._sizes]
        return HeldOut(
            np.unique(keys[:, 0]).tolist(),
            np.concatenate([part.keys for part in found]),
            np.concatenate([part.distances for part in found]),
        )

    @property
    def _sizes(self) -> list[int]:
        """The sizes of the blocks in which vectors are processed."""
        most = max(1, VECTORS // (4 * self.weight_index.view.manifest.layout.size))
        return [min(most, self.drawn - first) for first in range(0, self.drawn, most)]

    def matched(self, row: Row) -> NDArray[np.float64]:
        """Return the Fréchet distances (count,) of the snapshots nearest to a row's judged vectors."""
        keys = row.keys[: self.options.count]
        return self.judged(self.weight_index.view.matrix(keys)[0])

    def row(self, id: str, sampler: WeightSampler) -> Row:
        """Measure a sampler, which results know by `id`."""
        kept: list[Matrix] = []
        found: list[Neighbours] = []
        inside: list[Neighbours] = []
        first = 0
        for size in self._sizes:
            vectors = sampler.sample(size)
            found.append(self.weight_index.neighbours(vectors))
            if self.pca_index:
                inside.append(self.pca_index.neighbours(vectors))
            kept.append(vectors[: max(0, self.options.count - first)].copy())
            first += size
        whole, vectors = Neighbours.concatenate(found), np.concatenate(kept)
        keys = self.weight_index.keys[whole.rows]
        near = self.weight_index.view.matrix(keys[: len(vectors)])[0]
        layers = lengths_by_tensor(self.weight_index.view.manifest.layout, vectors - near)
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
            inside=Neighbours.concatenate(inside) if inside else None,
        )

    def judged(self, vectors: Matrix) -> NDArray[np.float64]:
        """Return the Fréchet distances (n,) of weight vectors (n, P), all on the same noise."""
        before, options = self.done, self.options

        def on_scored(done: int) -> None:
            self.done = before + done
            self.on_progress("judging", self.done, self.total)

        return frechet_distances(
            self.lineage, vectors, self.reference, options.images, options.seed, on_scored
        )

    def along(self, gan: int, epoch: int) -> Axis:
        """Measure points along the latent axis of a GAN-GAN."""
        options = self.options
        places, points, words = points_along(self.lineage, options.points, gan, epoch, options.seed)
        weights = self.lineage.sample_weights(points, gan, epoch)
        found = self.weight_index.neighbours(weights)
        keys = self.weight_index.keys[found.rows]
        return Axis(words, places, keys, found.distances, self.judged(weights))

    def _again(self, vector: Matrix) -> tuple[float, float]:
        """Return the Fréchet distance of a vector (P,) on more images, from fresh noise, and its
        standard error."""
        count, seed = AGAIN * self.options.images, self.options.seed + FRESH
        pictures = self.lineage.pictures(vector, count, seed, generated=True)
        features, _ = self.reference.judge.judged(to_bytes(pictures))
        return with_error(self.reference, features)

    def _apart(self, vectors: Matrix, near: Matrix) -> NDArray[np.float64]:
        """Return how far the images of `vectors` lie from those of `near` (both (n, P)) on the same
        noise: the median over the noise of the Euclidean distance of two images with pixels in [0, 1],
        (n,)."""
        noises = self.lineage.fixed_noise(PICTURES, self.options.seed, generated=True)
        apart = self.lineage.render(vectors, noises) - self.lineage.render(near, noises)
        lengths = np.linalg.norm(apart.reshape(*apart.shape[:2], -1), axis=2) / 2
        medians: NDArray[np.float64] = np.median(lengths, axis=1).astype(np.float64)
        return medians
