"""The size of an audit."""

from dataclasses import dataclass

DRAWN = 256
"""Number of vectors of each sampler whose nearest snapshots are counted, at least the `Options.count`
that are judged."""


@dataclass(frozen=True)
class Options:
    """The size of an audit: `count` vectors of each sampler are judged, on `images` images each."""

    count: int = 64
    images: int = 1000
    points: int = 32
    """Number of points along the latent axis."""
    seed: int = 0
    dataset: str = ""
    """The dataset to compare with, if not the one at the bottom of the lineage."""

    @property
    def drawn(self) -> int:
        """Number of vectors of each sampler that are drawn."""
        return max(self.count, DRAWN)
