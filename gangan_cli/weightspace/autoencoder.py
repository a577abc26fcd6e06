"""An autoencoder that shortens the codes of principal components.

The trajectories of a population are curves. A linear code needs a direction for each turn of each curve,
most of which are irrelevant to most snapshots, and a GAN-GAN has to learn which directions belong
together. An autoencoder learns that beforehand, which is easier: a few numbers remain, nearly all
combinations of which are meaningful. The GAN-GAN then generates these numbers, as in Schürholt et al.,
"Hyper-Representations as Generative Models" (2022), who sample such a space with kernel densities.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np

from gangan_cli.threads import one_thread
from gangan_cli.weightspace.snapshots import Matrix

WIDTH = 512
"""Width of the two hidden layers of encoder and decoder. With 256 the reconstruction error is three
times as large (3,500 snapshots of 35 GANs, 256 components)."""

SLOPE = 0.2
"""Negative slope of the leaky ReLU."""

BATCH = 128
BATCHES = 3_000
PASSES = 400
"""Number of batches, and the maximum number of passes over the codes."""

RATE = 1e-3
"""Adam's learning rate, which falls linearly to 0."""

NOISE = 0.05
"""Standard deviation of the noise added to the short code in training, so that neighbouring codes decode
alike."""

SMALLNESS = 1e-3
"""Weight of the short code's mean square, without which the code would grow until the noise is
negligible."""


@dataclass(frozen=True)
class Decoder:
    """Short codes (n, d) back to codes (n, k): three linear layers, each (outputs, inputs + 1), the bias
    last."""

    layers: tuple[Matrix, ...]

    @classmethod
    def fit(cls, codes: Matrix, numbers: int, seed: int = 0) -> tuple["Decoder", Matrix]:
        """Return the decoder of an autoencoder with `numbers` numbers in the middle, and the short codes
        (n, numbers) of `codes` (n, k), each number with mean 0 and standard deviation 1.

        It is trained on the CPU; `seed` is that of its initial weights, batches and noise.
        """
        import torch
        from torch import nn

        def chain(*sizes: int) -> nn.Sequential:
            layers: list[nn.Module] = []
            for inputs, outputs in pairwise(sizes):
                layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(SLOPE)]
            return nn.Sequential(*layers[:-1])

        examples = torch.from_numpy(codes)
        size = codes.shape[1]
        epochs = min(PASSES, ceil(BATCHES / ceil(len(codes) / BATCH)))
        with torch.random.fork_rng(devices=[]), one_thread():
            torch.manual_seed(seed)
            encoder, decoder = chain(size, WIDTH, WIDTH, numbers), chain(numbers, WIDTH, WIDTH, size)
            weights = [*encoder.parameters(), *decoder.parameters()]
            optimiser = torch.optim.Adam(weights, RATE, fused=True)
            schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, epochs)
            for _ in range(epochs):
                for rows in torch.randperm(len(codes)).split(BATCH):
                    code = encoder(examples[rows])
                    rebuilt = decoder(code + NOISE * torch.randn_like(code))
                    error = (rebuilt - examples[rows]).square().mean()
                    loss = error + SMALLNESS * code.square().mean()
                    optimiser.zero_grad()
                    loss.backward()
                    optimiser.step()
                schedule.step()
            with torch.no_grad():
                code = encoder(examples)
                mean, std = code.mean(0), code.std(0, correction=0) + 1e-6
                linear = [part for part in decoder if isinstance(part, nn.Linear)]
                # The first layer undoes what makes the short codes standard.
                bias = linear[0].bias + linear[0].weight @ mean
                layers = [torch.column_stack([linear[0].weight * std, bias])]
                layers += [torch.column_stack([part.weight, part.bias]) for part in linear[1:]]
                standard = ((code - mean) / std).numpy()
        return cls(tuple(layer.numpy() for layer in layers)), standard

    def __call__(self, short: Matrix) -> Matrix:
        """Return the codes (..., k) of short ones (..., d)."""
        *hidden, last = self.layers
        for layer in hidden:
            short = short @ layer[:, :-1].T + layer[:, -1]
            short = np.maximum(short, SLOPE * short)
        made: Matrix = (short @ last[:, :-1].T + last[:, -1]).astype(np.float32, copy=False)
        return made
