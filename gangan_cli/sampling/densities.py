"""What GANs of numbers make, as densities: the histogram of their numbers beside the data's density, and
the curve of their discriminators (001, figures 3 and 4)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangan_cli.images.grid import Bytes
from gangan_cli.images.numbers import Numbers
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.sampling.over_training import epochs_shown
from gangan_cli.weightspace.snapshots import Matrix

Values = NDArray[np.float64]

BINS = 99
"""Bins of a histogram, as in the released code of 001."""

REACH = 8.0
"""Densities are shown from -REACH to REACH, as in 001, or further for data that lie further out."""

DRAWN = 10_000
"""Numbers of which a density is made."""


@dataclass(frozen=True)
class Densities:
    """Of n GANs, over bins of equal width with centres `x` (b,): `made` (n, b), the density of the
    numbers that each generates (what lies outside is left out, but counted), `judged` (n, b), its
    discriminator, and `real` (b,), the density of the data. `mean` and `std` (n,) are of all numbers
    generated."""

    x: Values
    made: Values
    judged: Values
    real: Values
    mean: Values
    std: Values


def axis_of(dataset: Numbers) -> Values:
    """Return the edges (BINS + 1,) of the bins in which a dataset's densities are shown."""
    reach = max(REACH, abs(dataset.mean) + 4 * dataset.std)
    return np.linspace(-reach, reach, BINS + 1)


def generated_numbers(lineage: Lineage, vectors: Matrix, count: int, seed: int) -> Matrix:
    """Return `count` numbers of each GAN at the bottom with weights (n, P): (n, count)."""
    return lineage.generate(vectors, lineage.fixed_noise(count, seed)[-1:])[..., 0]


def densities(lineage: Lineage, vectors: Matrix, seed: int) -> Densities:
    """Return the densities of GANs at the bottom with weights (n, P), which were trained on numbers."""
    return densities_of(lineage, vectors, generated_numbers(lineage, vectors, DRAWN, seed))


def densities_of(lineage: Lineage, vectors: Matrix, numbers: Matrix) -> Densities:
    """Return the same, of `numbers` (n, count) that they generated."""
    assert lineage.numbers is not None
    edges = axis_of(lineage.numbers)
    x, width = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
    counts = np.stack([np.histogram(of_gan, edges)[0] for of_gan in numbers])
    return Densities(
        x,
        counts / (numbers.shape[1] * width),
        lineage.discriminate(vectors, x[:, None].astype(np.float32)).astype(np.float64),
        lineage.numbers.density(x),
        numbers.mean(axis=1, dtype=np.float64),
        numbers.std(axis=1, dtype=np.float64),
    )


def densities_over_training(
    lineage: Lineage, gan: int | None, seed: int
) -> tuple[int, list[int], Densities]:
    """Return a GAN, by default the first, epochs of it, and its densities at each of them."""
    gan, epochs = epochs_shown(lineage, gan)
    vectors, _ = lineage.top.matrix(np.array([(gan, epoch) for epoch in epochs], np.int64))
    return gan, epochs, densities(lineage, vectors, seed)


def silhouettes(found: Densities, height: int = 48) -> Bytes:
    """Return small pictures (n, height, BINS) of densities: what is generated in grey, the data's as a
    white line."""
    top = 1.25 * found.real.max()
    heights = np.arange(height)[::-1, None] / height * top
    pictures = np.where(heights < found.made[:, None], 150, 0).astype(np.uint8)
    line = np.clip((found.real / top * height).astype(np.int64), 0, height - 1)
    pictures[:, height - 1 - line, np.arange(len(line))] = 255
    return pictures
