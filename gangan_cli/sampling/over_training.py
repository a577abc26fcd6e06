"""Samples of a GAN over its training (the paper's Figure 2)."""

from dataclasses import dataclass

import numpy as np

from gangan_cli.sampling.lineage import Lineage, Pictures, resolve_snapshot

PAPER_EPOCHS = (1, 2, 11, 26, 28, 31, 33, 36, 41, 50)
"""The epochs of Figure 2, counted from 1. Its caption counts all but the first two from 0."""

QUARTERLY_FAMILIES = ("gan", "cgan", "dcgan", "infogan", "cyclegan")
"""Families that are shown after each quarter of training, as in 002: epochs 50, 100, 150 and 200."""


@dataclass(frozen=True)
class SamplesOverTraining:
    """Samples of one GAN at several epochs from the same noise: `images` (epochs, n, height, width)."""

    gan: int
    epochs: list[int]
    images: Pictures
    seed: int


def samples_over_training(
    lineage: Lineage, *, gan: int | None = None, side: int = 8, seed: int = 0
) -> SamplesOverTraining:
    """Return `side`² samples at each of the epochs with a snapshot that are nearest to PAPER_EPOCHS.

    The paper's figure ends half-way through training. For a longer run its last epoch is added, and one
    half-way to it. QUARTERLY_FAMILIES are shown after each quarter of training instead. If a GAN
    has classes, `side` is their number, so that each class has a column.
    """
    gan, _ = resolve_snapshot(lineage.top, gan, None)
    keys = lineage.top.keys()
    there = keys[keys[:, 0] == gan, 1]
    last = int(there[-1])
    rest = [(PAPER_EPOCHS[-1] + last) // 2, last] if last > PAPER_EPOCHS[-1] else []
    shown = *PAPER_EPOCHS, *rest
    if lineage.top.manifest.family in QUARTERLY_FAMILIES:
        shown = tuple(last * quarter // 4 for quarter in (1, 2, 3, 4))
    epochs = sorted({int(there[np.abs(there - wanted).argmin()]) for wanted in shown})
    vectors, _ = lineage.top.matrix(np.array([(gan, epoch) for epoch in epochs], np.int64))
    side = lineage.classes.count if lineage.classes else side
    images = lineage.render(vectors, lineage.fixed_noise(side**2, seed))
    return SamplesOverTraining(gan, epochs, images, seed)
