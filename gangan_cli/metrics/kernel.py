"""Kernel distance (KID) of two sets of features: the unbiased squared maximum mean discrepancy."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gangan_cli.metrics import pairwise
from gangan_cli.threads import in_threads


@dataclass(frozen=True)
class KernelDistance:
    """`distance` is the mean over `subsets` pairs of subsets of `size`; it may be a little below 0.

    `std` is the population standard deviation over them, as papers print it. `standard_error` is
    deviation / √subsets: the error that comes from the choice of subsets. It does not include the error
    that comes from the choice of samples, which is larger.
    """

    distance: float
    std: float
    standard_error: float
    subsets: int
    size: int


def kernel_distance(
    real: NDArray[np.float32],
    fake: NDArray[np.float32],
    subsets: int = 100,
    size: int = 1000,
    seed: int = 0,
) -> KernelDistance:
    """Compare features (n, d) and (m, d) with the kernel (x·y / d + 1)³.

    Bińkowski et al., "Demystifying MMD GANs" (2018), section 4. Each subset draws `size` of each set
    without replacement. The work grows with (n + m)², not with `subsets`.

    Raises:
        ValueError: fewer than two subsets, subsets of fewer than two rows or more than there are, rows
            that are not finite, or of different lengths.
    """
    if subsets < 2 or size < 2:
        raise ValueError(f"{subsets} subsets of {size}: at least 2 subsets of 2 are needed")
    real = pairwise.checked(real, "real features", least=size)
    fake = pairwise.checked(fake, "fake features", least=size)
    pairwise.same_width(real, fake, "real and fake features")
    random = np.random.default_rng(seed)
    of_real, of_fake = (_draws(len(part), subsets, size, random) for part in (real, fake))
    x, y = (torch.from_numpy(np.require(part, requirements="W")) for part in (real, fake))
    within = (_within(x, of_real) + _within(y, of_fake)) / (size * (size - 1))
    found = (within - 2 * _between(x, y, of_real, of_fake) / size**2).numpy()
    std = float(found.std())
    return KernelDistance(float(found.mean()), std, std / subsets**0.5, subsets, size)


def _draws(count: int, subsets: int, size: int, random: np.random.Generator) -> Tensor:
    """Draw `size` of `count` samples for each subset: ones, and zeros for the rest, (subsets, count)."""
    drawn = np.zeros((subsets, count))
    for row in drawn:
        row[random.choice(count, size, replace=False)] = 1
    return torch.from_numpy(drawn)


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    """Return the kernel (n, m) of features (n, d) and (m, d): float64, from products in float32."""
    values = (x @ y.T).double().div_(x.shape[1]).add_(1)
    return values.square().mul_(values)


def _between(x: Tensor, y: Tensor, of_x: Tensor, of_y: Tensor) -> Tensor:
    """Return each subset's sum (subsets,) of the kernel over all pairs of a row of x and a row of y.

    With draws of ones and zeros that is a matrix product: the kernel of each pair is computed once, not
    once for each subset, which for 2,000 samples is a twelfth of the work.
    """

    def part(place: slice) -> Tensor:
        return (of_x[:, place] @ _kernel(x[place], y)).mul_(of_y).sum(dim=1)

    return torch.stack(in_threads(part, pairwise.blocks(len(x), 4 * len(y)))).sum(dim=0)


def _within(x: Tensor, of_x: Tensor) -> Tensor:
    """Return each subset's sum (subsets,) of the kernel over ordered pairs of different rows of x."""

    def part(place: slice) -> Tensor:
        # The kernel is symmetric: pairs with later rows count twice, pairs with earlier ones not at all.
        values = _kernel(x[place], x[place.start :])
        rows = len(values)
        values[:, :rows].fill_diagonal_(0)
        values[:, rows:].mul_(2)
        return (of_x[:, place] @ values).mul_(of_x[:, place.start :]).sum(dim=1)

    return torch.stack(in_threads(part, pairwise.blocks(len(x), 4 * len(x)))).sum(dim=0)
