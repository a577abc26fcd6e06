"""Symmetries of the weights of a three-layer GAN: changes that leave its function as it is.

Hidden units can change places; a leaky ReLU lets a positive factor through, so a unit's incoming
weights can be scaled if its outgoing ones are divided; and a standard normal latent is the same
distribution after a rotation.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError
from gangan_cli.weightspace.snapshots import Matrix
from store import Layout, Manifest

Order = NDArray[np.int64]

FAMILIES = ("mlp", "r1-mlp")
"""Families of two ThreeLayers (models/mlp.py) with leaky ReLUs, and a standard normal latent."""

NETWORKS = ("discriminator", "generator")

PARTS = [f"{layer}.{kind}" for layer in ("input", "hidden", "out") for kind in ("weight", "bias")]

ROUNDS = 26
"""Rounds in which scales are balanced: each brings them four times closer, to a float64's last bit."""


class Weights(NamedTuple):
    """One network of n GANs: `input` (n, h, I), `hidden` (n, k, h), `out` (n, O, k), and the biases of
    the first two. Of vectors, these are views."""

    input: Matrix
    input_bias: Matrix
    hidden: Matrix
    hidden_bias: Matrix
    out: Matrix


def check(manifest: Manifest, rotated: bool) -> None:
    """Check that the run's GANs have these symmetries; rotation is checked only if it is used.

    Raises:
        ConfigurationError: their networks are others, or their latent is not normal noise alone.
    """
    names = {f"{network}.{part}" for network in NETWORKS for part in PARTS}
    if manifest.family not in FAMILIES or set(manifest.layout.shapes) != names:
        raise ConfigurationError(
            f"such GANs of family {manifest.family!r} cannot be aligned, only three-layer ones (mlp, "
            "and r1-mlp without templates): give --align none"
        )
    if rotated and manifest.hparams.get("condition"):
        raise ConfigurationError(
            "these GANs take a condition in a part of their latent, which cannot be rotated: "
            "give --align permute"
        )


def widths(layout: Layout, network: str) -> tuple[int, int]:
    """Return the widths of the two hidden layers of `network`."""
    wide, high = layout.shapes[f"{network}.hidden.weight"]
    return high, wide


def weights(layout: Layout, network: str, vectors: Matrix) -> Weights:
    """Return views of one network's weights in vectors (n, P)."""
    places = {tensor.name: tensor for tensor in layout.tensors}
    names = (f"{network}.{part}" for part in PARTS[:5])
    return Weights(
        *(
            vectors[:, places[name].place].reshape(len(vectors), *places[name].shape, copy=False)
            for name in names
        )
    )


def permute(of: Weights, first: Order, second: Order) -> None:
    """Permute the units of the hidden layers in place, to the orders `first` (h,) and `second` (k,)."""
    of.input[:] = of.input[:, first]
    of.input_bias[:] = of.input_bias[:, first]
    of.hidden[:] = of.hidden[:, second[:, None], first]
    of.hidden_bias[:] = of.hidden_bias[:, second]
    of.out[:] = of.out[:, :, second]


def rotate(of: Weights, rotation: Matrix) -> None:
    """Multiply the input weights by `rotation` (I, I) from the right, in place, so that G'(z) =
    G(rotation z)."""
    of.input[:] = of.input @ rotation


def balance(of: Weights) -> None:
    """Scale hidden units, in place, such that a unit's incoming weights with its bias have the norm of
    its outgoing ones: the scales of least |weights|². A unit without either is left alone.

    Each layer's squared scales follow from the other's, and move half as far as those in the logarithm:
    so repeating it leads to the only solution, wherever it begins.
    """
    incoming = _squares(of.input).sum(axis=2) + _squares(of.input_bias)
    between, bias = _squares(of.hidden), _squares(of.hidden_bias)
    outgoing = _squares(of.out).sum(axis=1)
    first, second = np.ones_like(incoming), np.ones_like(outgoing)
    for _ in range(ROUNDS):
        first = _balanced((second[:, None] @ between)[:, 0], incoming)
        second = _balanced(outgoing, (between @ (1 / first)[:, :, None])[:, :, 0] + bias)
    first, second = (np.sqrt(scale).astype(np.float32) for scale in (first, second))
    of.input[:] *= first[:, :, None]
    of.input_bias[:] *= first
    of.hidden[:] *= second[:, :, None] / first[:, None]
    of.hidden_bias[:] *= second
    of.out[:] /= second[:, None]


def _squares(values: Matrix) -> NDArray[np.float64]:
    return np.square(values, dtype=np.float64)


def _balanced(outgoing: NDArray[np.float64], incoming: NDArray[np.float64]) -> NDArray[np.float64]:
    scaled = np.ones_like(outgoing)
    both = (outgoing > 0) & (incoming > 0)
    np.divide(outgoing, incoming, out=scaled, where=both)
    return np.sqrt(scaled)
