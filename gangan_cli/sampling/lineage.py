"""From latents down to images: a run, the run that it was trained on, and so on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import vmap

from gangan_cli.errors import ConfigurationError
from gangan_cli.models.family import Family, Networks
from gangan_cli.models.functional import bind_weights
from gangan_cli.models.latent_codes import Categorical, one_of_each_class
from gangan_cli.models.layers import BatchNorm
from gangan_cli.models.registry import build
from gangan_cli.rng import stream
from gangan_cli.sampling.datasets import as_pictures, sources
from gangan_cli.weightspace.encoder import Code
from gangan_cli.weightspace.snapshots import Matrix
from store import Catalog, Layout, Run

Pictures = NDArray[np.float32]

ESTIMATED = 512
"""Images from which the missing batch statistics of a GAN are estimated."""

GANS_AT_ONCE = 64
"""Generated GANs decoded at a time: 29 MB at the paper's size."""


@dataclass(frozen=True)
class Level:
    """One run of a lineage; `code` decodes the output of its networks to weights of the run below."""

    run: Run
    family: Family
    networks: Mapping[str, nn.Module]
    code: Code | None

    def generate(self, vectors: Matrix, noise: Matrix) -> Matrix:
        """Return what the GANs with weights (n, P) generate from noise (n, m, L): (n, m, D) float32.

        If the run was trained on images, D counts pixels, in [-1, 1]; if on weights, D counts the
        decoded weights of the run below. Missing batch statistics are added by `completed`.
        """
        vectors = self.completed(vectors)

        def one(vector: Tensor, z: Tensor) -> Tensor:
            parts = split(self.run.manifest.layout, vector)
            bound: Networks = bind_weights(self.networks, parts)
            return self.family.generate(bound, z)

        with torch.no_grad():
            made: Matrix = vmap(one)(torch.from_numpy(vectors), torch.from_numpy(noise)).numpy()
        return self.code.decode(made) if self.code else made

    def through(self, vector: Matrix, networks: Sequence[str], batch: Matrix) -> Matrix:
        """Apply `networks` of the GAN with weights (P,), one after the other, to a batch (B, ...)."""
        bound = bind_weights(self.networks, split(self.run.manifest.layout, torch.from_numpy(vector)))
        made = torch.from_numpy(batch)
        with torch.no_grad():
            for network in networks:
                made = bound[network](made)
        return made.numpy()

    def completed(self, vectors: Matrix) -> Matrix:
        """Return weights (n, P) with batch statistics.

        If they are missing, the generator's are estimated from ESTIMATED noise vectors, and the
        discriminator's keep their initial values. If they are present, they may have been generated
        like the weights: variances below 0 become 0.
        """
        layout = self.run.manifest.layout
        if vectors.shape[1] == layout.size:
            variances = [
                t.place for t in layout.tensors if t.statistic and t.name.endswith("running_var")
            ]
            if any((vectors[:, place] < 0).any() for place in variances):
                vectors = vectors.copy()
                for place in variances:
                    vectors[:, place] = np.maximum(vectors[:, place], 0)
            return vectors
        networks, noise = self.family.networks(), self.family.noise((ESTIMATED,), stream(0, 0, 0, "cpu"))
        for layer in (layer for network in networks.values() for layer in network.modules()):
            if isinstance(layer, BatchNorm):
                layer.momentum = 1.0  # running statistics become those of this one batch
        begun = {name: dict(network.state_dict()) for name, network in networks.items()}

        def one(vector: Tensor) -> Tensor:
            parts = split(layout.trainable, vector)
            bound = bind_weights(networks, {name: {**begun[name], **parts[name]} for name in networks})
            self.family.generate(bound, noise)
            found = {name: {**parts[name], **bound[name].statistics} for name in networks}
            return join(layout, found)

        with torch.no_grad():
            complete: Matrix = vmap(one)(torch.from_numpy(vectors)).numpy()
        return complete


class Lineage:
    """A run on top, the run it was trained on below it, and so on down to a run on images."""

    def __init__(self, levels: Sequence[Level]) -> None:
        self.levels = list(levels)

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
                levels.append(Level(run, family, networks, Code.of(run)))
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
        for level in self.levels:
            level.run.close()

    @property
    def top(self) -> Run:
        """The run that was opened by name."""
        return self.levels[0].run

    def as_pictures(self, values: Matrix) -> Pictures:
        """Return flat images (..., D) of a GAN at the bottom as pictures (..., height, width), or in
        colour as (..., height, width, 3)."""
        return as_pictures(values, self.levels[-1].run.manifest)

    @property
    def classes(self) -> Categorical | None:
        """The classes of the GANs at the bottom, through which rows of `noises` cycle; None without."""
        codes = self.levels[-1].family.latent_codes
        return next((code for code in codes if isinstance(code, Categorical)), None)

    def noises(self, columns: int, seed: int, below: int = 0) -> list[Matrix]:
        """Return fixed noise (columns, L) for each level from `below` down; it depends on `seed` alone.

        If GANs have classes, row i has class i, modulo their number. For image-to-image families the
        noise is images of their first domain.

        Raises:
            ConfigurationError, WorkFailed: these images cannot be loaded.
        """
        return [
            sources(level.run.manifest, columns, seed)
            if level.family.translates_images
            else one_of_each_class(
                level.family.latent_codes,
                level.family.noise((columns,), stream(seed, depth, 0, "cpu")).numpy(),
            )
            for depth, level in enumerate(self.levels)
        ][below:]

    def images(self, vectors: Matrix, noises: Sequence[Matrix], level: int = 0) -> Pictures:
        """Return pictures (n, c, height, width) in [-1, 1], in colour (n, c, height, width, 3): a row
        per vector, a column per noise.

        `vectors` (n, P) are weights of the run at `level`; `noises` holds (c, L) for it and for each
        level below it. Column j uses the j-th noise at every level.
        """
        here = self.levels[level]
        if level == len(self.levels) - 1:
            noise = np.broadcast_to(noises[0], (len(vectors), *noises[0].shape)).copy()
            return self.as_pictures(here.generate(vectors, noise))
        # One row at a time, since each of its columns is a weight vector of the run below.
        rows = (here.generate(vector[None], noises[0][None])[0] for vector in vectors)
        return np.stack([self._one_each(made, noises[1:], level + 1) for made in rows])

    def there_and_back(self, vector: Matrix, sources: Matrix) -> Pictures:
        """Return images of the first domain (n, D), their translations, and these translated back, one
        above the other: (n, 3 · height, width). `vector` (P,) are weights of the top run, whose family
        is image-to-image."""
        there = self.levels[0].through(vector, ["a_to_b"], sources)
        back = self.levels[0].through(vector, ["b_to_a"], there)
        return np.concatenate([self.as_pictures(part) for part in (sources, there, back)], axis=1)

    def pictures(self, vector: Matrix, count: int, seed: int, level: int = 0) -> Pictures:
        """Return `count` pictures (count, height, width) in [-1, 1] that one GAN generates.

        `vector` (P,) are its weights, of the run at `level`. The noise depends on `seed` alone, so that
        all GANs are judged on the same noise.
        """
        noises = self.noises(count, seed, below=level)
        last = level == len(self.levels) - 1
        # Above the last level each picture comes from another generated GAN, whose weights take memory.
        step = count if last else GANS_AT_ONCE
        parts = [
            self.images(vector[None], [noise[first : first + step] for noise in noises], level)[0]
            for first in range(0, count, step)
        ]
        return np.concatenate(parts)

    def _one_each(self, vectors: Matrix, noises: Sequence[Matrix], level: int) -> Pictures:
        """Return one picture per vector, from its own noise: (c, height, width)."""
        made = self.levels[level].generate(vectors, noises[0][:, None])[:, 0]
        if level == len(self.levels) - 1:
            return self.as_pictures(made)
        return self._one_each(made, noises[1:], level + 1)


def unit_interval(pictures: Pictures) -> Matrix:
    """Return pictures (n, height, width) in [-1, 1] as (n, height · width) in [0, 1]."""
    scaled: Matrix = (pictures.reshape(len(pictures), -1) + np.float32(1)) / np.float32(2)
    return scaled


def split(layout: Layout, vector: Tensor) -> dict[str, dict[str, Tensor]]:
    """Return a (P,) vector as named tensors by network, which are views."""
    parts: dict[str, dict[str, Tensor]] = {}
    for tensor in layout.tensors:
        network, _, name = tensor.name.partition(".")
        parts.setdefault(network, {})[name] = vector[tensor.place].view(tensor.shape)
    return parts


def join(layout: Layout, parts: Mapping[str, Mapping[str, Tensor]]) -> Tensor:
    """Return named tensors, by network, as one (P,) vector."""
    places = (tensor.name.partition(".") for tensor in layout.tensors)
    return torch.cat([parts[network][name].reshape(-1) for network, _, name in places])


def pick(run: Run, gan: int | None, epoch: int | None) -> tuple[int, int]:
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
