"""Samples of a GAN over its training (the paper's Figure 2)."""

from dataclasses import dataclass

import numpy as np

from gangan_cli.sampling.lineage import Lineage, Pictures, resolve_snapshot

PAPER_EPOCHS = (1, 2, 11, 26, 28, 31, 33, 36, 41, 50)
"""The epochs of Figure 2, counted from 1. Its caption counts all but the first two from 0."""

QUARTERLY_FAMILIES = ("gan", "cgan", "dcgan", "infogan", "cyclegan")
"""Families that are shown after each quarter of training, as in 002: epochs 50, 100, 150 and 200."""

FRAMES = 100
"""Most epochs of a film."""


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
    gan, epochs = epochs_shown(lineage, gan)
    return _samples(lineage, gan, epochs, side, seed)


def epochs_shown(lineage: Lineage, gan: int | None) -> tuple[int, list[int]]:
    """Return a GAN, by default the first, and its epochs that show how it was trained."""
    gan, _ = resolve_snapshot(lineage.top, gan, None)
    keys = lineage.top.keys()
    there = keys[keys[:, 0] == gan, 1]
    last = int(there[-1])
    rest = [(PAPER_EPOCHS[-1] + last) // 2, last] if last > PAPER_EPOCHS[-1] else []
    shown = *PAPER_EPOCHS, *rest
    if lineage.top.manifest.family in QUARTERLY_FAMILIES:
        shown = tuple(last * quarter // 4 for quarter in (1, 2, 3, 4))
    return gan, sorted({int(there[np.abs(there - wanted).argmin()]) for wanted in shown})


def training_film(
    lineage: Lineage, *, gan: int | None = None, side: int = 8, seed: int = 0
) -> SamplesOverTraining:
    """Return `side`² samples at every epoch with a snapshot, also at epoch 0; of more than FRAMES
    epochs, as many evenly spaced ones. If a GAN has classes, `side` is their number."""
    gan, _ = resolve_snapshot(lineage.top, gan, None)
    keys = lineage.top.keys(initial=True)
    there = keys[keys[:, 0] == gan, 1]
    places = np.unique(np.linspace(0, len(there) - 1, FRAMES).round().astype(int))
    return _samples(lineage, gan, there[places].tolist(), side, seed)


def _samples(lineage: Lineage, gan: int, epochs: list[int], side: int, seed: int) -> SamplesOverTraining:
    side = lineage.classes.count if lineage.classes else side
    noise = lineage.fixed_noise(side**2, seed)
    # One epoch at a time: of convolutions an image takes up to 1.5 MB.
    images = [lineage.render(lineage.top.snapshot(gan, epoch)[None], noise) for epoch in epochs]
    return SamplesOverTraining(gan, epochs, np.concatenate(images), seed)
