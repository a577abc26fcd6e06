"""A population over its training: samples (the paper's Figure 2)."""

from dataclasses import dataclass

import numpy as np

from gangan_cli.sampling.lineage import Lineage, Pictures, pick

PAPER_EPOCHS = (1, 2, 11, 26, 28, 31, 33, 36, 41, 50)
"""The epochs of Figure 2, counted from 1: its caption counts all but the first two from 0."""

IN_QUARTERS = ("gan", "cgan", "dcgan", "infogan", "cyclegan")
"""Families that are shown at four epochs, as 002 does: 50, 100, 150 and 200."""


@dataclass(frozen=True)
class SamplesOverTraining:
    """What one GAN makes of the same noise at several epochs: `images` (epochs, n, height, width)."""

    gan: int
    epochs: list[int]
    images: Pictures
    seed: int


def samples_over_training(
    lineage: Lineage, *, gan: int | None = None, side: int = 8, seed: int = 0
) -> SamplesOverTraining:
    """Return `side`² samples at the ten epochs nearest to the paper's that the run has snapshots of.

    The paper's figure stops half-way; two more epochs show how a longer run ends. Families of 002 are
    shown after each quarter of training. Of a GAN that can be asked for classes there are as many
    samples squared, so that each class has a column.
    """
    gan, _ = pick(lineage.top, gan, None)
    keys = lineage.top.keys()
    there = keys[keys[:, 0] == gan, 1]
    last = int(there[-1])
    rest = [(PAPER_EPOCHS[-1] + last) // 2, last] if last > PAPER_EPOCHS[-1] else []
    shown = *PAPER_EPOCHS, *rest
    if lineage.top.manifest.family in IN_QUARTERS:
        shown = tuple(last * quarter // 4 for quarter in (1, 2, 3, 4))
    epochs = sorted({int(there[np.abs(there - wanted).argmin()]) for wanted in shown})
    vectors, _ = lineage.top.matrix(np.array([(gan, epoch) for epoch in epochs], np.int64))
    side = lineage.classes.count if lineage.classes else side
    images = lineage.images(vectors, lineage.noises(side**2, seed))
    return SamplesOverTraining(gan, epochs, images, seed)
