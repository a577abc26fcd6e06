"""What the engine trains on: examples that live on one device and are picked by index."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor


class Examples(Protocol):
    """Training examples on a device."""

    def __len__(self) -> int:
        """How many there are."""

    def batch(self, indices: "Tensor") -> "Tensor":
        """Return float32 examples (n, B, D) for (n, B) indices."""


class Source(Protocol):
    """Examples not yet on a device: small or cheap to send to the process that trains on them."""

    @property
    def count(self) -> int:
        """How many there are."""

    def load(self, device: str) -> Examples:
        """Bring the examples to `device`."""
