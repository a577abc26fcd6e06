"""Squared distances between all pairs of two sets, in blocks of rows."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gangan_cli.threads import in_threads

Matrix = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Result = TypeVar("Result")

BLOCK = 8 << 20
"""Bytes of float32 products that a thread holds at once; a score may need three times that. They stay in
the processor's cache, and are small enough for memory to be used again, not asked for anew."""


def checked(array: NDArray[np.generic], name: str, least: int = 1) -> Matrix:
    """Return `array` (n, d) as float32, copied only if need be.

    Raises:
        ValueError: it is not a matrix of at least `least` finite rows.
    """
    if array.ndim != 2 or not array.shape[1]:
        raise ValueError(f"{name} must be a matrix (n, d), not of shape {array.shape}")
    if len(array) < least:
        raise ValueError(f"{name} must have at least {least} rows, not {len(array)}")
    matrix = np.ascontiguousarray(array, np.float32)
    # The sum is finite if and only if all values are, and needs no array of flags.
    with np.errstate(invalid="ignore"):
        total = matrix.sum(dtype=np.float64)
    if not np.isfinite(total):
        bad = ~np.isfinite(matrix).all(axis=1)
        raise ValueError(f"{name}: {bad.sum()} of {len(matrix)} rows hold NaN or infinity")
    return matrix


def same_width(a: NDArray[np.generic], b: NDArray[np.generic], names: str) -> None:
    """Raise ValueError unless rows of `a` and `b` are equally long."""
    if a.shape[-1] != b.shape[-1]:
        raise ValueError(f"{names} have {a.shape[-1]} and {b.shape[-1]} columns")


def blocks(rows: int, columns: int) -> Iterator[slice]:
    """Yield slices of the rows of a (rows, columns) float32 matrix: BLOCK bytes or less, or one row."""
    step = max(1, BLOCK // (4 * columns))
    for first in range(0, rows, step):
        yield slice(first, min(first + step, rows))


def of_blocks(function: Callable[[slice, Tensor], Result], a: Matrix | Bytes, b: Matrix) -> list[Result]:
    """Return function(place, squares) of each block, in order: `place` is a slice of the rows of `a`
    (n, d), `squares` are their squared distances (rows, m) to `b` (m, d), which it may overwrite.

    It is called in several threads at once. The distances are Euclidean, in float32, except that norms
    are summed in float64. The mean of `b` is subtracted from both sets first: the distances stay the
    same, but smaller norms make rounding errors smaller. `a` may also hold bytes.
    """
    centre = b.mean(axis=0, dtype=np.float64).astype(np.float32)
    columns = b - centre
    # What does not vary within `b` adds to norms only: a fifth of the pixels of 2,000 digits.
    varied = torch.from_numpy(np.flatnonzero(columns.any(axis=0)))
    across, there = _squares(torch.from_numpy(columns)), _chosen(torch.from_numpy(columns), varied).T

    def of_block(place: slice) -> Result:
        rows = torch.from_numpy(a[place] - centre)
        squares = torch.addmm(across, _chosen(rows, varied), there, alpha=-2)
        return function(place, squares.add_(_squares(rows)[:, None]).clamp_(min=0))

    return in_threads(of_block, blocks(len(a), len(b)))


def _chosen(vectors: Tensor, which: Tensor) -> Tensor:
    return vectors if len(which) == vectors.shape[1] else vectors.index_select(1, which)


def _squares(vectors: Tensor) -> Tensor:
    """Return squared norms (n,), summed in float64."""
    rows = torch.split(vectors, 1024)
    return torch.cat([part.double().square_().sum(dim=1).float() for part in rows])
