"""Where all randomness of a GAN comes from: its seed, its number and the epoch."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from gangan_cli.models.family import Family

BLOCK = 32
"""Steps whose noise is drawn at once: on a GPU each draw is a launch, and each GAN draws its own."""


def stream(seed: int, gan: int, epoch: int, device: str) -> torch.Generator:
    """Return the source of all randomness of one GAN in one epoch (epoch 0: its initial weights)."""
    number = int(np.random.SeedSequence([seed, gan, epoch]).generate_state(1, np.uint64)[0])
    return torch.Generator(device).manual_seed(number)


def noise_of(
    family: Family, batch_size: int, streams: Sequence[torch.Generator], steps: int
) -> Iterator[Tensor]:
    """Yield the noise of each of so many steps, (phases, n, B, L), from the n GANs' streams."""
    for first in range(0, steps, BLOCK):
        shape = min(BLOCK, steps - first), len(family.phases), batch_size
        yield from torch.stack([family.noise(shape, source) for source in streams], dim=2)
