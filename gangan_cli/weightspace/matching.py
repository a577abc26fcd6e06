"""Matches hidden units between networks: weight matching (Git Re-Basin).

Hungarian matching layer by layer, each layer given the other, until nothing changes ("Git Re-Basin",
Ainsworth, Hayase and Srinivasa, 2023, algorithm 1); for a generator alternated with the orthogonal
Procrustes rotation of its latent. All of it minimises one thing, the squared distance to the
reference, which for matched units and rotations is to maximise the inner product.
"""

from dataclasses import dataclass

import numpy as np

from gangan_cli.weightspace.snapshots import Matrix
from gangan_cli.weightspace.symmetries import NETWORKS, Order, Weights, balance, permute, rotate, weights
from store import Layout

ROUNDS = 100
"""Maximum number of rounds of descent. It converges after about five, except for ties."""


@dataclass(frozen=True)
class Match:
    """Units `first` (h,) and `second` (k,) of the hidden layers in the reference's order, the latent's
    `rotation` (I, I) if it has one, and the inner product that comes of it."""

    first: Order
    second: Order
    rotation: Matrix | None
    similarity: float = -np.inf

    def same(self, other: "Match") -> bool:
        """Return whether both give the same order of units."""
        return np.array_equal(self.first, other.first) and np.array_equal(self.second, other.second)


class Matcher:
    """Matches as they are found, a GAN at a time, with the sum (E, P) of the aligned snapshots."""

    def __init__(self, layout: Layout, full: bool) -> None:
        """`full`: with scales balanced, and latents rotated."""
        self._layout, self._full = layout, full
        self._matches: dict[int, dict[str, Match]] = {}
        self._reference = self._sum = np.empty((0, 0), np.float32)

    def add(self, gan: int, vectors: Matrix) -> None:
        """Match a GAN's snapshots (E, P) to the first one's; the first itself stays as it is."""
        vectors = self._rescaled(vectors)
        if not self._matches:
            self._reference, self._sum = vectors, vectors.copy()
            self._matches[gan] = {
                network: unmatched(
                    weights(self._layout, network, vectors), self._full and network == "generator"
                )
                for network in NETWORKS
            }
            return
        start = next(iter(self._matches.values()))
        self._matches[gan] = self._matched(self._reference, vectors, start, restart=True)
        self._sum += apply_(self._layout, vectors, self._matches[gan])

    def improve(self, gan: int, vectors: Matrix) -> bool:
        """Match a GAN to the sum of all others; return whether its order of units changed."""
        vectors, before = self._rescaled(vectors), self._matches[gan]
        others = self._sum - apply_(self._layout, vectors.copy(), before)
        after = self._matches[gan] = self._matched(others, vectors, before, restart=False)
        self._sum = others + apply_(self._layout, vectors, after)
        return not all(before[network].same(after[network]) for network in NETWORKS)

    def found(self) -> tuple[Order, Matrix | None]:
        """Return the orders (n, U) of all GANs' units, and their rotations (n, L, L), if any."""
        permutations = [
            np.concatenate([order for match in own.values() for order in (match.first, match.second)])
            for own in self._matches.values()
        ]
        turned = [own["generator"].rotation for own in self._matches.values()]
        rotations = [rotation for rotation in turned if rotation is not None]
        return np.stack(permutations), np.stack(rotations) if rotations else None

    def _rescaled(self, vectors: Matrix) -> Matrix:
        return rescale_(self._layout, vectors) if self._full else vectors

    def _matched(
        self, reference: Matrix, vectors: Matrix, start: dict[str, Match], *, restart: bool
    ) -> dict[str, Match]:
        found = {}
        for network in NETWORKS:
            ours, theirs = (weights(self._layout, network, of) for of in (reference, vectors))
            found[network] = match(ours, theirs, start[network], restart)
        return found


def rescale_(layout: Layout, vectors: Matrix) -> Matrix:
    """Return vectors (n, P) with the scales of all hidden units balanced: the same array, changed."""
    for network in NETWORKS:
        balance(weights(layout, network, vectors))
    return vectors


def apply_(layout: Layout, vectors: Matrix, matches: dict[str, Match]) -> Matrix:
    """Return vectors (n, P) of one GAN as `matches` have it: the same array, changed."""
    for network, found in matches.items():
        own = weights(layout, network, vectors)
        permute(own, found.first, found.second)
        if found.rotation is not None:
            rotate(own, found.rotation)
    return vectors


def unmatched(of: Weights, rotate: bool) -> Match:
    """Return the identity match."""
    inputs = of.input.shape[2]
    return Match(
        np.arange(of.hidden.shape[2]),
        np.arange(of.hidden.shape[1]),
        np.eye(inputs, dtype=np.float32) if rotate else None,
    )


def match(reference: Weights, other: Weights, start: Match, restart: bool) -> Match:
    """Return how `other` lies nearest to `reference`, both of the same epochs.

    Descent begins at `start`; if `restart` also at what the network's first layer alone says, and at
    what its last layer says, since it may end in different places.
    """
    pair = _Pair(reference, other, start.rotation is not None)
    starts = [start, *((pair.from_input(start), pair.from_output(start)) if restart else ())]
    return max((pair.descend(one) for one in starts), key=lambda found: found.similarity)


class _Pair:
    """Two networks, and how much each of the first's units is like each of the second's."""

    def __init__(self, reference: Weights, other: Weights, rotate: bool) -> None:
        self._ours, self._theirs, self._rotate = reference, other, rotate
        self._bias = reference.input_bias.T @ other.input_bias
        self._last = np.tensordot(reference.out, other.out, axes=([0, 1], [0, 1]))
        self._last += reference.hidden_bias.T @ other.hidden_bias
        self._inputs = None if rotate else self._of_inputs(None)

    def descend(self, at: Match) -> Match:
        """Improve one thing after the other until the order of units stays."""
        for turn in range(ROUNDS):
            similarities = self._first(at.rotation) + self._hidden_given_second(at.second)
            first = _assigned(similarities)
            second = _assigned(self._last + self._hidden_given_first(first))
            found = Match(first, second, self._procrustes(first))
            if turn and found.same(at):  # the rotation it began with is not yet of this order
                break
            at = found
        similarities = self._first(found.rotation) + self._hidden_given_second(second)
        similarity = similarities[np.arange(len(first)), first].sum()
        similarity += self._last[np.arange(len(second)), second].sum()
        return Match(first, second, found.rotation, float(similarity))

    def from_input(self, at: Match) -> Match:
        """Begin with the units of the first layer that see the same."""
        first = _assigned(self._first(at.rotation))
        second = _assigned(self._last + self._hidden_given_first(first))
        return Match(first, second, at.rotation)

    def from_output(self, at: Match) -> Match:
        """Begin with the units of the second layer that do the same."""
        second = _assigned(self._last)
        if not self._rotate:
            return Match(at.first, second, None)
        first = _assigned(self._bias + self._hidden_given_second(second))
        return Match(first, second, self._procrustes(first))

    def _first(self, rotation: Matrix | None) -> Matrix:
        inputs = self._of_inputs(rotation) if self._inputs is None else self._inputs
        return inputs + self._bias

    def _of_inputs(self, rotation: Matrix | None) -> Matrix:
        theirs = self._theirs.input if rotation is None else self._theirs.input @ rotation
        return np.tensordot(self._ours.input, theirs, axes=([0, 2], [0, 2]))

    def _hidden_given_second(self, second: Order) -> Matrix:
        return np.tensordot(self._ours.hidden, self._theirs.hidden[:, second], axes=([0, 1], [0, 1]))

    def _hidden_given_first(self, first: Order) -> Matrix:
        return np.tensordot(self._ours.hidden, self._theirs.hidden[:, :, first], axes=([0, 2], [0, 2]))

    def _procrustes(self, first: Order) -> Matrix | None:
        """Return the rotation that brings their inputs nearest to ours: orthogonal Procrustes
        (Schönemann, 1966)."""
        if not self._rotate:
            return None
        product = np.tensordot(self._theirs.input[:, first], self._ours.input, axes=([0, 1], [0, 1]))
        left, _, right = np.linalg.svd(product.astype(np.float64))
        rotation: Matrix = (left @ right).astype(np.float32)
        return rotation


def _assigned(similarities: Matrix) -> Order:
    """Return for each of our units (rows) the one of theirs such that the gains' sum is largest."""
    from scipy.optimize import linear_sum_assignment

    _, columns = linear_sum_assignment(similarities, maximize=True)
    return np.asarray(columns, np.int64)
