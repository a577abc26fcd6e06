"""Hidden units of any plain stack of layers: which axes of which tensors belong to them, so that they
can change places or scales in a flat vector without a change of the function.

symmetries.py knows the three-layer GANs by name, with their latent's rotations, for training. This knows
nothing of a network but the groups of units that plain_stacks.py found in it and verified.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.weightspace.snapshots import Matrix
from store import Layout

Orders = tuple[NDArray[np.int64], ...]
"""For each group of hidden units the order (U,) in which its units are taken."""

Numbers = NDArray[np.float64]

ROUNDS = 100
"""Maximum number of rounds in which scales are balanced; two hidden layers take about 20."""

PRECISION = 1e-9
"""Relative change of squared scales at which balancing ends."""

BLOCK = 32 << 20
"""Bytes of vectors that are balanced at once."""


@dataclass(frozen=True)
class Axis:
    """An axis of a tensor along which each unit has `block` consecutive places: one, or as many as a
    channel has pixels where a linear layer meets a convolution."""

    tensor: str
    axis: int
    block: int


@dataclass(frozen=True)
class Group:
    """The `units` hidden units of one layer: they can change places if all of their axes do.

    `incoming` axes belong to the layer that makes them, its bias and what normalises them, `outgoing`
    ones to the layers that take them. If `scalable`, a positive factor on a unit's incoming weights and
    its inverse on the outgoing ones cancel out."""

    name: str
    units: int
    incoming: tuple[Axis, ...]
    outgoing: tuple[Axis, ...]
    scalable: bool = False


class Part:
    """One tensor of flat vectors, and the one or two groups that have an axis of it: their numbers,
    their units, and whether the axis is incoming."""

    def __init__(
        self, place: slice, shape: tuple[int, ...], axes: Mapping[int, tuple[int, bool, int]]
    ) -> None:
        """`axes` gives for each axis that belongs to a group the group's number, whether it is incoming,
        and its block."""
        self.place = place
        self.groups: list[int] = []
        self.units: list[int] = []
        self.incoming: list[bool] = []
        split: list[int] = []
        self._unit_axes: list[int] = []
        for number, side in enumerate(shape):
            if number not in axes:
                split.append(side)
                continue
            group, incoming, block = axes[number]
            self.groups.append(group)
            self.units.append(side // block)
            self.incoming.append(incoming)
            self._unit_axes.append(len(split))
            split += [side // block, block]
        self._shape = tuple(split)
        self._others = tuple(axis for axis in range(len(split)) if axis not in self._unit_axes)

    @property
    def size(self) -> int:
        """Number of values."""
        return int(self.place.stop - self.place.start)

    def permute_(self, vectors: NDArray[Any], orders: Orders) -> None:
        """Take the units of vectors (n, P) in these orders, in place."""
        of = self._view(vectors)
        for group, axis in zip(self.groups, self._unit_axes, strict=True):
            of[:] = np.take(of, orders[group], axis=axis + 1)

    def scale_(self, vectors: NDArray[Any], factors: Sequence[NDArray[Any]]) -> None:
        """Multiply the units of vectors (n, P) by factors, an array (n, U) for each of `groups`, in
        place."""
        of = self._view(vectors)
        for axis, factor in zip(self._unit_axes, factors, strict=True):
            shape = [1] * of.ndim
            shape[0], shape[axis + 1] = factor.shape
            of *= factor.reshape(shape)

    def squares(self, vectors: Matrix) -> Numbers:
        """Return sums of squares of vectors (n, P) by units: (n, U), or (n, U, V) for two groups."""
        others = tuple(axis + 1 for axis in self._others)
        sums: Numbers = np.square(self._view(vectors), dtype=np.float64).sum(axis=others)
        return sums

    def by_units(self, vector: Matrix) -> Matrix:
        """Return the values of a vector (P,) by units: (U, K), or (U, V, K) for two groups. A view where
        that is possible."""
        of = vector[self.place].reshape(self._shape).transpose(*self._unit_axes, *self._others)
        return of.reshape(*of.shape[: len(self.groups)], -1)

    def _view(self, vectors: NDArray[Any]) -> NDArray[Any]:
        return vectors[:, self.place].reshape(len(vectors), *self._shape, copy=False)


@dataclass(frozen=True)
class HiddenUnits:
    """The groups of hidden units of networks whose weights lie in a flat vector of this `layout`.

    `reasons` says by network why it has none: it is no plain stack of layers, and its weights can only
    be compared as they are. Orders name units; an order that is applied says for each place which unit
    comes there."""

    layout: Layout
    groups: tuple[Group, ...]
    reasons: Mapping[str, str] = field(default_factory=dict)

    parts: tuple[Part, ...] = field(init=False, repr=False, compare=False)
    """The tensors that have an axis of a group."""

    def __post_init__(self) -> None:
        axes: dict[str, dict[int, tuple[int, bool, int]]] = {}
        for number, group in enumerate(self.groups):
            for axis in group.incoming + group.outgoing:
                incoming = axis in group.incoming
                axes.setdefault(axis.tensor, {})[axis.axis] = number, incoming, axis.block
        parts = [Part(t.place, t.shape, axes[t.name]) for t in self.layout.tensors if t.name in axes]
        object.__setattr__(self, "parts", tuple(parts))

    @property
    def scalable(self) -> bool:
        """Whether some units can be scaled."""
        return any(group.scalable for group in self.groups)

    @property
    def identity(self) -> Orders:
        """The orders that change nothing."""
        return tuple(np.arange(group.units) for group in self.groups)

    def random(self, rng: np.random.Generator) -> Orders:
        """Return random orders."""
        return tuple(rng.permutation(group.units) for group in self.groups)

    def permute(self, vectors: NDArray[Any], orders: Orders) -> NDArray[Any]:
        """Return vectors (n, P) with their units in these orders."""
        result = vectors.copy()
        for part in self.parts:
            part.permute_(result, orders)
        return result

    def balance(self, vectors: Matrix) -> Matrix:
        """Return vectors (n, P) in a canonical form: the units that can be scaled have incoming weights
        of the norm of their outgoing ones. A unit without either is left alone.

        It is the form of least |vector|², which is convex in the logarithms of the scales: each layer's
        follow from those of its neighbours, and in turn they lead to the only solution.
        """
        result = vectors.astype(np.float32)
        self.scale_(result, self.balancing(result))
        return result

    def balancing(self, vectors: Matrix) -> list[Numbers]:
        """Return the scales (n, U) of each group that balance vectors (n, P)."""
        found = [np.ones((len(vectors), group.units)) for group in self.groups]
        rows = max(1, BLOCK // (4 * self.layout.size))
        for first in range(0, len(vectors) if self.scalable else 0, rows):
            place = slice(first, first + rows)
            for scales, squared in zip(found, self._balanced(vectors[place]), strict=True):
                scales[place] = np.sqrt(squared)
        return found

    def scale_(self, vectors: NDArray[Any], scales: Sequence[NDArray[Any]]) -> None:
        """Multiply units of vectors (n, P) by positive scales, an array (n, U) for each group, in place:
        incoming weights by the scale, outgoing ones by its inverse."""
        scales = [of.astype(vectors.dtype) for of in scales]
        for part in self.parts:
            if any(self.groups[group].scalable for group in part.groups):
                roles = zip(part.groups, part.incoming, strict=True)
                part.scale_(vectors, [scales[g] if incoming else 1 / scales[g] for g, incoming in roles])

    def _balanced(self, vectors: Matrix) -> list[Numbers]:
        """Return the squared scales (n, U) of each group that balance the vectors (n, P)."""
        scales = [np.ones((len(vectors), group.units)) for group in self.groups]
        squares = [part.squares(vectors) for part in self.parts]
        for _ in range(ROUNDS):
            change = 0.0
            for number, group in enumerate(self.groups):
                if not group.scalable:
                    continue
                before = scales[number]
                incoming, outgoing = self._sums(number, squares, scales)
                both = (incoming > 0) & (outgoing > 0)
                scales[number] = np.sqrt(
                    np.divide(outgoing, incoming, out=np.ones_like(before), where=both)
                )
                change = max(change, float(np.abs(scales[number] / before - 1).max()))
            if change < PRECISION:
                break
        return scales

    def _sums(
        self, number: int, squares: list[Numbers], scales: list[Numbers]
    ) -> tuple[Numbers, Numbers]:
        """Return sums of squares (n, U) of the incoming weights of a group's units, and of the outgoing
        ones, with the other groups scaled."""
        sums = {incoming: np.zeros_like(scales[number]) for incoming in (True, False)}
        for part, of in zip(self.parts, squares, strict=True):
            if number not in part.groups:
                continue
            mine = part.groups.index(number)
            if len(part.groups) > 1:
                other = scales[part.groups[1 - mine]]
                factor = other if part.incoming[1 - mine] else 1 / other
                of = ((of if mine == 0 else of.transpose(0, 2, 1)) @ factor[:, :, None])[:, :, 0]
            sums[part.incoming[mine]] += of
        return sums[True], sums[False]
