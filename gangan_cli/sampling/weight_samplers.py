"""One protocol for all that draws weights: a trained generator of weights, or a baseline."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gangan_cli.errors import ConfigurationError
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.weightspace.alignment import training_view
from gangan_cli.weightspace.baselines import BASELINES, BaselineData, BaselineSampler, applicable
from gangan_cli.weightspace.snapshots import Matrix, epoch_step

COMPONENTS = 64
"""Number of principal components for the baselines that use some, if the GAN-GAN has none."""


class WeightSampler(Protocol):
    """Draws weight vectors for the run that a GAN-GAN was trained on."""

    def sample(self, count: int) -> Matrix:
        """Return the next `count` weight vectors (n, P)."""


@dataclass
class GeneratorSampler:
    """A snapshot of the GAN-GAN on top of a lineage. `latents` (m, L) are used in order, each once."""

    lineage: Lineage
    gan: int
    epoch: int
    latents: Matrix

    def sample(self, count: int) -> Matrix:
        """Return what the GAN-GAN generates from the next `count` latents: (n, P)."""
        now, self.latents = np.split(self.latents, [count])
        return self.lineage.sample_weights(now, self.gan, self.epoch)


def baseline_data(
    lineage: Lineage, step: float | None = None, coordinates: Matrix | None = None
) -> BaselineData:
    """Return what baselines need of the snapshots that the GAN-GAN on top was trained on, with its own
    principal components and autoencoder, if it has some.

    `step` is their epoch step and `coordinates` (m, k) are their projections onto the components; both
    are computed if they are not given.
    """
    view, keys = training_view(lineage.top, lineage.below), lineage.top.constant("keys")
    if step is None:
        step = epoch_step(keys, lambda rows: view.matrix(keys[rows])[0])
    fitted_pca = autoencoder = None
    if encoder := lineage.encoder:
        if coordinates is None:
            coordinates = encoder.components.project_snapshots(view, keys)
        fitted_pca = encoder.components, encoder.components.codes(coordinates)
        autoencoder = (encoder, lineage.top.constant("codes")) if encoder.decoder else None
    return BaselineData(view, keys, step, COMPONENTS, fitted_pca, autoencoder)


def baseline_samplers(data: BaselineData, seed: int) -> dict[str, WeightSampler]:
    """Return the baselines that these snapshots allow, by id.

    All begin with the same random numbers, so that those that begin with random snapshots begin with the
    same ones: their differences then do not depend on which.
    """
    return {
        id: BaselineSampler(draw, data, np.random.default_rng((seed, 0)))
        for id, draw in applicable(data)
    }


def baseline_sampler(lineage: Lineage, id: str, seed: int) -> WeightSampler:
    """Return one of the baselines that an audit compares the GAN-GAN on top with.

    Raises:
        ConfigurationError: there is no such baseline, or these snapshots do not allow it.
    """
    if id not in BASELINES:
        raise ConfigurationError(f"no baseline {id!r}: choose from {', '.join(BASELINES)}")
    samplers = baseline_samplers(baseline_data(lineage), seed)
    if id not in samplers:
        raise ConfigurationError(
            f"the snapshots of {lineage.top.name!r} do not allow baseline {id!r}: choose from "
            f"{', '.join(samplers)}"
        )
    return samplers[id]
