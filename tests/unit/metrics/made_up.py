"""Populations of trajectories whose truth is known: each GAN a smooth walk from its own start."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial.distance import cdist

from gangan_cli.metrics.distances import Distances, Reference, tenths_by_length
from gangan_cli.metrics.mixtures import residuals_to_hull

DIMENSIONS, SLOW, JITTER = 40, 0.9, 0.3

AXIS = np.linspace(-1, 1, 16)


def trajectories(random, gans, epochs=100):
    """Return trajectories (gans, epochs, DIMENSIONS): a start, a drift that all share, and velocities
    that turn slowly and fall; epochs scatter around them by JITTER of a step."""
    steps = random.standard_normal((epochs, gans, DIMENSIONS))
    for epoch in range(1, epochs):
        steps[epoch] = SLOW * steps[epoch - 1] + (1 - SLOW**2) ** 0.5 * steps[epoch]
    sizes = 1 / (1 + 2 * np.arange(epochs) / epochs) * 50 / epochs
    drift = np.linspace(0, 2, epochs)[:, None, None]
    start = random.standard_normal((gans, DIMENSIONS))
    paths = start + drift + np.cumsum(steps * sizes[:, None, None], axis=0)
    paths += JITTER * sizes[:, None, None] * random.standard_normal(paths.shape)
    return paths.transpose(1, 0, 2)


@dataclass(frozen=True)
class Population:
    """Training GANs and held-out ones (GANs, epochs, DIMENSIONS), and what an audit takes of them."""

    training: np.ndarray
    held_out: np.ndarray

    @property
    def snapshots(self):
        """The training snapshots (m, DIMENSIONS)."""
        return self.training.reshape(-1, DIMENSIONS)

    @property
    def gans(self):
        """Each training snapshot's GAN (m,)."""
        return np.repeat(np.arange(len(self.training)), self.training.shape[1])

    @property
    def step(self):
        """The median length of an epoch step."""
        return np.median(np.linalg.norm(np.diff(self.training, axis=1), axis=2))

    def distances(self, vectors, gans=None, own=None):
        """Return Distances of vectors (n, DIMENSIONS) to the nearest training GAN but their `own`."""
        apart = cdist(vectors, self.snapshots)
        if own is not None:
            apart[own[:, None] == self.gans] = np.inf
        return self.with_cells(apart.min(axis=1), vectors, gans)

    def with_cells(self, values, vectors, gans=None):
        """Return Distances of these values (n,), with the tenths of training of vectors."""
        origin = self.training[:, 0].mean(axis=0)
        lengths, of_training = (
            np.linalg.norm(some - origin, axis=1) for some in (vectors, self.snapshots)
        )
        epochs = self.training.shape[1]
        tenths = np.tile(np.arange(epochs) * 10 // epochs, len(self.training))
        gans = np.arange(len(vectors)) if gans is None else gans
        return Distances(values, tenths_by_length(lengths, of_training, tenths), gans)

    @cached_property
    def of_held_out(self):
        """Distances of the held-out snapshots."""
        gans, epochs, _ = self.held_out.shape
        return self.distances(self.held_out.reshape(-1, DIMENSIONS), np.repeat(np.arange(gans), epochs))

    @cached_property
    def of_training(self):
        """Distances of the training snapshots to the nearest other GAN."""
        return self.distances(self.snapshots, self.gans, own=self.gans)

    @cached_property
    def reference(self):
        """What samples' distances are compared with."""
        return Reference.of(self.of_held_out, self.of_training)

    def residuals(self, vectors, own=None):
        """Return the Residuals of vectors (n, DIMENSIONS) to mixtures of four training snapshots."""
        origin = self.training[:, 0].mean(axis=0)
        mine, snapshots = vectors - origin, self.snapshots - origin
        squares = np.square(mine).sum(axis=1)
        return residuals_to_hull(
            mine @ snapshots.T, squares, snapshots @ snapshots.T, self.gans, own=own
        )

    @cached_property
    def mixtures(self):
        """What samples' residuals are compared with, for mixtures of one GAN and of several."""
        held_out = self.held_out.reshape(-1, DIMENSIONS)
        found, nulls = self.residuals(held_out), self.residuals(self.snapshots, own=self.gans)
        return {
            what: Reference.of(
                self.with_cells(getattr(found, what)[0], held_out, self.of_held_out.gans),
                self.with_cells(getattr(nulls, what)[0], self.snapshots, self.gans),
            )
            for what in ("of_one", "of_several")
        }


def population(random, training=25, held_out=10, epochs=100):
    """Return a population of training GANs and held-out ones."""
    paths = trajectories(random, training + held_out, epochs)
    return Population(paths[:training], paths[training:])


def new_gans(random, n, epochs=100):
    """Return a snapshot each (n, DIMENSIONS) of n GANs that nobody has seen: the true distribution."""
    return trajectories(random, n, epochs)[np.arange(n), random.integers(epochs, size=n)]


def averages(population, random, n, over=8):
    """Return the means (n, DIMENSIONS) of `over` successive snapshots of a training GAN."""
    gans, epochs, _ = population.training.shape
    first = random.integers(epochs - over, size=n)
    chosen = population.training[
        random.integers(gans, size=n)[:, None], first[:, None] + np.arange(over)
    ]
    return chosen.mean(axis=1)


def halfway(population, random, n):
    """Return the points (n, DIMENSIONS) halfway between snapshots of two training GANs."""
    gans, epochs, _ = population.training.shape
    pairs = np.stack([random.permutation(gans)[:2] for _ in range(n)], axis=1)
    return population.training[pairs, random.integers(epochs, size=n)].mean(axis=0)


def jittered(population, random, n, steps=0.5):
    """Return training snapshots (n, DIMENSIONS), each moved by this many epoch steps."""
    noise = random.standard_normal((n, DIMENSIONS))
    noise *= steps * population.step / np.linalg.norm(noise, axis=1, keepdims=True)
    return population.snapshots[random.integers(len(population.snapshots), size=n)] + noise


def smooth(random, scale, curves=1, noise=0.0, positions=AXIS):
    """Return curves (curves, n) of a Gaussian process with this length scale."""
    apart = (positions[:, None] - positions) / scale
    covariance = np.exp(-np.square(apart) / 2) + (1e-9 + noise**2) * np.eye(len(positions))
    return random.standard_normal((curves, len(positions))) @ np.linalg.cholesky(covariance).T
