"""What the study of similarity finds (similarity.py), and what follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.metrics.similarity import exceeds, largest_gap
from gangan_cli.metrics.statistics import Interval, mean_interval
from gangan_cli.metrics.verdicts import all_hold, at_least, at_most, shown
from gangan_cli.studies.answers import Finding
from gangan_cli.studies.study import Table

QUANTILES = np.linspace(0, 1, 51)
"""The quantiles of each distribution that are stored."""

ALIKE = 0.6
"""A layer counts as alike if a kernel's largest cosine exceeds a random kernel's with at least this
probability; 0.5 is no similarity at all."""

MARGIN = 0.02
"""How much larger the mean largest cosine must be with a generator's own discriminator, to matter: half
the standard deviation that random kernels have among 4,096 references."""

SHARED = ("convolutions.1", "convolutions.1")
"""The layers that Shared-WGAN shares, in the generator and the critic of a WGAN."""

OWN, RANDOM, PERMUTED, OTHER, TURNED = "own", "random", "permuted", "another GAN", "turned"
"""What a layer is compared with: its own discriminator; normal random kernels in both places; the
entries of both layers in random order; discriminators of the run's other GANs; its own discriminator,
with the generator's kernels turned by 180 degrees. Discriminators of other runs stand under their
names."""


@dataclass(frozen=True)
class Cosines:
    """Largest cosines in one comparison: their number, mean, standard deviation and QUANTILES; `exceeds`
    and `gap` compare them with random kernels (metrics/similarity.py)."""

    count: int
    mean: float
    std: float
    quantiles: Sequence[float]
    exceeds: float
    gap: float

    @classmethod
    def of(cls, values: NDArray[np.float64], random: NDArray[np.float64]) -> "Cosines":
        """Summarise the values (n,) beside those of random kernels (m,)."""
        quantiles = np.quantile(values, QUANTILES).round(4).tolist()
        over, gap = exceeds(values, random), largest_gap(values, random)
        return cls(len(values), float(values.mean()), float(values.std()), quantiles, over, gap)


@dataclass(frozen=True)
class LayerPair:
    """A layer of a generator and one of a discriminator, with `cosines` by what they are compared with.
    `targets` and `references` count their kernels, of `length` numbers each. `apart` are the mean
    largest cosines to the same layer of each of the run's other discriminators, in their order."""

    target: str
    reference: str
    targets: int
    references: int
    length: int
    cosines: Mapping[str, Cosines]
    apart: Sequence[float]


@dataclass(frozen=True)
class GanSimilarity:
    """All pairs of layers of one GAN, the generator's layers in their order."""

    gan: int
    pairs: Sequence[LayerPair]


@dataclass(frozen=True)
class RunSimilarity:
    """What was found in one run at its last epoch; `settings` describe its training."""

    run: str
    family: str
    settings: str
    seed: int | None
    """None if unknown, as of imported GANs."""
    first: str
    """The discriminator's first layer."""
    gans: Sequence[GanSimilarity]

    @property
    def names(self) -> list[tuple[str, str]]:
        """The pairs of layers: of the generator and of the discriminator."""
        return [(pair.target, pair.reference) for pair in self.gans[0].pairs]

    def pairs(self, name: tuple[str, str]) -> list[LayerPair]:
        """Return a pair of layers in each of the GANs."""
        place = self.names.index(name)
        return [gan.pairs[place] for gan in self.gans]

    @property
    def is_wgan(self) -> bool:
        """Whether it is a run of WGANs, whose SHARED layers can be shared."""
        return SHARED in self.names and "wgan" in self.family

    @property
    def compared(self) -> list[str]:
        """What all layers are compared with."""
        return list(self.gans[0].pairs[0].cosines)

    def means(self, name: tuple[str, str], beside: str) -> NDArray[np.float64]:
        """Return the mean largest cosine of a pair of layers in each GAN (n,)."""
        return np.array([pair.cosines[beside].mean for pair in self.pairs(name)])

    def own_alone(self, name: tuple[str, str]) -> NDArray[np.float64]:
        """Return how much more a generator's layer is like its own discriminator's than follows from
        either (n,): the mean largest cosine of the pair, less the means of its generator and of its
        discriminator with the other GANs', plus the mean of all that are not pairs.

        So a generator that is like all discriminators, or a discriminator like all generators, adds
        nothing: what is left is the interaction of a two-way layout.
        """
        pairs = self.pairs(name)
        rows = [np.insert(pair.apart, row, pair.cosines[OWN].mean) for row, pair in enumerate(pairs)]
        table, count = np.array(rows), len(rows)
        own = np.diag(table)
        with_others = (table.sum(axis=1) - own) / (count - 1), (table.sum(axis=0) - own) / (count - 1)
        off = (table.sum() - own.sum()) / (count * (count - 1))
        alone: NDArray[np.float64] = own - with_others[0] - with_others[1] + off
        return alone

    def exceeds(self, name: tuple[str, str], beside: str) -> NDArray[np.float64]:
        """Return how often a kernel of each GAN exceeds a random one (n,)."""
        return np.array([pair.cosines[beside].exceeds for pair in self.pairs(name)])

    @property
    def facing(self) -> list[tuple[str, str]]:
        """The pairs of the paper's figures: the generator's last layer, and the last but one if its
        kernels compare, with the discriminator's first."""
        return [name for name in self.names if name[1] == self.first][-2:][::-1]


@dataclass(frozen=True)
class Similarity:
    """The result of the study."""

    runs: Sequence[RunSimilarity]


def findings(found: Similarity) -> list[Finding]:
    """Return what follows: for WGANs about the layer that is shared, for others about both ends."""
    about: list[Finding] = []
    for one in found.runs:
        if one.is_wgan:
            about.append(_shared_layer(one, first=all(f.claim != "C1.8" for f in about)))
        elif len(one.facing) > 1:
            about.append(_both_ends(one, first=all(f.claim != "C1.7" for f in about)))
        if one.facing:
            about.append(_own_or_any(one))
    return about


def table(found: RunSimilarity) -> Table:
    """Return the means of all pairs of layers of a run."""
    rows = []
    for name in found.names:
        pair = found.pairs(name)[0]
        rows.append(
            [
                *name,
                f"{pair.targets:,}",
                f"{pair.references:,}",
                *(
                    f"{found.means(name, beside).mean():.3f}" if beside in pair.cosines else ""
                    for beside in found.compared
                ),
                f"{found.exceeds(name, OWN).mean():.2f}",
                f"{np.mean([one.cosines[OWN].gap for one in found.pairs(name)]):.2f}",
            ]
        )
    return Table(
        f"{found.run} ({found.settings}): mean largest cosine of {len(found.gans)} GANs",
        ["generator", "discriminator", "kernels", "references", *found.compared, "exceeds", "KS"],
        rows,
        right=range(2, 6 + len(found.compared)),
    )


def _both_ends(found: RunSimilarity, first: bool) -> Finding:
    """Decide the paper's figures 1 and 2."""
    last, before = found.facing
    at_end, earlier = (_probability(found.exceeds(name, OWN)) for name in (last, before))
    also = [
        f"{name} ({found.exceeds(last, name).mean():.2f})"
        for name in found.compared
        if name not in (OWN, RANDOM) and found.exceeds(last, name).mean() >= ALIKE
    ]
    return Finding(
        statement="Kernels of the generator's last layer are like those of the discriminator's first "
        "layer, and those of its last but one are not",
        verdict=all_hold(at_least(at_end, ALIKE), at_most(earlier, ALIKE)),
        figures=f"a kernel's largest cosine exceeds a random kernel's with probability "
        f"{shown(at_end, '.2f')} in the last layer, {shown(earlier, '.2f')} in the one before "
        f"(alike: ≥ {ALIKE})",
        null="normal random kernels, as many in both layers",
        passes_too=", ".join(also),
        claim="C1.7" if first else "",
        **_facts(found),
    )


def _shared_layer(found: RunSimilarity, first: bool) -> Finding:
    """Decide the released notebook's histogram: of the layer that Shared-WGAN shares."""
    name = SHARED
    over = _probability(found.exceeds(name, OWN))
    ours, chance = (found.means(name, beside).mean() for beside in (OWN, RANDOM))
    return Finding(
        statement="Kernels of the layer that is to be shared are not alike in generator and critic",
        verdict=at_most(over, ALIKE),
        figures=f"mean largest cosine {ours:.3f}, of random kernels {chance:.3f}; exceeds these with "
        f"probability {shown(over, '.2f')}",
        null=f"normal random kernels, {found.pairs(name)[0].references:,} in either layer",
        claim="C1.8" if first else "",
        **_facts(found),
    )


def _own_or_any(found: RunSimilarity) -> Finding:
    """Decide whether it matters whose discriminator it is."""
    name = SHARED if found.is_wgan else found.facing[0]
    more = mean_interval(found.own_alone(name))
    own, other, chance = (found.means(name, beside).mean() for beside in (OWN, OTHER, RANDOM))
    return Finding(
        statement=f"{found.run}: layer {name[0]} of a generator is more like layer {name[1]} of its own "
        "discriminator than of one trained apart",
        verdict=at_least(more, MARGIN),
        figures=f"mean largest cosine {own:.3f}, one trained apart {other:.3f}, random {chance:.3f}; "
        f"more than follows from either layer {shown(more, '+.3f')} (asked for: ≥ {MARGIN})",
        null="generators and discriminators of the run's other GANs",
        **_facts(found),
    )


def _probability(of_gans: NDArray[np.float64]) -> Interval:
    """Return the mean of probabilities (n,), with an interval within 0 to 1."""
    found = mean_interval(of_gans)
    return Interval(found.estimate, max(0.0, found.low), min(1.0, found.high))


def _facts(found: RunSimilarity) -> dict[str, Any]:
    count = len(found.gans)
    return {
        "n": count,
        "unit": "GANs",
        "seeds": ("" if found.seed is None else f"seed {found.seed}, ")
        + f"GANs {found.gans[0].gan}–{found.gans[-1].gan}",
        "scale": found.settings,
    }
