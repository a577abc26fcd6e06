"""The presets of GAN-GANs: settings that belong together."""

from collections.abc import Mapping
from typing import Any

R1 = "r1-mlp"
"""The default family over weights, with a choice of losses and penalties, and with conditions."""

RAW_PAPER: Mapping[str, Any] = {
    "family": "mlp",
    "components": 0,
    "bottleneck": 0,
    "batch_size": 32,
    "repeat": 1,
    "latent_dim": 1,
    # "a smaller hidden dimension for the discriminator … helped to stabilize"
    "family_options": "discriminator_width=8 generator_width=64",
    "lr": 2e-4,
    # A snapshot takes 33 MB; every tenth is enough to see it learn, and 250 would take 8.3 GB.
    "snapshot_every": 10,
}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    # Regularised, on a short code of principal components: the one that works.
    "default": {},
    # One number that goes along the training of one GAN, as the paper describes it. A penalty that
    # falls, as over many GANs, leaves an axis with jumps.
    "trajectory": {
        "gans": "0",
        "latent_dim": 1,
        "bottleneck": 0,
        "family_options": "instance_noise=4.0 r1=0.054 r1_final=0.0 lr_decay=false",
        "repeat": 60,
        "batch_size": 32,
        "epochs": 100,
        "snapshot_every": 10,
    },
    # Algorithm 1 as printed: the raw snapshots of all GANs.
    "paper": RAW_PAPER,
    # The released code: its loader reads GAN 0's folder 35 times over.
    "released": {**RAW_PAPER, "gans": "0", "repeat": 35},
}
