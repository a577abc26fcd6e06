"""Names, shapes and offsets of a flat parameter vector.

A snapshot is one float32 vector: every tensor of every network, flattened row-major and laid end to
end in state_dict order, the discriminator first (as the paper's released code has it).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Tensor:
    """One named tensor of a layout; `name` starts with its network, as in "generator.out.bias"."""

    name: str
    shape: tuple[int, ...]
    offset: int
    statistic: bool = False
    """Whether it is no parameter, but what a network has seen of its batches: means and variances."""

    @property
    def size(self) -> int:
        """Number of values."""
        return prod(self.shape)

    @property
    def place(self) -> slice:
        """Slice of its values in the flat vector."""
        return slice(self.offset, self.offset + self.size)


@dataclass(frozen=True)
class Layout:
    """The order of named tensors in a flat vector."""

    tensors: tuple[Tensor, ...]

    @classmethod
    def of(
        cls, shapes: Mapping[str, Sequence[int]], statistics: Collection[str] = frozenset()
    ) -> "Layout":
        """Return the layout that concatenates `shapes` in their order; `statistics` are those that are
        no parameters."""
        tensors, offset = [], 0
        for name, shape in shapes.items():
            sides = tuple(int(side) for side in shape)
            tensors.append(Tensor(name, sides, offset, name in statistics))
            offset += tensors[-1].size
        return cls(tuple(tensors))

    @property
    def trainable(self) -> "Layout":
        """The layout of the parameters alone, concatenated."""
        return Layout.of({tensor.name: tensor.shape for tensor in self.tensors if not tensor.statistic})

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Each tensor's shape by name, in order."""
        return {tensor.name: tensor.shape for tensor in self.tensors}

    @property
    def size(self) -> int:
        """The length P of the flat vector."""
        return sum(tensor.size for tensor in self.tensors)

    def split(self, vector: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Return views of a (P,) vector as named tensors.

        Raises:
            ValueError: the vector's length is not P.
        """
        if vector.shape != (self.size,):
            raise ValueError(f"a vector of shape {vector.shape} is not the {self.size} of the layout")
        return {t.name: vector[t.place].reshape(t.shape) for t in self.tensors}

    def join(self, tensors: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        """Return named tensors as one (P,) float32 vector.

        Raises:
            ValueError: names or shapes are not exactly those of the layout.
        """
        found = {name: tuple(array.shape) for name, array in tensors.items()}
        if found != self.shapes:
            raise ValueError("tensors do not match the layout: " + describe(self.shapes, found))
        return np.concatenate(
            [np.asarray(tensors[t.name], np.float32).reshape(-1) for t in self.tensors]
        )


def describe(wanted: Mapping[str, object], found: Mapping[str, object]) -> str:
    """Return one line that says where two mappings differ."""
    parts = [f"{name} is missing" for name in wanted if name not in found]
    parts += [f"{name} is not expected" for name in found if name not in wanted]
    parts += [
        f"{name} is {found[name]}, not {wanted[name]}"
        for name in wanted
        if name in found and found[name] != wanted[name]
    ]
    return "; ".join(parts)
