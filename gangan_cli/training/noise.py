"""The noise of training steps."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gangan_cli.models.family import Family, unrolled_phases

BLOCK = 32
"""Steps whose noise is drawn at once: on a GPU each draw is a kernel launch, per GAN."""


def step_noise(
    family: Family,
    batch_size: int,
    streams: Sequence[torch.Generator],
    progress: NDArray[np.float64],
) -> Iterator[Tensor]:
    """Yield the noise of each step, (updates, n, B, L + C), from the n GANs' streams; `progress`
    (steps,) is the share of training that is done before each."""
    often = len(unrolled_phases(family))
    for first in range(0, len(progress), BLOCK):
        part = progress[first : first + BLOCK]
        shape = len(part), often, batch_size
        noise = torch.stack([family.noise(shape, source) for source in streams], dim=2)
        if family.aux_noise_dim:
            auxiliary = [family.aux_noise(shape, source, part) for source in streams]
            noise = torch.cat([noise, torch.stack(auxiliary, dim=2)], dim=-1)
        yield from noise
