"""Snapshots of a run as training examples: raw, or as scaled principal components."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gangan_cli.data.memory import available
from gangan_cli.errors import ConfigurationError
from store import Manifest, Run
from store.keys import Keys

if TYPE_CHECKING:
    from torch import Tensor

    from gangan_cli.data.alignment import Frame

Matrix = NDArray[np.float32]


class Snapshots(Protocol):
    """What is asked for a population's weights: a run, or one seen through a frame (alignment.py)."""

    @property
    def name(self) -> str:
        """The run's name."""

    @property
    def path(self) -> Path:
        """The run's folder."""

    @property
    def manifest(self) -> Manifest:
        """What the run is."""

    def constant(self, name: str) -> NDArray[Any]:
        """Return an array stored once for the whole run."""

    def keys(self) -> Keys:
        """Return the (gan, epoch) of every snapshot."""

    def snapshot(self, gan: int, epoch: int) -> Matrix:
        """Return the weights (P,) of `gan` after `epoch` epochs."""

    def matrix(self, of: Keys | None = None) -> tuple[Matrix, Keys]:
        """Return snapshots (n, P), and their keys (n, 2)."""

    def columns(self, of: Keys, place: slice) -> Matrix:
        """Return some weights of snapshots, (n, width), as an array of its own."""


def select(keys: Keys, gans: str = "", epochs: str = "") -> Keys:
    """Return the rows of `keys` (n, 2) whose gan and epoch lie in ranges such as "0,3-7" or "50-".

    An empty range means all.

    Raises:
        ConfigurationError: a range cannot be read, or asks for what is not there.
    """
    if not len(keys):
        raise ConfigurationError("the run has no snapshots yet")
    chosen = np.ones(len(keys), bool)
    for column, what, ranges in ((0, "GAN", gans), (1, "epoch", epochs)):
        if ranges:
            wanted = _named(ranges, what, set(keys[:, column].tolist()))
            chosen &= np.isin(keys[:, column], sorted(wanted))
    return keys[chosen]


def _named(text: str, what: str, there: set[int]) -> set[int]:
    """Return those of the numbers `there` that `text` names; each part must name at least one."""
    named: set[int] = set()
    for part in text.split(","):
        first, dash, end = part.strip().partition("-")
        try:
            low = int(first)
            high = (int(end) if end else max(there)) if dash else low
        except ValueError:
            raise ConfigurationError(
                f"{what}s {text!r}: give numbers and ranges, as in 0,3-7 or 50-"
            ) from None
        if end and high < low:
            raise ConfigurationError(f"{what}s {text!r}: the range {part} is empty")
        found = {number for number in there if low <= number <= high}
        if not found or high > max(there):
            raise ConfigurationError(
                f"no snapshot of {what} {max(low, high)}: the run has {summarise(there)}"
            )
        named |= found
    return named


def summarise(numbers: Sequence[int] | set[int]) -> str:
    """Return numbers as short ranges, as in "0, 3-7"; every third as "3, 6 … 99"."""
    ordered = sorted(numbers)
    spans: list[list[int]] = []
    for number in ordered:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    if len(spans) > 6:
        return f"{ordered[0]}, {ordered[1]} … {ordered[-1]}"
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


AXES_FROM = 4096
"""Snapshots, evenly spaced, that axes come from when there are more: the work grows with the cube."""

LENGTH_COUNTS = 3.0
"""How much a polar code makes of the length: that of the direction comes to about 16 in all."""

TINY = 1e-6

BLOCK = 64 << 20
"""Bytes of snapshots to have in memory at once."""


def _blocks(run: Snapshots, keys: Keys) -> Iterator[Matrix]:
    """Yield snapshots, some rows at a time."""
    rows = max(1, BLOCK // (4 * run.manifest.layout.size))
    for first in range(0, len(keys), rows):
        yield run.matrix(keys[first : first + rows])[0]


def _columns(run: Snapshots, keys: Keys) -> Iterator[tuple[slice, Matrix]]:
    """Yield snapshots, some weights of all of them at a time, and which weights."""
    width = max(1, BLOCK // (4 * len(keys)))
    for first in range(0, run.manifest.layout.size, width):
        place = slice(first, min(first + width, run.manifest.layout.size))
        yield place, run.columns(keys, place)


@dataclass(frozen=True)
class PrincipalComponents:
    """A linear code of weight vectors: `mean` (P,), orthonormal `basis` (k, P), `scale` (k,).

    A code is the coordinates along the basis, each divided by its scale: the square root of its
    standard deviation, times that of their mean. This is half-way to standardising. Dividing by the
    standard deviation itself lets a discriminator win on small components that hardly matter; not
    dividing leaves it blind to all but the largest.

    With `radial` (2,), mean and standard deviation of the logarithm of the coordinates' length, a code
    (k + 1,) is polar: the direction of the coordinates, scaled so, and then the standardised logarithm
    of their length. GANs train away from the origin, each in a direction of its own. Early on they lie
    so near to each other that what lies between them passes for one of them, and a GAN-GAN makes little
    else; as directions they are equally far apart at every epoch.
    """

    mean: Matrix
    basis: Matrix
    scale: Matrix
    radial: Matrix | None = None

    @classmethod
    def fit(
        cls, run: Snapshots, keys: Keys, components: int, polar: bool = False
    ) -> tuple["PrincipalComponents", Matrix]:
        """Return the code of the snapshots `keys` (n, 2) with at most `components` axes, and their codes
        (n, k), or (n, k + 1) if they are `polar`.

        The snapshots are read a few at a time, never all into memory. The axes come from the Gram matrix
        of n snapshots, which is far smaller than that of P weights, or of AXES_FROM of them.

        Raises:
            ConfigurationError: fewer than two distinct vectors.
            Damaged: a snapshot is not what was written.
        """
        mean = sum(block.sum(axis=0, dtype=np.float64) for block in _blocks(run, keys)) / len(keys)
        mean = mean.astype(np.float32)
        chosen = keys[np.linspace(0, len(keys) - 1, min(len(keys), AXES_FROM)).round().astype(int)]
        gram = np.zeros((len(chosen), len(chosen)))
        for place, part in _columns(run, chosen):
            part -= mean[place]
            gram += part @ part.T
        variances, axes = np.linalg.eigh(gram)
        # Rounding leaves tiny positive values for axes along which nothing varies.
        kept = np.argsort(variances)[::-1][:components]
        kept = kept[variances[kept] > variances.max() * 1e-7]
        if not len(kept) or variances.max() <= 0:
            raise ConfigurationError("the snapshots are all alike: there is nothing to model")
        mixture = (axes[:, kept] / np.sqrt(variances[kept])).T.astype(np.float32)
        basis = np.empty((len(kept), len(mean)), np.float32)
        for place, part in _columns(run, chosen):
            part -= mean[place]
            basis[:, place] = mixture @ part
        blocks = [(block - mean) @ basis.T for block in _blocks(run, keys)]
        coordinates = np.concatenate(blocks).astype(np.float32, copy=False)
        radial = None
        spread = coordinates
        if polar:
            lengths = _lengths(coordinates)
            radial = np.array([np.log(lengths).mean(), max(np.log(lengths).std(), TINY)], np.float32)
            spread = coordinates / lengths
        deviations = np.sqrt(np.square(spread, dtype=np.float64).mean(axis=0))
        scale = np.sqrt(deviations * deviations.mean()).astype(np.float32)
        code = cls(mean, basis, scale, radial)
        return code, code._of(coordinates)

    def encode(self, vectors: Matrix) -> Matrix:
        """Return the codes of weight vectors (n, P)."""
        coordinates = (vectors - self.mean) @ self.basis.T
        return self._of(coordinates.astype(np.float32, copy=False))

    def decode(self, codes: Matrix) -> Matrix:
        """Return the weight vectors (..., P) of codes."""
        return (self.coordinates(codes) @ self.basis + self.mean).astype(np.float32, copy=False)

    def coordinates(self, codes: Matrix) -> Matrix:
        """Return where codes lie along the basis, (..., k)."""
        if self.radial is None:
            return codes * self.scale
        middle, deviation = self.radial
        ways = codes[..., :-1] * self.scale
        lengths = np.exp(codes[..., -1:] / LENGTH_COUNTS * deviation + middle)
        found: Matrix = (ways / _lengths(ways) * lengths).astype(np.float32, copy=False)
        return found

    def _of(self, coordinates: Matrix) -> Matrix:
        """Return the codes of coordinates (n, k)."""
        if self.radial is None:
            return (coordinates / self.scale).astype(np.float32)
        lengths, (middle, deviation) = _lengths(coordinates), self.radial
        along = LENGTH_COUNTS * (np.log(lengths) - middle) / deviation
        return np.hstack([coordinates / lengths / self.scale, along]).astype(np.float32)


def _lengths(vectors: Matrix) -> Matrix:
    """Return the lengths (..., 1) of vectors (..., k), none of them 0."""
    lengths: Matrix = np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), TINY)
    return lengths


class VectorExamples:
    """Rows of a matrix on a device, the whole of it `repeat` times over."""

    def __init__(self, matrix: "Tensor", repeat: int) -> None:
        self._matrix, self._repeat = matrix, repeat

    def __len__(self) -> int:
        return len(self._matrix) * self._repeat

    def batch(self, indices: "Tensor") -> "Tensor":
        """Return rows (n, B, D) for (n, B) indices."""
        rows = self._matrix.index_select(0, indices.reshape(-1) % len(self._matrix))
        return rows.view(*indices.shape, -1)


@dataclass(frozen=True)
class Codes:
    """Examples that are in memory already: a (n, k) matrix."""

    matrix: Matrix
    repeat: int = 1

    @property
    def count(self) -> int:
        """How many examples there are."""
        return len(self.matrix) * self.repeat

    def load(self, device: str) -> VectorExamples:
        """Bring the matrix to `device`."""
        import torch

        return VectorExamples(torch.from_numpy(self.matrix).to(device), self.repeat)


class StoredExamples:
    """Rows read from the run's memory map as they are picked: for what does not fit in memory."""

    def __init__(self, run: Snapshots, keys: Keys, repeat: int, device: str) -> None:
        self._run, self._keys, self._repeat, self._device = run, keys, repeat, device

    def __len__(self) -> int:
        return len(self._keys) * self._repeat

    def batch(self, indices: "Tensor") -> "Tensor":
        """Return rows (n, B, P) for (n, B) indices."""
        import torch

        wanted = indices.cpu().numpy() % len(self._keys)
        rows, _ = self._run.matrix(self._keys[wanted.reshape(-1)])
        return torch.from_numpy(rows).view(*wanted.shape, -1).to(self._device)


@dataclass(frozen=True)
class StoredVectors:
    """The snapshots `keys` of the run in `path`, raw as the paper's GAN-GAN sees them, or in a frame."""

    path: Path
    keys: Keys
    repeat: int = 1
    frame: "Frame | None" = None

    @property
    def count(self) -> int:
        """How many examples there are."""
        return len(self.keys) * self.repeat

    def load(self, device: str) -> VectorExamples | StoredExamples:
        """Bring them to `device` as one matrix if half of the free memory holds it, else in place."""
        import torch

        run = Run.open(self.path)
        view = self.frame.view(run) if self.frame else run
        size = len(self.keys) * run.manifest.layout.size * 4
        if size > available() / 2:
            return StoredExamples(view, self.keys, self.repeat, device)
        with run:
            matrix, _ = view.matrix(self.keys)
        return VectorExamples(torch.from_numpy(matrix).to(device), self.repeat)
