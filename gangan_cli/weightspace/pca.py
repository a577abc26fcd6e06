"""Principal components of snapshots, as coordinates or in polar form."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gangan_cli.errors import ConfigurationError
from gangan_cli.weightspace.snapshots import Matrix, Snapshots
from store.keys import Keys

AXES_FROM = 4096
"""Maximum number of snapshots for finding the axes, evenly spaced: the work grows with its cube."""

RADIUS_WEIGHT = 3.0
"""Weight of the length in a polar code; the direction's numbers have a total scale of about 16."""

TINY = 1e-6

BLOCK = 64 << 20
"""Bytes of snapshots in memory at once."""


def _blocks(run: Snapshots, keys: Keys) -> Iterator[Matrix]:
    rows = max(1, BLOCK // (4 * run.manifest.layout.size))
    for first in range(0, len(keys), rows):
        yield run.matrix(keys[first : first + rows])[0]


def _columns(run: Snapshots, keys: Keys) -> Iterator[tuple[slice, Matrix]]:
    """Yield blocks of weights of all snapshots, each with its slice."""
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
        # Around their mean n snapshots span n - 1 axes. Rounding leaves tiny positive values for the
        # last one, and for axes along which nothing varies: on some processors above any bound.
        spanned = len(keys) - 1 if len(chosen) == len(keys) else len(chosen)
        kept = np.argsort(variances)[::-1][: min(components, spanned)]
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
        return code, code.codes(coordinates)

    def decode(self, codes: Matrix) -> Matrix:
        """Return the weight vectors (..., P) of codes."""
        return self.restore(self.coordinates(codes))

    def project(self, vectors: Matrix) -> Matrix:
        """Return the coordinates (n, k) of weight vectors (n, P) in the basis."""
        return ((vectors - self.mean) @ self.basis.T).astype(np.float32, copy=False)

    def restore(self, coordinates: Matrix) -> Matrix:
        """Return the weight vectors (..., P) with these coordinates (..., k)."""
        return (coordinates @ self.basis + self.mean).astype(np.float32, copy=False)

    def coordinates(self, codes: Matrix) -> Matrix:
        """Return the coordinates (..., k) of codes."""
        if self.radial is None:
            return codes * self.scale
        middle, deviation = self.radial
        ways = codes[..., :-1] * self.scale
        lengths = np.exp(codes[..., -1:] / RADIUS_WEIGHT * deviation + middle)
        found: Matrix = (ways / _lengths(ways) * lengths).astype(np.float32, copy=False)
        return found

    def project_snapshots(self, run: Snapshots, keys: Keys) -> Matrix:
        """Return the coordinates (n, k) of the snapshots `keys` (n, 2), reading a few at a time.

        Raises:
            Damaged: a snapshot is not what was written.
        """
        return np.concatenate([self.project(block) for block in _blocks(run, keys)])

    def codes(self, coordinates: Matrix) -> Matrix:
        """Return the codes of coordinates (n, k)."""
        if self.radial is None:
            return (coordinates / self.scale).astype(np.float32)
        lengths, (middle, deviation) = _lengths(coordinates), self.radial
        along = RADIUS_WEIGHT * (np.log(lengths) - middle) / deviation
        return np.hstack([coordinates / lengths / self.scale, along]).astype(np.float32)


def _lengths(vectors: Matrix) -> Matrix:
    """Return the lengths (..., 1) of vectors (..., k), none of them 0."""
    lengths: Matrix = np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), TINY)
    return lengths
