"""Measures samplers of weights, all in the same way: how good, how far away, how varied."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangan_cli.audit.options import Options
from gangan_cli.audit.population import WEIGHTS, Population
from gangan_cli.audit.quality import QualityJudge
from gangan_cli.audit.rivals import GANGAN, label_of
from gangan_cli.audit.spaces import Near
from gangan_cli.metrics.statistics import Interval
from gangan_cli.sampling.weight_samplers import WeightSampler
from gangan_cli.weightspace.novelty import lengths_by_tensor
from gangan_cli.weightspace.snapshots import Matrix
from store.keys import Keys

WHOLE, PROJECTED, REBUILT = "whole", "projected", "rebuilt"
"""Ways to render a snapshot for a comparison: as it is, on principal components, through the
autoencoder."""


@dataclass(frozen=True)
class SamplerResult:
    """Measurements of one sampler: the GAN-GAN, or what it is compared with. `id` names it.

    Of the first `count` vectors, which are judged: Fréchet distances `frechet` and `mind` (count,); the
    tenth of training that each is like, `tenths` (count,); in `near` the nearest training snapshots by
    space; in `nearest_frechet` the Fréchet distances (count,) of the snapshots nearest to them, by the
    way in which these are rendered: `alike` is the way that has lost as much as these vectors, and only
    the GAN-GAN is compared in other ways too; in `layers` the median distance to the nearest snapshot by
    tensor, in the tensor's epoch steps (NaN if these do not change it). `best` is the Fréchet distance
    of the best one on fresh noise, `best_error` the standard error.

    Of all drawn vectors, among components if there are any: the (gan, epoch) of the nearest snapshots
    `keys` (drawn, 2); the `distances` (drawn,) to these, and their `ratios` (drawn,) to those to the
    nearest snapshot of another GAN; distances to `mixtures` (drawn,), by the mixture's id. `spread` is
    their dispersion, the mean distance of two over that of snapshots of two GANs; None over one GAN.
    """

    id: str
    frechet: NDArray[np.float64]
    mind: NDArray[np.float64]
    tenths: NDArray[np.int64]
    near: Mapping[str, Near]
    nearest_frechet: Mapping[str, NDArray[np.float64]]
    alike: str
    layers: Mapping[str, float]
    best: float
    best_error: float
    keys: NDArray[np.int64]
    distances: NDArray[np.float64]
    ratios: NDArray[np.float64]
    mixtures: Mapping[str, NDArray[np.float64]]
    spread: Interval | None

    @property
    def label(self) -> str:
        """Its name in tables and figures."""
        return label_of(self.id)


@dataclass
class SamplerBenchmark:
    """Measures samplers over one population."""

    population: Population
    quality: QualityJudge
    options: Options
    steps: Mapping[str, float]
    """Epoch steps by tensor."""

    def measure(self, id: str, sampler: WeightSampler, *, decoded: bool) -> SamplerResult:
        """Return the measurements of a sampler, which results know by `id`. `decoded` says that its
        vectors are decoded from principal components, and have nothing outside of them.

        Raises:
            WorkFailed: one of its GANs generates values that are not finite.
        """
        drawn, count, population = (
            sampler.sample(self.options.drawn),
            self.options.count,
            self.population,
        )
        vectors = drawn[:count]
        points = population.home.points(drawn)
        home = population.home.neighbours_of(points)
        near = {id: space.nearest(vectors) for id, space in population.spaces.items()}
        scores = self.quality.of(vectors)
        copies = near[WEIGHTS].distances == 0
        self.quality.remember(WHOLE, near[WEIGHTS].keys[copies], scores.frechet[copies])
        best, error = self.quality.again(vectors[scores.frechet.argmin()])
        keys = population.keys[home.rows]
        alike = PROJECTED if decoded else WHOLE
        return SamplerResult(
            id=id,
            frechet=scores.frechet,
            mind=scores.mind,
            tenths=population.tenths_of(vectors),
            near=near,
            nearest_frechet=self._of_nearest(keys[:count], None if id == GANGAN else alike),
            alike=alike,
            layers=self._layers(vectors, near[WEIGHTS].keys),
            best=best,
            best_error=error,
            keys=keys,
            distances=home.distances,
            ratios=home.ratios,
            mixtures=population.mixtures(points),
            spread=population.dispersion(points),
        )

    def _of_nearest(self, keys: Keys, only: str | None) -> dict[str, NDArray[np.float64]]:
        """Return the Fréchet distances (n,) of snapshots by the way in which they are rendered: `only`
        one, or all."""
        view, encoder = self.population.view, self.population.lineage.encoder
        ways: dict[str, Callable[[Keys], Matrix]] = {WHOLE: lambda some: view.matrix(some)[0]}
        if encoder:
            linear = encoder.components
            ways[PROJECTED] = lambda some: linear.restore(linear.project(view.matrix(some)[0]))
            if encoder.decoder:
                ways[REBUILT] = self._rebuilt
        chosen = [only] if only else list(ways)
        return {how: self.quality.of_snapshots(how, keys, ways[how]) for how in chosen}

    def _rebuilt(self, keys: Keys) -> Matrix:
        """Return snapshots (n, P) as the autoencoder decodes them."""
        lineage = self.population.lineage
        rows = {tuple(key): row for row, key in enumerate(self.population.keys.tolist())}
        assert lineage.encoder is not None
        codes = lineage.top.constant("codes")
        return lineage.encoder.decode(codes[[rows[tuple(key)] for key in keys.tolist()]])

    def _layers(self, vectors: Matrix, keys: Keys) -> dict[str, float]:
        view = self.population.view
        lengths = lengths_by_tensor(view.manifest.layout, vectors - view.matrix(keys)[0])
        return {
            tensor: float(np.median(of)) / self.steps[tensor] if self.steps[tensor] else np.nan
            for tensor, of in lengths.items()
        }
