"""Codes of weight vectors, on which a GAN-GAN is trained unless it is trained on raw weights: encoding,
storing, decoding."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from gangan_cli.weightspace.autoencoder import Decoder
from gangan_cli.weightspace.pca import PrincipalComponents
from gangan_cli.weightspace.snapshots import Matrix, Snapshots
from store import Run
from store.keys import Keys

DECODER = "decoder-"
"""Prefix of the decoder's layers among a run's constants, followed by the number of the layer."""


@dataclass(frozen=True)
class WeightEncoder:
    """An encoder of weight vectors: principal components, and possibly an autoencoder on top."""

    components: PrincipalComponents
    decoder: Decoder | None = None

    @classmethod
    def fit(
        cls,
        run: Snapshots,
        keys: Keys,
        components: int,
        polar: bool,
        bottleneck: int,
        seed: int = 0,
    ) -> tuple["WeightEncoder", Matrix]:
        """Return the code of the snapshots `keys` (n, 2), and their codes (n, d).

        There are at most `components` axes. If a code would have more than `bottleneck` numbers, an
        autoencoder reduces it to that many, trained from `seed`; 0 means no autoencoder.

        Raises:
            ConfigurationError: fewer than two distinct vectors.
            Damaged: a snapshot is not what was written.
        """
        linear, codes = PrincipalComponents.fit(run, keys, components, polar)
        if not 0 < bottleneck < codes.shape[1]:
            return cls(linear), codes
        decoder, short = Decoder.fit(codes, bottleneck, seed)
        return cls(linear, decoder), short

    @classmethod
    def of(cls, run: Run) -> "WeightEncoder | None":
        """Return the encoder of a GAN-GAN's run; None if it was trained on raw weights."""
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
        """Return the arrays to store with a run, by name."""
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
        return self.components.restore(self.coordinates(codes))

    def coordinates(self, codes: Matrix) -> Matrix:
        """Return the coordinates (..., k) of codes (..., d) among the principal components."""
        return self.components.coordinates(self.decoder(codes) if self.decoder else codes)
