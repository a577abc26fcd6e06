"""Latent traversals: one code of a GAN's latent varies, a class or a number, while the rest stays."""

from dataclasses import dataclass

import numpy as np

from gangan_cli.models.latent_codes import Categorical, LatentCode
from gangan_cli.sampling.lineage import Lineage, Pictures, resolve_snapshot

STEPS = 10
"""Values of a continuous code, and noise vectors for each class."""


@dataclass(frozen=True)
class Traversal:
    """Images (rows, columns, height, width) whose columns differ in one code only.

    If that is the class, each row has another noise vector. If it is a continuous code, each row has
    another class, if the GAN has classes, and the same noise.
    """

    code: LatentCode
    columns: list[float]
    images: Pictures


def latent_traversals(
    lineage: Lineage, *, gan: int | None = None, epoch: int | None = None, seed: int = 0
) -> tuple[int, int, list[Traversal]]:
    """Return a snapshot's GAN and epoch, and a traversal of each of its latent codes."""
    gan, epoch = resolve_snapshot(lineage.top, gan, epoch)
    codes = lineage.latent_codes
    vector = lineage.top.snapshot(gan, epoch)[None]
    found = []
    for code in codes:
        (rows,) = lineage.fixed_noise(STEPS, seed)
        columns: list[float]
        if isinstance(code, Categorical):
            columns = list(range(code.count))
        else:
            columns = np.linspace(-1, 1, STEPS).tolist()
            rows = np.repeat(rows[:1], STEPS, axis=0)
            if lineage.classes:
                rows = lineage.classes.put(rows, np.arange(STEPS) % lineage.classes.count)
        every = np.repeat(rows, len(columns), axis=0)
        noise = code.put(every, columns * len(rows))
        images = lineage.render(vector, [noise])[0]
        shape = len(rows), len(columns), *images.shape[1:]
        found.append(Traversal(code, columns, images.reshape(shape)))
    return gan, epoch, found
