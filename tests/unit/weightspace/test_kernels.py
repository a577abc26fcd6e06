"""Which numbers of a snapshot are a layer's kernels."""

import numpy as np

from gangan_cli.weightspace.kernels import kernels_of, networks_of
from store import Layout

LAYOUT = Layout.of(
    {
        "discriminator.first.weight": (2, 1, 3, 3),
        "discriminator.first.bias": (2,),
        "discriminator.norm.running_mean": (2,),
        "discriminator.out.weight": (1, 4),
        "generator.in.weight": (4, 2),
        "generator.last.weight": (4, 3),
    },
    {"discriminator.norm.running_mean"},
)


def test_kernels_are_slices_of_convolutions_and_units_of_linear_layers():
    vector = np.arange(LAYOUT.size, dtype=np.float32)
    assert networks_of(LAYOUT) == ["discriminator", "generator"]
    first, out = kernels_of(LAYOUT, vector, "discriminator", outgoing=False)
    assert (first.layer, first.kind, out.layer, out.kind) == ("first", "3 × 3", "out", "linear")
    assert first.vectors.tolist() == [list(range(9)), list(range(9, 18))]
    assert out.vectors.shape == (1, 4)
    inner, last = kernels_of(LAYOUT, vector, "generator", outgoing=True)
    assert inner.vectors.shape == (2, 4) and last.vectors.shape == (3, 4)  # out of each unit
    assert last.vectors[0].tolist() == vector[-12::3].tolist()
    assert out.compares_with(last) and not first.compares_with(last)
    assert first.turned.vectors[0].tolist() == list(range(8, -1, -1))
