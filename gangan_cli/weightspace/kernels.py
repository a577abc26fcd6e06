"""The kernels of a network's layers as vectors, for comparing one network's layers with another's."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gangan_cli.weightspace.snapshots import Matrix
from store.layout import Layout


@dataclass(frozen=True)
class Kernels:
    """The kernels of one layer: `vectors` (n, d). `kind` says what they are: "5 × 5" for slices of a
    convolution, d numbers for each pair of channels, or "linear" for units of a linear layer."""

    layer: str
    kind: str
    vectors: Matrix

    @property
    def turned(self) -> "Kernels":
        """The same, each turned by 180 degrees, as a convolution is to its transpose."""
        return Kernels(self.layer, self.kind, np.ascontiguousarray(self.vectors[:, ::-1]))

    def compares_with(self, other: "Kernels") -> bool:
        """Return whether the two have vectors of the same meaning: kind and length."""
        return (self.kind, self.vectors.shape[1]) == (other.kind, other.vectors.shape[1])


def kernels_of(layout: Layout, vector: Matrix, network: str, *, outgoing: bool) -> list[Kernels]:
    """Return the kernels of the layers of `network` in a snapshot (P,), from its input to its output.

    Of a convolution these are its slices (001, section 4: "each 5 × 5 slice is one vector"), of a linear
    layer the weights into each of its units, or if `outgoing` those out of each unit of the layer
    before: the last layer of a generator draws with these what the first of a discriminator looks for.
    """
    found = []
    for tensor in layout.tensors:
        owner, _, name = tensor.name.partition(".")
        if owner != network or tensor.statistic or len(tensor.shape) not in (2, 4):
            continue
        values = vector[tensor.place].reshape(tensor.shape)
        layer = name.removesuffix(".weight")
        if values.ndim == 4:
            high, wide = values.shape[2:]
            found.append(Kernels(layer, f"{high} × {wide}", values.reshape(-1, high * wide)))
        else:
            found.append(Kernels(layer, "linear", values.T if outgoing else values))
    return found


def networks_of(layout: Layout) -> Sequence[str]:
    """Return the names of a layout's networks, in its order."""
    return list(dict.fromkeys(tensor.name.partition(".")[0] for tensor in layout.tensors))
