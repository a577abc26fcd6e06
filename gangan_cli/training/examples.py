"""Training examples: a protocol for what is on a device and picked by index, and for its source."""

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
    """Examples before they are on a device: cheap to send to another process."""

    @property
    def count(self) -> int:
        """How many there are."""

    def load(self, device: str) -> Examples:
        """Bring the examples to `device`."""


AT_ONCE = 1000
"""Examples per batch where all are read."""


def mean_of(examples: Examples, device: str) -> "Tensor":
    """Return the mean (D,) of all examples, in the memory of the host."""
    import torch

    rows = torch.arange(len(examples), device=device).split(AT_ONCE)
    sums = [examples.batch(some[None])[0].sum(dim=0, dtype=torch.float64).cpu() for some in rows]
    return (torch.stack(sums).sum(dim=0) / len(examples)).float()
