"""Parzen-window log-likelihood of test images, with Gaussian windows on a generator's samples."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gangan_cli.metrics import pairwise

SIGMAS: tuple[float, ...] = tuple(np.logspace(-1, 0, 10).tolist())
"""Widths of a window to choose from: those of the script that Goodfellow et al. released."""

AT_ONCE = 2000
"""Rows at a time: 6 MB of images, which stay in the cache while all samples pass."""


@dataclass(frozen=True)
class Parzen:
    """`log_likelihood` is the mean over the test rows in nats, `standard_error` that of this mean.

    `sigma` is the width that was best for the validation rows. More `samples` give a higher likelihood,
    so report their number too.
    """

    log_likelihood: float
    standard_error: float
    sigma: float
    samples: int


def parzen(
    samples: NDArray[np.float32],
    validation: NDArray[np.float32],
    test: NDArray[np.float32],
    sigmas: tuple[float, ...] = SIGMAS,
) -> Parzen:
    """Score test rows (t, d) under samples (n, d), with the width best for validation rows (v, d).

    Goodfellow et al., "Generative adversarial nets" (2014), section 5, on 10,000 samples, 1,000
    validation and 10,000 test images. Images must lie in [0, 1]: the widths do not suit [-1, 1].

    Raises:
        ValueError: an empty set, rows of different lengths or not finite, or a width not above 0.
    """
    if not sigmas or min(sigmas) <= 0:
        raise ValueError(f"widths must be above 0: {sigmas}")
    samples = pairwise.checked(samples, "samples")
    validation, test = pairwise.checked(validation, "validation"), pairwise.checked(test, "test")
    pairwise.same_width(samples, validation, "samples and validation")
    pairwise.same_width(samples, test, "samples and test")
    chosen = log_likelihoods(validation, samples, sigmas).mean(axis=1).argmax()
    sigma = sigmas[chosen]
    found = log_likelihoods(test, samples, (sigma,))[0]
    return Parzen(float(found.mean()), float(found.std() / len(found) ** 0.5), sigma, len(samples))


def log_likelihoods(
    rows: NDArray[np.float32], samples: NDArray[np.float32], sigmas: tuple[float, ...]
) -> NDArray[np.float64]:
    """Return the log-likelihood (widths, n) of rows (n, d) under samples (m, d), for each width."""

    def terms(_: slice, squares: Tensor) -> NDArray[np.float64]:
        """Return the logarithms (widths, n) of the sums over some of the samples."""
        # Without the smallest distance the exponentials do not vanish, and float32 suffices.
        nearest = squares.amin(dim=0)
        further = squares.sub_(nearest)
        found = torch.empty(len(sigmas), len(nearest), dtype=torch.float64)
        for width, sigma in enumerate(sigmas):
            # Beside the nearest sample's weight of 1, e⁻⁸⁰ is negligible; underflow in float32 is slow.
            weights = (further / (-2 * sigma**2)).clamp_(min=-80).exp_()
            found[width] = weights.sum(dim=0).double().log_() - nearest.double() / (2 * sigma**2)
        return found.numpy()

    sums = [
        np.logaddexp.reduce(pairwise.of_blocks(terms, samples, rows[first : first + AT_ONCE]))
        for first in range(0, len(rows), AT_ONCE)
    ]
    constant = samples.shape[1] * np.log(np.asarray(sigmas) * np.sqrt(2 * np.pi)) + np.log(len(samples))
    likelihoods: NDArray[np.float64] = np.concatenate(sums, axis=1) - constant[:, None]
    return likelihoods
