"""Scores of class probabilities: label entropy, inception score, and class balance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.floating]


@dataclass(frozen=True)
class LabelScores:
    """Scores of the probabilities of k classes for n images; entropies in nats, so at most ln k.

    `mean`, `std` (population), `lowest` and `highest` are of the label entropies of single images:
    Karuvally (001), section 6.1.1 of the paper. `standard_error` is that of the mean. A generator of one
    clean digit has a perfect mean of 0, so read it along with `marginal`, the entropy of the mean
    probabilities, and `inception_score`, exp(marginal - mean), from 1 to k: Salimans et al. (2016).

    `classes` (k,) counts the likeliest labels; `total_variation` is the total variation distance between
    their histogram and the uniform one, from 0 to 1 - 1/k.
    """

    mean: float
    std: float
    standard_error: float
    lowest: float
    highest: float
    marginal: float
    inception_score: float
    classes: NDArray[np.int64]
    total_variation: float


def label_scores(probabilities: Probabilities) -> LabelScores:
    """Score class probabilities (n, k).

    Raises:
        ValueError: rows that are not probabilities, or no row.
    """
    probabilities = _checked(probabilities)
    count, width = probabilities.shape
    each = _entropy(probabilities)
    mean, std = float(each.mean()), float(each.std())
    marginal = float(_entropy(probabilities.mean(axis=0)))
    classes = np.bincount(probabilities.argmax(axis=1), minlength=width).astype(np.int64)
    return LabelScores(
        mean=mean,
        std=std,
        standard_error=std / count**0.5,
        lowest=float(each.min()),
        highest=float(each.max()),
        marginal=marginal,
        inception_score=float(np.exp(marginal - mean)),
        classes=classes,
        total_variation=float(np.abs(classes / count - 1 / width).sum() / 2),
    )


@dataclass(frozen=True)
class LabelErrors:
    """Standard errors of those label scores that are not means of a value per image."""

    marginal: float
    inception_score: float
    total_variation: float


def label_errors(probabilities: Probabilities, resamples: int = 50, seed: int = 0) -> LabelErrors:
    """Return bootstrap standard errors of the label scores of class probabilities (n, k).

    Raises:
        ValueError: rows that are not probabilities, or no row.
    """
    probabilities = _checked(probabilities)
    count, width = probabilities.shape
    each, labels = _entropy(probabilities), np.eye(width)[probabilities.argmax(axis=1)]
    weights = (
        np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), resamples) / count
    )
    marginals = _entropy(weights @ probabilities)
    found = (
        marginals,
        np.exp(marginals - weights @ each),
        np.abs(weights @ labels - 1 / width).sum(axis=1) / 2,
    )
    return LabelErrors(*(float(values.std(ddof=1)) for values in found))


def entropies(probabilities: Probabilities) -> NDArray[np.float64]:
    """Return the label entropy (n,) of each row of class probabilities (n, k), in nats.

    Raises:
        ValueError: rows that are not probabilities, or no row.
    """
    return _entropy(_checked(probabilities))


def entropy_histogram(
    probabilities: Probabilities, bins: int = 100
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return counts (bins,) of label entropies in `bins` bins over [0, ln k], and edges (bins + 1,).

    Raises:
        ValueError: rows that are not probabilities, or no row.
    """
    each = entropies(probabilities)
    # Rounding may put a uniform row just above the last edge, where numpy would drop it.
    top = float(np.log(probabilities.shape[1]))
    counts, edges = np.histogram(each.clip(0, top), bins, (0, top))
    return counts.astype(np.int64), edges.astype(np.float64)


def _checked(probabilities: Probabilities) -> NDArray[np.float64]:
    if probabilities.ndim != 2 or not len(probabilities) or probabilities.shape[1] < 2:
        shape = probabilities.shape
        raise ValueError(f"probabilities must be a matrix (n, k) of two or more classes, not {shape}")
    probabilities = probabilities.astype(np.float64)
    sums = probabilities.sum(axis=1, keepdims=True)
    # Written so that NaN fails too.
    good = (probabilities >= 0).all(axis=1) & (np.abs(sums[:, 0] - 1) < 1e-3)
    if not good.all():
        raise ValueError(f"{(~good).sum()} of {len(good)} rows are not probabilities that add up to 1")
    normalised: NDArray[np.float64] = probabilities / sums
    return normalised


def _entropy(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return -Σ p ln p over the last axis, where 0 ln 0 = 0."""
    logarithms = np.log(probabilities, out=np.zeros_like(probabilities), where=probabilities > 0)
    # Adding 0 turns the -0 of a certain label into 0.
    return np.asarray(-(probabilities * logarithms).sum(axis=-1) + 0.0)
