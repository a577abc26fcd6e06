"""From latents down to images: a run, the run that it was trained on, and so on."""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from gangan_cli.errors import ConfigurationError
from gangan_cli.images.numbers import Numbers
from gangan_cli.models.family import Family
from gangan_cli.models.latent_codes import Categorical, LatentCode, one_of_each_class
from gangan_cli.models.registry import build
from gangan_cli.rng import stream
from gangan_cli.sampling.datasets import as_pictures, check_images, numbers_of, sources
from gangan_cli.sampling.level import Level
from gangan_cli.weightspace.encoder import WeightEncoder
from gangan_cli.weightspace.snapshots import Matrix
from store import Catalog, Manifest, Run

Pictures = NDArray[np.float32]

GANS_AT_ONCE = 64
"""Generated GANs decoded at a time: 29 MB at the paper's size."""


class Lineage:
    """A run on top, the run it was trained on below it, and so on down to a run on images.

    Weights are either those of the run on top, or `generated`: made by a GAN-GAN on top, for the run
    below it.
    """

    def __init__(self, levels: Sequence[Level]) -> None:
        self._levels = list(levels)

    @classmethod
    def open(cls, catalog: Catalog, name: str, *, write: bool = False) -> "Lineage":
        """Open the run `name` and all below it; with `write`, so that results can be added to the run.

        Raises:
            UnknownRun: there is no such run, or one below it is missing.
        """
        levels: list[Level] = []
        try:
            run = catalog.open(name, write=write)
            while True:
                family = build(run.manifest.family, run.manifest.hparams)
                networks = {name: network.eval() for name, network in family.networks().items()}
                levels.append(Level(run, family, networks, WeightEncoder.of(run)))
                if run.manifest.parent is None:
                    return cls(levels)
                run = catalog.find(run.manifest.parent.name, run.manifest.parent.id)
        except BaseException:
            for level in levels:
                level.run.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for level in self._levels:
            level.run.close()

    @property
    def runs(self) -> list[Run]:
        """The runs from the top down."""
        return [level.run for level in self._levels]

    @property
    def top(self) -> Run:
        """The run that was opened by name."""
        return self._levels[0].run

    @property
    def below(self) -> Run:
        """The run that the one on top was trained on.

        Raises:
            ConfigurationError: the run on top was trained on images.
        """
        if not self.is_gangan:
            raise ConfigurationError(f"run {self.top.name!r} was trained on images, not on weights")
        return self._levels[1].run

    @property
    def is_gangan(self) -> bool:
        """Whether the run on top was trained on weights."""
        return len(self._levels) > 1

    @property
    def family(self) -> Family:
        """The family of the run on top."""
        return self._levels[0].family

    @property
    def networks_below(self) -> Mapping[str, nn.Module]:
        """The networks whose weights a GAN-GAN on top generates, by name."""
        assert self.below
        return self._levels[1].networks

    @property
    def encoder(self) -> WeightEncoder | None:
        """The encoder of a GAN-GAN on top; None for raw weights."""
        return self._levels[0].code

    @property
    def on_images(self) -> Manifest:
        """The manifest of the run on images (or numbers), at the bottom."""
        return self._levels[-1].run.manifest

    @property
    def numbers(self) -> Numbers | None:
        """The numbers that the run at the bottom was trained on; None if it was trained on images."""
        return numbers_of(self.on_images)

    @property
    def latent_codes(self) -> tuple[LatentCode, ...]:
        """The latent codes of the GANs at the bottom."""
        return self._levels[-1].family.latent_codes

    @property
    def classes(self) -> Categorical | None:
        """The classes of the GANs at the bottom, through which rows of `fixed_noise` cycle; None
        without."""
        return next((code for code in self.latent_codes if isinstance(code, Categorical)), None)

    def sample_latents(self, count: int, seed: int) -> Matrix:
        """Draw latents (count, L) from the distribution of the family on top."""
        latents: Matrix = self.family.noise((count,), stream(seed, 0, 1, "cpu")).numpy()
        return latents

    def sample_weights(self, latents: Matrix, gan: int, epoch: int) -> Matrix:
        """Return the weights (n, P), for the run below, that a GAN-GAN's snapshot generates from latents
        (n, L).

        Raises:
            ConfigurationError: the run is not a GAN-GAN.
        """
        assert self.below
        return self.weights_at(self.top.snapshot(gan, epoch), latents)

    def weights_at(self, vector: Matrix, latents: Matrix) -> Matrix:
        """Return the same of the GAN-GAN with weights (P,)."""
        weights: Matrix = self._levels[0].generate(vector[None], latents[None])[0]
        return weights

    def complete(self, weights: Matrix) -> Matrix:
        """Return generated weights (n, P) with batch statistics, estimated where they are missing."""
        assert self.below
        return self._levels[1].with_batchnorm_stats(weights)

    def sample_coordinates(self, latents: Matrix, gan: int, epoch: int) -> Matrix:
        """Return the same weights as their coordinates (n, k) among the encoder's principal
        components."""
        assert self.encoder is not None
        vector = self.top.snapshot(gan, epoch)
        return self.encoder.coordinates(self._levels[0].outputs(vector[None], latents[None])[0])

    def fixed_noise(self, columns: int, seed: int, *, generated: bool = False) -> list[Matrix]:
        """Return noise (columns, L) for the run on top and each below it, or if weights are `generated`,
        from the run below the top on. It depends on `seed` alone.

        If GANs have classes, row i has class i, modulo their number. For image-to-image families the
        noise is images of their first domain.

        Raises:
            ConfigurationError, WorkFailed: these images cannot be loaded.
        """
        noises = [
            sources(level.run.manifest, columns, seed)
            if level.family.translates_images
            else one_of_each_class(
                level.family.latent_codes,
                level.family.noise((columns,), stream(seed, depth, 0, "cpu")).numpy(),
            )
            for depth, level in enumerate(self._levels)
        ]
        return noises[1:] if generated else noises

    def render(self, weights: Matrix, noises: Sequence[Matrix]) -> Pictures:
        """Return pictures (n, c, height, width) in [-1, 1], in colour (n, c, height, width, 3), of
        `weights` from `noises`, as `generate`.

        Raises:
            ConfigurationError: the GANs make numbers, not pictures.
        """
        check_images(self.on_images)
        return self.as_pictures(self.generate(weights, noises))

    def generate(self, weights: Matrix, noises: Sequence[Matrix]) -> Matrix:
        """Return what GANs at the bottom generate, (n, c, D): a row per weight vector, a column per
        noise.

        `weights` (n, P) belong to the run of the first of `noises`, which are (c, L) each, down to the
        run on images or numbers. Column j uses the j-th noise of every run.
        """
        level = self._levels[-len(noises)]
        if len(noises) == 1:
            noise = np.broadcast_to(noises[0], (len(weights), *noises[0].shape)).copy()
            return level.generate(weights, noise)
        # One row at a time, since each of its columns is a weight vector of the run below.
        rows = (level.generate(vector[None], noises[0][None])[0] for vector in weights)
        return np.stack([self._generate_one_each(made, noises[1:]) for made in rows])

    def _generate_one_each(self, weights: Matrix, noises: Sequence[Matrix]) -> Matrix:
        """Return one example per weight vector, from its own noise: (c, D)."""
        made = self._levels[-len(noises)].generate(weights, noises[0][:, None])[:, 0]
        return self._generate_one_each(made, noises[1:]) if len(noises) > 1 else made

    def discriminate(self, weights: Matrix, examples: Matrix) -> Matrix:
        """Return what the discriminators of GANs at the bottom, with weights (n, P), say of examples
        (m, D): (n, m)."""
        return self._levels[-1].discriminate(weights, examples)

    def pictures(self, weights: Matrix, count: int, seed: int, *, generated: bool = False) -> Pictures:
        """Return `count` pictures (count, height, width) in [-1, 1] of the GAN with weights (P,).

        The noise depends on `seed` alone, so that all GANs are judged on the same noise. A GAN that
        normalises by batch generates whole batches of its training's size, so that no picture depends
        on `count`.
        """
        one_gan = len(self._levels) - generated == 1
        batch = self._levels[-1].normalising_batch if one_gan else None
        # Of a GAN-GAN each picture comes from another generated GAN, whose weights take memory.
        block = batch or (self._levels[-1].images_at_once if one_gan else GANS_AT_ONCE)
        whole = -(-count // batch) * batch if batch else count
        noises = self.fixed_noise(whole, seed, generated=generated)
        parts = [
            self.render(weights[None], [noise[first : first + block] for noise in noises])[0]
            for first in range(0, count, block)
        ]
        return np.concatenate(parts)[:count]

    def information(self, weights: Matrix, pictures: Pictures) -> Matrix | None:
        """Return what each of the `pictures` (n, height, width) of a GAN with weights (P,) says of the
        class that it was generated from, in nats, by this GAN's own discriminator. None if the run on
        top is of another family, or on weights."""
        if self.is_gangan or self.classes is None:
            return None
        classes = np.arange(len(pictures)) % self.classes.count
        channels_first = np.moveaxis(pictures, -1, 1) if pictures.ndim == 4 else pictures
        images = channels_first.reshape(len(pictures), -1)
        level = self._levels[0]
        found: list[Matrix] = []
        for first in range(0, len(images), level.images_at_once):
            place = slice(first, first + level.images_at_once)
            part = level.information(weights, images[place], classes[place])
            if part is None:
                return None
            found.append(part)
        return np.concatenate(found)

    def as_pictures(self, values: Matrix) -> Pictures:
        """Return flat images (..., D) of a GAN at the bottom as pictures (..., height, width), or in
        colour as (..., height, width, 3)."""
        return as_pictures(values, self.on_images)

    def apply_networks(self, weights: Matrix, networks: Sequence[str], batch: Matrix) -> Matrix:
        """Apply `networks` of the GAN on top with weights (P,), one after the other, to a batch."""
        return self._levels[0].apply_networks(weights, networks, batch)

    def cycle_images(self, weights: Matrix, sources: Matrix) -> Pictures:
        """Return images of the first domain (n, D), their translations, and these translated back, one
        above the other: (n, 3 · height, width). `weights` (P,) belong to the run on top, whose family is
        image-to-image."""
        there = self.apply_networks(weights, ["a_to_b"], sources)
        back = self.apply_networks(weights, ["b_to_a"], there)
        return np.concatenate([self.as_pictures(part) for part in (sources, there, back)], axis=1)


def resolve_snapshot(run: Run, gan: int | None, epoch: int | None) -> tuple[int, int]:
    """Return the (gan, epoch) of a snapshot: by default the first GAN that has any, at its last epoch.

    Raises:
        ConfigurationError: the run does not hold it.
    """
    keys = run.keys()
    if not len(keys):
        raise ConfigurationError(f"run {run.name!r} has no snapshots yet")
    gan = int(keys[0, 0]) if gan is None else gan
    epochs = keys[keys[:, 0] == gan, 1]
    if not len(epochs):
        known = sorted(set(keys[:, 0].tolist()))
        raise ConfigurationError(f"run {run.name!r} has no GAN {gan}: it has {known[0]} to {known[-1]}")
    epoch = int(epochs[-1]) if epoch is None else epoch
    if epoch not in epochs:
        raise ConfigurationError(
            f"run {run.name!r} has no snapshot of GAN {gan} at epoch {epoch}: "
            f"it has epochs {epochs[0]} to {epochs[-1]}"
        )
    return gan, epoch
