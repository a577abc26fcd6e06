"""Walks through a GAN-GAN's latent space (the paper's Figure 3), and samples from it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangan_cli.sampling.lineage import Lineage, Pictures, resolve_snapshot
from gangan_cli.weightspace.alignment import training_view
from gangan_cli.weightspace.conditions import Condition
from gangan_cli.weightspace.index import DecodedIndex, Nearest, nearest
from gangan_cli.weightspace.snapshots import Matrix
from store.keys import Keys

PROBES = 256
"""Directions from which the axis of a walk is chosen when the latent has more than one dimension."""


@dataclass(frozen=True)
class LatentGrid:
    """Points of a GAN-GAN's latent space and what they decode to.

    `latents` (n, L); `positions` (n,) along the axis of a walk, None for independent samples;
    `images` (n, columns, height, width) in [-1, 1], a column per fixed noise; `near` compares the
    generated weights with the snapshots; `axis` describes the axis, or the samples, in words.
    """

    latents: Matrix
    positions: NDArray[np.float64] | None
    images: Pictures
    near: Nearest
    axis: str
    gan: int
    epoch: int
    seed: int


def walk(
    lineage: Lineage,
    *,
    latents: int = 32,
    columns: int = 40,
    gan: int | None = None,
    epoch: int | None = None,
    seed: int = 0,
) -> LatentGrid:
    """Decode `latents` points along one axis, as the paper's Figure 3 does.

    A one-dimensional latent is its own axis, from -2 to 2. In L dimensions the axis goes through
    the origin from -√L to √L, the typical length of a latent. Of 256 random directions it has the
    one for which the epochs of the snapshots nearest to its two ends have the largest sum. For a
    conditional GAN-GAN the axis is the whole range of the condition, with the rest of the latent
    drawn once.
    """
    gan, epoch = resolve_snapshot(lineage.top, gan, epoch)
    positions, points, axis = points_along(lineage, latents, gan, epoch, seed)
    images, near = _decode(lineage, points, columns, gan, epoch, seed)
    return LatentGrid(points, positions, images, near, axis, gan, epoch, seed)


def points_along(
    lineage: Lineage, count: int, gan: int, epoch: int, seed: int
) -> tuple[NDArray[np.float64], Matrix, str]:
    """Return positions (count,) along the axis of `walk`, their latents (count, L), and a description of
    the axis in words."""
    if scale := Condition.of(lineage.top):
        wishes = np.linspace(-1, 1, count)
        points = np.repeat(lineage.sample_latents(1, seed), count, axis=0)
        points[:, -1] = wishes
        return scale.decode(wishes), points, f"requested {scale.title}"
    dimensions = lineage.family.latent_dim
    reach = 2.0 if dimensions == 1 else dimensions**0.5
    positions = np.linspace(-reach, reach, count)
    if dimensions == 1:
        direction, words = np.ones(1), "latent z"
    else:
        direction = _direction_of_training(lineage, reach, gan, epoch, seed)
        words = f"latent z: of {PROBES} directions in {dimensions} dimensions the one that ends latest"
    return positions, (positions[:, None] * direction).astype(np.float32), words


def sample(
    lineage: Lineage,
    *,
    latents: int = 32,
    columns: int = 40,
    gan: int | None = None,
    epoch: int | None = None,
    seed: int = 0,
) -> LatentGrid:
    """Decode `latents` independent samples, ordered by the epoch of the nearest snapshot."""
    gan, epoch = resolve_snapshot(lineage.top, gan, epoch)
    points = lineage.sample_latents(latents, seed)
    images, near = _decode(lineage, points, columns, gan, epoch, seed)
    order = np.lexsort((near.keys[:, 0], near.keys[:, 1]))
    ordered = Nearest(near.keys[order], near.distances[order], near.epoch_step)
    return LatentGrid(
        points[order], None, images[order], ordered, "independent samples", gan, epoch, seed
    )


def _near(lineage: Lineage, weights: Matrix) -> Nearest:
    below = training_view(lineage.top, lineage.below)
    return nearest(weights, below, lineage.top.constant("keys"))


def _nearest_keys(lineage: Lineage, latents: Matrix, gan: int, epoch: int) -> Keys:
    """Return the (gan, epoch) of the snapshots nearest to what latents (n, L) generate."""
    if lineage.encoder is None:
        return _near(lineage, lineage.sample_weights(latents, gan, epoch)).keys
    # Hundreds of points are compared as coordinates: they are not decoded to weights.
    below, keys = training_view(lineage.top, lineage.below), lineage.top.constant("keys")
    index = DecodedIndex(below, keys, lineage.encoder.components)
    return index.nearest_to(lineage.sample_coordinates(latents, gan, epoch)).keys


def _decode(
    lineage: Lineage, points: Matrix, columns: int, gan: int, epoch: int, seed: int
) -> tuple[Pictures, Nearest]:
    weights = lineage.sample_weights(points, gan, epoch)
    noises = lineage.fixed_noise(columns, seed, generated=True)
    return lineage.render(weights, noises), _near(lineage, weights)


def _direction_of_training(
    lineage: Lineage, reach: float, gan: int, epoch: int, seed: int
) -> NDArray[np.float64]:
    points = lineage.sample_latents(PROBES, seed)
    directions = points / np.linalg.norm(points, axis=1, keepdims=True)
    ends = np.concatenate([directions, -directions]) * np.float32(reach)
    epochs = _nearest_keys(lineage, ends, gan, epoch)[:, 1]
    best = epochs.reshape(2, PROBES).sum(axis=0).argmax()
    return np.asarray(directions[best], np.float64)
