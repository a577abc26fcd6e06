"""Random numbers of a GAN, derived from (seed, gan, epoch) alone."""

import numpy as np
import torch


def stream(seed: int, gan: int, epoch: int, device: str) -> torch.Generator:
    """Return the generator of one GAN's random numbers in one epoch (epoch 0: its initial weights)."""
    number = int(np.random.SeedSequence([seed, gan, epoch]).generate_state(1, np.uint64)[0])
    return torch.Generator(device).manual_seed(number)
