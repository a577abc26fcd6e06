"""Samples of numbers beside a normal distribution, and densities beside each other."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def normal_quantiles(mean: float, std: float, count: int) -> Values:
    """Return `count` numbers that stand for N(mean, std²): its quantiles at (i + ½) / count."""
    from scipy.special import ndtri

    quantiles: Values = mean + std * ndtri((np.arange(count) + 0.5) / count)
    return quantiles


def wasserstein(numbers: NDArray[np.floating], mean: float, std: float) -> Values:
    """Return the Wasserstein-1 distance (...) of each sample in `numbers` (..., n) to N(mean, std²): the
    mean distance of its sorted numbers to the quantiles."""
    quantiles = normal_quantiles(mean, std, numbers.shape[-1])
    found: Values = np.abs(np.sort(numbers, axis=-1) - quantiles).mean(axis=-1)
    return found


def mass_outside(numbers: NDArray[np.floating], low: float, high: float) -> Values:
    """Return the share (...) of each sample in `numbers` (..., n) that lies outside [low, high]."""
    found: Values = ((numbers < low) | (numbers > high)).mean(axis=-1)
    return found


def jensen_shannon(p: Values, q: Values) -> Values:
    """Return the Jensen-Shannon divergence (...) of distributions p (..., b) and q (b,) over the same
    bins, in nats: from 0, if they are equal, to log 2, if they have no bin in common.

    What a distribution lacks to a sum of 1 counts as one more bin.

    Goodfellow et al. (2014), equation 6.
    """
    p, q = _completed(p), _completed(q)
    middle = (p + q) / 2

    def divergence(of: Values) -> Values:
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = np.where(of > 0, of * np.log(of / middle), 0.0)
        found: Values = parts.sum(axis=-1)
        return found

    return (divergence(p) + divergence(np.broadcast_to(q, p.shape))) / 2


def _completed(p: Values) -> Values:
    rest = np.maximum(1 - p.sum(axis=-1, keepdims=True), 0)
    return np.concatenate([p, rest], axis=-1)


def value(real: NDArray[np.floating], fake: NDArray[np.floating]) -> Values:
    """Return V(D, G) = E log D(x) + E log(1 - D(G(z))) (...) of what a discriminator says of real
    numbers (..., n) and of generated ones (..., m); -log 4 = -1.386 if it says 1/2 to all.

    Goodfellow et al. (2014), equation 1.
    """
    smallest = np.finfo(np.float32).tiny
    real, fake = np.maximum(real, smallest), np.maximum(1 - fake.astype(np.float64), smallest)
    found: Values = np.log(real).mean(axis=-1) + np.log(fake).mean(axis=-1)
    return found


def optimal_discriminator(real: Values, made: Values) -> Values:
    """Return D*(x) = p_data(x) / (p_data(x) + p_g(x)) (..., b) for densities `made` (..., b) and `real`
    (b,) at the same places; 1/2 where both are 0.

    Goodfellow et al. (2014), equation 2.
    """
    both = real + made
    found: Values = np.divide(real, both, out=np.full(both.shape, 0.5), where=both > 0)
    return found
