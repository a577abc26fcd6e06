"""Are sampled weights new, or copies and mixtures of the snapshots that they were learnt from?

Distances mean something only beside those of the snapshots themselves: how far consecutive ones of a GAN
lie apart, how far a snapshot lies from the nearest of another GAN, and from the segment between others.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from gangan_cli.weightspace.pca import PrincipalComponents
from gangan_cli.weightspace.snapshots import Matrix, Snapshots, consecutive
from store import Layout
from store.keys import Keys

Numbers = NDArray[np.float64]

WIDTH = 64 << 20
"""Bytes of columns in memory at a time."""

ROUNDING = 1e-5
"""Of the length of weights, what a step must exceed to be one: they have seven digits."""

ROUGH = 1e-3
"""Of the squared length of vectors (from their mean), below which a squared step has too few left of
the seven digits of products; then these are taken with sixteen, at twice the time."""

ENDS = 64
"""Nearest snapshots that a segment is tried from, to every other one: the residual found is at most a
little too large."""

NEAR = 3.0
"""Steps between consecutive snapshots within which a vector is near a snapshot."""

TOLD_APART = 0.5
"""Of the distance to the nearest snapshot of another GAN, how much that to the nearest of all may be at
most, for a vector to count as near a GAN: the snapshots with which training begins are all within a few
steps from their mean, which is like none of them. The ratio is Lowe's, "Distinctive image features from
scale-invariant keypoints" (2004), section 7.1."""

OWN = 256
"""Snapshots, evenly spaced, that are held against the others to know what is usual."""


@dataclass(frozen=True)
class Found:
    """For n vectors: rows of the nearest snapshots (n,), their distances (n,), the ratios (n,) of these
    to those of the nearest of another GAN (0 without one), and the residuals (n,) to the nearest
    segment between two snapshots."""

    rows: NDArray[np.int64]
    distances: Numbers
    ratios: Numbers
    residuals: Numbers

    @classmethod
    def of(cls, parts: Sequence["Found"]) -> "Found":
        """Return what was found in several parts as one."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


class Cloud:
    """Snapshots `keys` (m, 2) as points, with all distances between them: reads them once, column by
    column."""

    def __init__(self, keys: Keys, size: int, columns: Callable[[slice], Matrix]) -> None:
        """Take points of `size` numbers, of which `columns` gives some: (m, width), to be changed."""
        self.keys, self._size, self._read = keys, size, columns
        self._measure(np.float32)
        if self.spacing**2 < ROUGH * np.median(self._squares):
            self._measure(np.float64)

    def _measure(self, kind: type[np.floating]) -> None:
        """Take the products of all pairs, and what comes of them, in numbers of this `kind`."""
        self._kind = kind
        self._mean = np.zeros(self._size, kind)
        self._products = np.zeros((len(self.keys), len(self.keys)))
        for place, part in self._columns():
            self._mean[place] = part.mean(axis=0, dtype=np.float64)
            part -= self._mean[place]
            self._products += part @ part.T
        self._squares = self._products.diagonal().copy()
        self.apart = np.sqrt(np.maximum(self._squares[:, None] + self._squares - 2 * self._products, 0))

    @property
    def spacing(self) -> float:
        """The median distance of consecutive snapshots of a GAN; NaN when no GAN has two."""
        steps = self.apart[np.arange(len(self.keys) - 1), np.arange(1, len(self.keys))]
        same = np.diff(self.keys[:, 0]) == 0
        return float(np.median(steps[same])) if same.any() else float("nan")

    @property
    def across(self) -> float:
        """The median distance of a snapshot to the nearest of another GAN; NaN if there is but one."""
        gans = self.keys[:, 0]
        others = np.where(gans[:, None] == gans, np.inf, self.apart).min(axis=1)
        return float(np.median(others)) if np.isfinite(others).all() else float("nan")

    def own(self) -> Found:
        """Return what `found` says of snapshots themselves, each held against all the others."""
        rows = np.unique(np.linspace(0, len(self.keys) - 1, OWN).round().astype(np.int64))
        found = [
            self._one(self._products[row], self._squares[row], np.delete(np.arange(len(self.keys)), row))
            for row in rows
        ]
        return _together(found)

    def found(self, vectors: Matrix) -> Found:
        """Hold vectors (n, P) against the snapshots."""
        everyone = np.arange(len(self.keys))
        products = np.zeros((len(vectors), len(self.keys)))
        squares = np.zeros(len(vectors))
        for place, part in self._columns(len(vectors)):
            part -= self._mean[place]
            mine = vectors[:, place] - self._mean[place]
            products += mine @ part.T
            squares += np.einsum("ij,ij->i", mine, mine, dtype=np.float64)
        return _together(
            [self._one(row, square, everyone) for row, square in zip(products, squares, strict=True)]
        )

    def _columns(self, others: int = 0) -> Iterator[tuple[slice, NDArray[np.floating]]]:
        """Yield places and their columns of the snapshots (m, w), with room for those of so many
        others."""
        width = max(1, WIDTH // (np.dtype(self._kind).itemsize * max(len(self.keys), others)))
        for first in range(0, self._size, width):
            place = slice(first, min(first + width, self._size))
            yield place, self._read(place).astype(self._kind, copy=False)

    def _one(
        self, products: Numbers, square: float, among: NDArray[np.int64]
    ) -> tuple[int, float, float, float]:
        """Return nearest row, distance, ratio and residual of a point, from its products with the
        snapshots."""
        away = np.maximum(square + self._squares[among] - 2 * products[among], 0)
        order = np.argsort(away)[:ENDS]
        ends = among[order]
        nearest, distance = int(ends[0]), float(np.sqrt(away[order[0]]))
        others = away[self.keys[among, 0] != self.keys[nearest, 0]]
        beyond = float(np.sqrt(others.min(initial=np.inf)))
        ratio = distance / beyond if beyond else 1.0
        if len(among) < 2:
            return nearest, distance, ratio, distance
        # From each end s towards every other snapshot t: how far along the foot lies, and how far off.
        lengths = self.apart[np.ix_(ends, among)] ** 2
        dots = (
            products[among]
            - products[ends][:, None]
            - self._products[np.ix_(ends, among)]
            + self._squares[ends][:, None]
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            along = np.where(lengths > 0, np.clip(dots / lengths, 0, 1), 0)
        off = away[order][:, None] - 2 * along * dots + along**2 * lengths
        residual = float(np.sqrt(max(off.min(), 0)))
        return nearest, distance, ratio, residual


class Landscape(Cloud):
    """Snapshots where they lie in the space of all weights."""

    def __init__(self, view: Snapshots, keys: Keys) -> None:
        """Take the snapshots `keys` (m, 2) of `view`.

        Raises:
            Damaged: a snapshot is not what was written.
        """
        self.view = view
        super().__init__(
            keys, view.manifest.layout.size, lambda place: self.view.columns(self.keys, place)
        )


class Subspace(Cloud):
    """Snapshots seen within the space that principal components span.

    Most of a step from one snapshot to the next is noise, which lies outside. What is made of components
    has none of it, and so lies a step from every snapshot: even an exact copy does. Only within the
    space can it be told from what is new.
    """

    def __init__(self, view: Snapshots, keys: Keys, components: PrincipalComponents) -> None:
        """Take the snapshots `keys` (m, 2) of `view`; `coordinates` (m, k) are where they lie.

        Raises:
            Damaged: a snapshot is not what was written.
        """
        self.components = components
        self.coordinates = components.places(view, keys)
        super().__init__(
            keys, self.coordinates.shape[1], lambda place: self.coordinates[:, place].copy()
        )

    def found(self, vectors: Matrix) -> Found:
        """Hold weight vectors (n, P) against the snapshots, as both are seen here."""
        return super().found(self.components.project(vectors))


def _together(found: list[tuple[int, float, float, float]]) -> Found:
    rows, *numbers = (np.array(part) for part in zip(*found, strict=True))
    return Found(rows.astype(np.int64), *numbers)


def near(distances: Numbers, ratios: Numbers, spacing: float) -> NDArray[np.bool_]:
    """Return which of n vectors are near a GAN (n,): within NEAR steps of a snapshot, and much nearer to
    it than to any of another GAN."""
    found: NDArray[np.bool_] = (distances < NEAR * spacing) & (ratios <= TOLD_APART)
    return found


def by_layer(layout: Layout, differences: Matrix) -> dict[str, Numbers]:
    """Return how long differences of weights (n, P) are in each tensor: (n,) by the tensor's name."""
    return {
        tensor.name: np.linalg.norm(differences[:, tensor.place], axis=1).astype(np.float64)
        for tensor in layout.tensors
    }


def usual_steps(view: Snapshots, keys: Keys) -> dict[str, float]:
    """Return the median length of the step between consecutive snapshots of a GAN, by tensor; 0 where it
    is no more than rounding."""
    chosen, layout = consecutive(keys), view.manifest.layout
    before = view.matrix(keys[chosen])[0]
    lengths = by_layer(layout, before)
    steps = by_layer(layout, view.matrix(keys[chosen + 1])[0] - before)
    found = {name: float(np.median(lengths_of)) for name, lengths_of in steps.items()}
    return {
        name: step if step > ROUNDING * np.median(lengths[name]) else 0.0 for name, step in found.items()
    }
