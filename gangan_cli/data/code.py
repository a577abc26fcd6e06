"""What a GAN-GAN's examples are when they are no raw weights: how they are made, kept and undone."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from gangan_cli.data.autoencoder import Decoder
from gangan_cli.data.components import PrincipalComponents
from gangan_cli.data.weights import Matrix, Snapshots
from store import Run
from store.keys import Keys

DECODER = "decoder-"
"""Begins the names of a decoder's layers among a run's constants; what follows is the layer's number."""


@dataclass(frozen=True)
class Code:
    """Principal components of weight vectors, which an autoencoder may have made shorter."""

    components: PrincipalComponents
    decoder: Decoder | None = None

    @classmethod
    def fit(
        cls, run: Snapshots, keys: Keys, components: int, polar: bool, bottleneck: int
    ) -> tuple["Code", Matrix]:
        """Return the code of the snapshots `keys` (n, 2), and their codes (n, d).

        There are at most `components` axes. If they come to more than `bottleneck` numbers, and that is
        not 0, an autoencoder makes so many of them.

        Raises:
            ConfigurationError: fewer than two distinct vectors.
            Damaged: a snapshot is not what was written.
        """
        linear, codes = PrincipalComponents.fit(run, keys, components, polar)
        if not 0 < bottleneck < codes.shape[1]:
            return cls(linear), codes
        decoder, short = Decoder.fit(codes, bottleneck)
        return cls(linear, decoder), short

    @classmethod
    def of(cls, run: Run) -> "Code | None":
        """Return the code that a GAN-GAN's run was trained with; None if that was on raw weights."""
        there = run.manifest.constants
        if "basis" not in there:
            return None
        radial = run.constant("radial") if "radial" in there else None
        linear = PrincipalComponents(
            run.constant("mean"), run.constant("basis"), run.constant("scale"), radial
        )
        layers = [run.constant(name) for name in sorted(there) if name.startswith(DECODER)]
        return cls(linear, Decoder(tuple(layers)) if layers else None)

    def constants(self) -> dict[str, NDArray[Any]]:
        """Return what a run keeps of it."""
        linear = self.components
        kept = {"mean": linear.mean, "basis": linear.basis, "scale": linear.scale}
        if linear.radial is not None:
            kept["radial"] = linear.radial
        if self.decoder:
            layers = enumerate(self.decoder.layers)
            kept |= {f"{DECODER}{number}": layer for number, layer in layers}
        return kept

    def decode(self, codes: Matrix) -> Matrix:
        """Return the weight vectors (..., P) of codes (..., d)."""
        return self.components.decode(self.decoder(codes) if self.decoder else codes)
