"""Squared distances between all pairs of two sets, in blocks of rows."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Matrix = NDArray[np.float32]

BLOCK = 32 << 20
"""Bytes of float32 products held in memory at once; a score may need three times that."""


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


def squared_distances(a: Matrix, b: Matrix) -> Iterator[tuple[slice, Tensor]]:
    """Yield slices of the rows of `a` (n, d), and their squared distances (rows, m) to `b` (m, d).

    Euclidean, in float32, except that norms are summed in float64. The mean of `b` is subtracted from
    both sets first: the distances stay the same, but smaller norms make rounding errors smaller.
    """
    centre = b.mean(axis=0, dtype=np.float64).astype(np.float32)
    columns = torch.from_numpy(b - centre)
    across = _squares(columns)
    for place in blocks(len(a), len(b)):
        rows = torch.from_numpy(a[place] - centre)
        squares = torch.addmm(across, rows, columns.T, alpha=-2)
        yield place, squares.add_(_squares(rows)[:, None]).clamp_(min=0)


def _squares(vectors: Tensor) -> Tensor:
    """Return squared norms (n,), summed in float64."""
    rows = torch.split(vectors, 4096)
    return torch.cat([part.double().square_().sum(dim=1).float() for part in rows])
