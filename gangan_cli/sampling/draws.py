"""Latents at which a GAN-GAN is sampled, as a user names them."""

from dataclasses import dataclass

import numpy as np

from gangan_cli.errors import ConfigurationError
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.weightspace.conditions import Condition
from gangan_cli.weightspace.snapshots import Matrix

REACH = 2.0
"""The ends of a walk along one dimension of the latent."""


@dataclass(frozen=True)
class LatentRequest:
    """Which latents: `count` drawn from the family's distribution; or the one written as `latent`, as in
    "0.3,-1"; or `count` along dimension `walk` (from 1) of a drawn latent. With `ask`, as in "epoch=80",
    "score=150" or "best", the condition has this value. All depends on `seed` alone."""

    count: int = 16
    seed: int = 0
    latent: str = ""
    walk: int | None = None
    ask: str = ""


def latents_of(lineage: Lineage, request: LatentRequest) -> Matrix:
    """Return the requested latents (n, L) of the GAN-GAN on top.

    Raises:
        ConfigurationError: the latent has another length, or the GAN-GAN no such dimension or condition.
    """
    size = lineage.family.latent_dim
    if request.latent:
        latents = _written(request.latent, size)
    elif request.walk is None:
        latents = lineage.sample_latents(request.count, request.seed)
    else:
        if not 1 <= request.walk <= size:
            raise ConfigurationError(f"walk is {request.walk}: the latent has dimensions 1 to {size}")
        latents = np.repeat(lineage.sample_latents(1, request.seed), request.count, axis=0)
        latents[:, request.walk - 1] = np.linspace(-REACH, REACH, request.count)
    if request.ask:
        latents[:, -1] = _condition(lineage, request.ask)
    return latents


def _written(text: str, size: int) -> Matrix:
    try:
        latent = np.array([float(part) for part in text.split(",")], np.float32)
    except ValueError:
        raise ConfigurationError(f"latent {text!r}: give {size} numbers, as in 0.3,-1") from None
    if len(latent) != size or not np.isfinite(latent).all():
        raise ConfigurationError(f"latent {text!r} has {len(latent)} numbers: give {size} finite ones")
    return latent[None]


def _condition(lineage: Lineage, text: str) -> float:
    """Return the condition that is written as "epoch=80", "score=150" or "best", scaled to [-1, 1]."""
    scale = Condition.of(lineage.top)
    if scale is None:
        raise ConfigurationError(
            f"run {lineage.top.name!r} takes no condition: train one with --condition epoch or score"
        )
    what, equals, value = text.partition("=")
    if text == "best":
        number = scale.high if scale.what == "epoch" else scale.low
    elif what == scale.what and equals:
        try:
            number = float(value)
        except ValueError:
            raise ConfigurationError(f"ask {text!r}: {value!r} is not a number") from None
    else:
        raise ConfigurationError(f"ask {text!r}: give {scale.what}=NUMBER or best")
    if not scale.low <= number <= scale.high:
        raise ConfigurationError(f"ask {text!r}: give {scale.low:g} to {scale.high:g}")
    return float(scale.encode(np.array([number]))[0])
