"""Trivial ways to make networks from training networks: they show what a verdict is worth."""

from collections.abc import Iterator

import numpy as np

from gangan_cli.interchange.state_dicts import NetworkSet
from gangan_cli.weightspace.matched_index import MatchedIndex
from gangan_cli.weightspace.snapshots import Matrix
from store import Layout

NOISE = 0.5
"""Length of the noise on copies, as a share of the distance between training networks."""


def trivial_networks(
    index: MatchedIndex, training: NetworkSet, between: float, count: int, seed: int
) -> Iterator[tuple[str, str, Matrix]]:
    """Yield the id, the label and `count` networks (count, P) of each trivial sampler, made of the
    training networks' last epochs; `between` is the median distance of these to the nearest other
    one."""
    rng = np.random.default_rng(seed)
    units, last = index.units, training.last

    def some() -> Matrix:
        vectors: Matrix = training.vectors[rng.choice(last, count)]
        return vectors

    shuffled = [units.permute(vector[None], units.random(rng)) for vector in some()]
    yield "copied", "copies with their units in another order", np.concatenate(shuffled)

    noise = rng.standard_normal((count, training.layout.size)).astype(np.float32)
    noise *= np.float32(NOISE * between) / np.linalg.norm(noise, axis=1, keepdims=True)
    yield (
        "noisy",
        f"copies with noise ({NOISE:g} of the way to another)",
        _valid(training.layout, units.balance(some()) + noise),
    )

    pairs = np.stack([rng.choice(last, 2, replace=False) for _ in range(count)])
    own = index.snapshots(pairs[:, 0])
    others = np.concatenate(list(index.in_units_of(own, list(pairs[:, 1:]))))
    yield "averaged", "averages of two, matched", (own + others) / 2

    picks = rng.choice(last, (count, training.layout.size))
    yield (
        "independent",
        "each weight from a network of its own",
        np.take_along_axis(training.vectors, picks, axis=0),
    )


def _valid(layout: Layout, vectors: Matrix) -> Matrix:
    """Return vectors whose variances, of batch normalisation, are none below 0: a new array."""
    for tensor in layout.tensors:
        if tensor.name.endswith("running_var"):
            np.maximum(vectors[:, tensor.place], 0, out=vectors[:, tensor.place])
    return vectors
