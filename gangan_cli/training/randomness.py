"""Where all randomness of a GAN comes from: its seed, its number and the epoch."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gangan_cli.models.family import Family

BLOCK = 32
"""Steps whose noise is drawn at once: on a GPU each draw is a launch, and each GAN draws its own."""


def stream(seed: int, gan: int, epoch: int, device: str) -> torch.Generator:
    """Return the source of all randomness of one GAN in one epoch (epoch 0: its initial weights)."""
    number = int(np.random.SeedSequence([seed, gan, epoch]).generate_state(1, np.uint64)[0])
    return torch.Generator(device).manual_seed(number)


def noise_of(
    family: Family,
    batch_size: int,
    streams: Sequence[torch.Generator],
    blurs: NDArray[np.float64],
) -> Iterator[Tensor]:
    """Yield the noise of each step, (phases, n, B, L) or L + D, from the n GANs' streams; there are as
    many steps as `blurs` (steps,)."""
    for part in torch.from_numpy(blurs).float().split(BLOCK):
        shape = len(part), len(family.phases), batch_size
        noise = torch.stack([family.noise(shape, source) for source in streams], dim=2)
        if family.blur:
            noise = torch.cat([noise, _blur(family, shape, streams, part)], dim=-1)
        yield from noise


def _blur(
    family: Family, shape: tuple[int, ...], streams: Sequence[torch.Generator], blurs: Tensor
) -> Tensor:
    """Return how far examples are moved, (steps, phases, n, B, D)."""
    device = streams[0].device
    if not blurs.any():
        return torch.zeros(*shape[:2], len(streams), shape[2], family.data_dim, device=device)
    drawn = [torch.randn(*shape, family.data_dim, generator=s, device=device) for s in streams]
    return torch.stack(drawn, dim=2) * blurs.to(device).view(-1, 1, 1, 1, 1)
