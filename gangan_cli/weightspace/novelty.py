"""Whether sampled weights are new, or copies of the snapshots that they were learnt from.

Distances have a meaning only beside those of the snapshots themselves: between consecutive snapshots of
a GAN, and from a snapshot to the nearest of another GAN (snapshot_index.py).
"""

import numpy as np

from gangan_cli.weightspace.index import Numbers
from gangan_cli.weightspace.snapshots import Matrix, Snapshots, consecutive
from store import Layout
from store.keys import Keys

ROUNDING = 1e-5
"""Share of the length of weights that a step must exceed: float32 has seven digits."""

NEAR = 3.0
"""Maximum distance in epoch steps at which a vector is near a snapshot."""

MAX_RATIO = 0.5
"""Maximum ratio of the distances to the nearest snapshot and to the nearest of another GAN, at which a
vector counts as near a GAN: the mean of all initial weights is within a few steps of each, and like none
of them. The ratio is Lowe's, "Distinctive image features from scale-invariant keypoints" (2004), section
7.1."""


def lengths_by_tensor(layout: Layout, differences: Matrix) -> dict[str, Numbers]:
    """Return the length (n,) of each tensor of differences of weights (n, P), by the tensor's name."""
    return {
        tensor.name: np.linalg.norm(differences[:, tensor.place], axis=1).astype(np.float64)
        for tensor in layout.tensors
    }


def epoch_steps_by_tensor(view: Snapshots, keys: Keys) -> dict[str, float]:
    """Return the median length of the step between consecutive snapshots of a GAN, by tensor; 0 if it
    is no more than rounding."""
    chosen, layout = consecutive(keys), view.manifest.layout
    before = view.matrix(keys[chosen])[0]
    lengths = lengths_by_tensor(layout, before)
    steps = lengths_by_tensor(layout, view.matrix(keys[chosen + 1])[0] - before)
    found = {name: float(np.median(lengths_of)) for name, lengths_of in steps.items()}
    return {
        name: step if step > ROUNDING * np.median(lengths[name]) else 0.0 for name, step in found.items()
    }
