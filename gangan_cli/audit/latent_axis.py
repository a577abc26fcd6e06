"""The axis of a GAN-GAN's latent space along which training goes, if there is one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangan_cli.audit.benchmark import SamplerResult
from gangan_cli.audit.population import Population
from gangan_cli.audit.quality import QualityJudge
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.sampling.walks import points_along
from gangan_cli.weightspace.conditions import Condition
from gangan_cli.weightspace.snapshots import Matrix


@dataclass(frozen=True)
class LatentWalk:
    """n points along an axis of the latent space, which `words` describes: their `positions` (n,), the
    nearest snapshots `keys` (n, 2) and their `distances` (n,), and Fréchet distances `frechet` (n,).

    `projections` (count,) are the places along the axis of the latents of the judged samples, none of
    which was used to choose the axis.
    """

    words: str
    positions: NDArray[np.float64]
    keys: NDArray[np.int64]
    distances: NDArray[np.float64]
    frechet: NDArray[np.float64]
    projections: NDArray[np.float64]


def walk(
    lineage: Lineage,
    population: Population,
    quality: QualityJudge,
    snapshot: tuple[int, int],
    latents: Matrix,
    found: SamplerResult,
    points: int,
) -> LatentWalk:
    """Measure `points` points along the latent axis of a GAN-GAN's `snapshot` (gan, epoch).

    `latents` (drawn, L) are those of the samples `found`. In more than one dimension the axis is the
    direction that predicts best, linearly, the epoch of the snapshot nearest to a sample; it is chosen
    from the samples that are not judged. A conditional GAN-GAN's axis is its condition.
    """
    gan, epoch = snapshot
    count, dimensions = len(found.frechet), latents.shape[1]
    if dimensions == 1 or Condition.of(lineage.top):
        positions, at, words = points_along(lineage, points, gan, epoch, quality.seed)
        projections = latents[:count, -1].astype(np.float64)
    else:
        direction = _towards(latents[count:], found.keys[count:, 1])
        reach = dimensions**0.5
        positions = np.linspace(-reach, reach, points)
        at = (positions[:, None] * direction).astype(np.float32)
        words = f"latent z, along the direction in {dimensions} dimensions that predicts the epoch best"
        projections = latents[:count].astype(np.float64) @ direction
    weights = lineage.sample_weights(at, gan, epoch)
    near = population.home.neighbours(weights)
    return LatentWalk(
        words,
        positions,
        population.keys[near.rows],
        near.distances,
        quality.of(weights).frechet,
        projections,
    )


def _towards(latents: Matrix, epochs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the unit vector (L,) along which epochs (n,) of latents (n, L) rise, by least squares."""
    centred = latents.astype(np.float64) - latents.mean(axis=0)
    rises, *_ = np.linalg.lstsq(centred, epochs - epochs.mean(), rcond=None)
    length = float(np.linalg.norm(rises))
    first: NDArray[np.float64] = np.eye(latents.shape[1])[0]
    return rises / np.float64(length) if length > 0 else first
