"""What the study of the optimal discriminator finds (optimum.py), and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.metrics.normal import optimal_discriminator
from gangan_cli.metrics.statistics import mean_interval
from gangan_cli.metrics.verdicts import all_hold, at_least, at_most, shown
from gangan_cli.studies.answers import Finding
from gangan_cli.studies.study import Table

Values = NDArray[np.float64]

EQUILIBRIUM = -log(4)
"""The value of the game if D is 1/2 everywhere."""

NEAR = 0.05
"""Largest mean distance of a discriminator to its optimum, or to 1/2, that counts as reached."""

NEAR_VALUE, NEAR_DIVERGENCE = 0.03, 0.01
"""The same for the value of the game, and for the divergence in nats."""

DEAD = 0.002
"""A discriminator is flat if its mean distance to 1/2 is smaller."""

SUPPORT = 0.02
"""Discriminators are compared where the sum of both densities is larger."""

PANELS = ("a", "b", "c", "d")


@dataclass(frozen=True)
class Panel:
    """A GAN at one of the four moments of figure 1 of Goodfellow et al. (2014).

    `made` and `judged` (b,) are the density of what it generates, and its discriminator. Where data or
    generated numbers lie, `error` is the mean distance of D to its optimum D*, and `to_half` to 1/2.
    `value` is V(D, G), `divergence` that of Jensen and Shannon, in nats. `moved` (20,) are the numbers
    that 20 equally spaced noises become, and `liked` is the mean of D over all that is generated.
    """

    made: Values
    judged: Values
    moved: Values
    error: float
    half_error: float
    """The mean distance of D* to 1/2: the error of a discriminator that knows nothing."""
    to_half: float
    value: float
    divergence: float
    liked: float


@dataclass(frozen=True)
class FourPanels:
    """A GAN while it learns, at `epoch` (a); then with its discriminator trained to the optimum (b), the
    generator trained against that (c); and at the end of its training (d)."""

    gan: int
    epoch: int
    a: Panel
    b: Panel
    c: Panel
    d: Panel


@dataclass(frozen=True)
class Optimum:
    """The result of the study: GANs of one run. `real` (b,) is the density of the data at `x` (b,)."""

    run: str
    settings: str
    seed: int
    x: Values
    real: Values
    gans: Sequence[FourPanels]

    def of(self, panel: str, name: str) -> Values:
        """Return a figure of one of the PANELS for all GANs, (n,)."""
        return np.array([getattr(getattr(gan, panel), name) for gan in self.gans])

    @property
    def where_equal(self) -> Values:
        """The mean distance of each optimal discriminator to 1/2 where the densities of data and
        generated numbers are equal, to a fifth of them, (n,); NaN if they are nowhere."""
        found = []
        for gan in self.gans:
            best = optimal_discriminator(self.real, gan.b.made)
            there = (np.abs(best - 0.5) < NEAR) & (self.real + gan.b.made > SUPPORT)
            found.append(np.abs(gan.b.judged - 0.5)[there].mean() if there.any() else np.nan)
        return np.array(found)

    @property
    def dead(self) -> NDArray[np.bool_]:
        """Whether each GAN's discriminator says 1/2 at the end where it should not, (n,)."""
        flat: NDArray[np.bool_] = self.of("d", "to_half") < DEAD
        return flat & (self.of("d", "half_error") > NEAR)

    @property
    def typical(self) -> FourPanels:
        """The GAN whose divergence at the end is the median."""
        order = np.argsort(self.of("d", "divergence"))
        return self.gans[int(order[len(order) // 2])]


def table(found: Optimum) -> Table:
    """Return a row for each panel."""
    titles = {
        "a": "(a) while it learns",
        "b": "(b) D trained to its optimum",
        "c": "(c) G trained against that D",
        "d": "(d) at the end of training",
    }
    return Table(
        f"{found.run} ({found.settings}): means of {len(found.gans)} GANs",
        ["moment", "|D - D*|", "|½ - D*|", "|D - ½|", "V", "JSD", "D(G(z))"],
        [
            [
                title,
                *(f"{found.of(panel, name).mean():.4f}" for name in ("error", "half_error", "to_half")),
                f"{found.of(panel, 'value').mean():.3f}",
                *(f"{found.of(panel, name).mean():.4f}" for name in ("divergence", "liked")),
            ]
            for panel, title in titles.items()
        ],
        right=range(1, 7),
    )


def findings(found: Optimum) -> list[Finding]:
    """Return the verdicts on equations 2 and 3 of 002, on the equilibrium, and on figure 1."""
    optimum = mean_interval(found.of("b", "error"))
    half = mean_interval(found.of("d", "to_half"))
    value = mean_interval(np.abs(found.of("d", "value") - EQUILIBRIUM))
    divergence = mean_interval(found.of("d", "divergence"))
    rise = mean_interval(found.of("c", "liked") - found.of("b", "liked"))
    at_end = (at_most(half, NEAR), at_most(value, NEAR_VALUE), at_most(divergence, NEAR_DIVERGENCE))
    equal = mean_interval(found.where_equal[~np.isnan(found.where_equal)])
    facts: dict[str, Any] = {
        "n": len(found.gans),
        "unit": "GANs",
        "seeds": f"seed {found.seed}, GANs {found.gans[0].gan}–{found.gans[-1].gan}",
        "scale": f"one dimension; {found.settings}",
    }
    null = found.of("b", "half_error").mean()
    return [
        Finding(
            statement="A discriminator that is trained to its optimum is p_data / (p_data + p_g), and "
            "is 1/2 where these are equal",
            verdict=all_hold(at_most(optimum, NEAR), at_most(equal, NEAR)),
            figures=f"mean |D - D*| {shown(optimum, '.4f')}, and mean |D - ½| {shown(equal, '.4f')} "
            f"where the densities are equal to a fifth (≤ {NEAR})",
            null=f"a discriminator that says ½ everywhere has an error of {null:.3f} at the optimum",
            claim="C2.12",
            **facts,
        ),
        Finding(
            statement="The generator's distribution becomes the data's, and the discriminator 1/2",
            verdict=all_hold(*at_end),
            figures=f"at the end |V + 1.386| {shown(value, '.4f')} (≤ {NEAR_VALUE}), JSD "
            f"{shown(divergence, '.4f')} (≤ {NEAR_DIVERGENCE}), |D - ½| {shown(half, '.4f')} "
            f"(≤ {NEAR}); a normal distribution in one dimension, with a rate that falls to 0",
            null=f"while it learns: JSD {found.of('a', 'divergence').mean():.3f}",
            passes_too="in V and |D - ½| a discriminator that has died, as those of "
            f"{found.dead.sum()} of {len(found.gans)} GANs",
            claim="C3.4",
            **facts,
        ),
        Finding(
            statement="Figure 1: D reaches its optimum, G moves to where D is larger, and both reach "
            "the equilibrium",
            verdict=all_hold(at_most(optimum, NEAR), at_least(rise, 0.0), *at_end),
            figures=f"(b) |D - D*| {shown(optimum, '.4f')}; (c) mean D(G(z)) rises by "
            f"{shown(rise, '.4f')}; (d) as for C3.4",
            claim="C3.5",
            **facts,
        ),
    ]
