"""The effect of aligning a population: GANs come nearer to each other, and keep their functions."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import vmap

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.models.family import Family
from gangan_cli.models.functional import bind_weights, split_networks
from gangan_cli.models.registry import build
from gangan_cli.rng import stream
from gangan_cli.weightspace.alignment import Alignment
from gangan_cli.weightspace.snapshots import Matrix
from store import Layout, Run
from store.keys import Keys

Numbers = NDArray[np.float64]

PROBES = 16
"""Number of noise vectors, and of random examples, on which functions are compared."""

TOLERANCE = 1e-4
"""Largest change of an output that counts as rounding, relative to the largest output, or to 1 if
larger."""


@dataclass(frozen=True)
class Shift:
    """Medians before and after alignment: of the distance between two GANs at the same epoch, and of the
    norm of a GAN.

    Balancing scales makes norms smaller, and distances with them; `relative` leaves that out.
    """

    before: float
    after: float
    norm_before: float
    norm_after: float

    @property
    def relative(self) -> float:
        """Ratio of the distances after and before, each divided by its norm: 1 if only norms changed."""
        return (self.after / self.norm_after) / (self.before / self.norm_before)


@dataclass(frozen=True)
class AlignmentReport:
    """The effect of a frame on the `whole` vector and on each of the `layers`, with names as in
    "generator.out".

    `generator_change` and `discriminator_change` are the largest absolute differences of an output: of
    the generator's on fixed noise, which is rotated if the frame rotates the latent, and of the
    discriminator's on random examples.
    """

    mode: str
    whole: Shift
    layers: Mapping[str, Shift]
    generator_change: float
    discriminator_change: float


def alignment_report(run: Run, keys: Keys, alignment: Alignment) -> AlignmentReport:
    """Compare the snapshots `keys` (n, 2) of `run` with the same snapshots in `alignment`.

    Raises:
        ConfigurationError: no two GANs have the same epoch.
        WorkFailed: the frame changes the function of a GAN.
    """
    epochs, counts = np.unique(keys[:, 1], return_counts=True)
    if not (counts > 1).any():
        raise ConfigurationError(
            f"of {run.name!r} no two GANs have the same epoch, so none can be compared"
        )
    probe = _Probe(build(run.manifest.family, run.manifest.hparams), run.manifest.layout)
    found = [_Medians(run.manifest.layout) for _ in ("before", "after")]
    changes = np.zeros(2)
    for epoch in epochs.tolist():
        own = keys[keys[:, 1] == epoch]
        before, _ = run.matrix(own)
        after = alignment.apply(before, own[:, 0])
        changes = np.maximum(changes, probe.changes(before, after, alignment, own[:, 0]))
        for medians, vectors in zip(found, (before, after), strict=True):
            medians.add(vectors)
    first, second = (medians.found() for medians in found)
    shifts = {
        name: Shift(distance, second[name][0], norm, second[name][1])
        for name, (distance, norm) in first.items()
    }
    whole = shifts.pop(WHOLE)
    return AlignmentReport(alignment.mode, whole, shifts, *changes.tolist())


WHOLE = ""
"""The name of the whole vector among the layers."""


class _Medians:
    """Collects distances between GANs, and norms, of each layer and of the whole, epoch by epoch."""

    def __init__(self, layout: Layout) -> None:
        self._layers: dict[str, list[slice]] = {}
        for tensor in layout.tensors:
            self._layers.setdefault(tensor.name.rpartition(".")[0], []).append(tensor.place)
        self._distances: dict[str, list[Numbers]] = {name: [] for name in [WHOLE, *self._layers]}
        self._norms: dict[str, list[Numbers]] = {name: [] for name in [WHOLE, *self._layers]}

    def add(self, vectors: Matrix) -> None:
        """Add all GANs (n, P) of one epoch."""
        products = {
            # In float64, since a distance is a small difference of large products.
            name: sum(_products(vectors[:, place].astype(np.float64)) for place in places)
            for name, places in self._layers.items()
        }
        products[WHOLE] = sum(products.values())
        upper = np.triu_indices(len(vectors), 1)
        for name, product in products.items():
            squares = np.diagonal(product)
            apart = squares[:, None] + squares - 2 * product
            self._distances[name].append(np.sqrt(np.maximum(apart[upper], 0)))
            self._norms[name].append(np.sqrt(squares))

    def found(self) -> dict[str, tuple[float, float]]:
        """Return the medians of the distance and of the norm, by layer."""
        return {
            name: (_median(self._distances[name]), _median(self._norms[name]))
            for name in self._distances
        }


def _median(parts: list[Numbers]) -> float:
    return float(np.median(np.concatenate(parts)))


def _products(part: Numbers) -> Numbers:
    product: Numbers = part @ part.T
    return product


class _Probe:
    """Compares the outputs of GANs on fixed noise and random examples."""

    def __init__(self, family: Family, layout: Layout) -> None:
        self._networks: Mapping[str, nn.Module] = family.networks()
        self._layout = layout
        source = stream(0, 0, 0, "cpu")
        self._noise = family.noise((PROBES,), source)
        self._examples = torch.randn(PROBES, family.data_dim, generator=source)

    def changes(
        self, before: Matrix, after: Matrix, alignment: Alignment, gans: NDArray[np.int64]
    ) -> tuple[float, float]:
        """Return the largest change of a generator's output, and of a discriminator's, between the
        vectors `before` and `after` (n, P) of the GANs `gans` (n,).

        Raises:
            WorkFailed: it is more than rounding.
        """
        noise = self._noise.expand(len(gans), -1, -1)
        turned = noise
        if alignment.rotations is not None:
            turns = [alignment.match_of(gan)["generator"].rotation for gan in gans.tolist()]
            turned = noise @ torch.from_numpy(np.stack([turn for turn in turns if turn is not None]))
        changes = []
        ours, theirs = self._outputs(before, noise), self._outputs(after, turned)
        for network, one, other in zip(("generator", "discriminator"), ours, theirs, strict=True):
            changes.append(float((one - other).abs().max()))
            if not changes[-1] <= TOLERANCE * max(1.0, float(one.abs().max())):
                raise WorkFailed(
                    f"aligning with {alignment.mode!r} changed the output of a {network} by "
                    f"{changes[-1]:.2g}"
                )
        return changes[0], changes[1]

    def _outputs(self, vectors: Matrix, noise: Tensor) -> tuple[Tensor, Tensor]:
        def one(vector: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
            bound = bind_weights(self._networks, split_networks(self._layout, vector))
            return bound["generator"](noise), bound["discriminator"](self._examples)

        with torch.no_grad():
            made: tuple[Tensor, Tensor] = vmap(one)(torch.from_numpy(vectors), noise)
        return made
