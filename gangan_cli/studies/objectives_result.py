"""What the study of objectives finds (objectives.py), and what follows from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.metrics.parzen import Parzen
from gangan_cli.metrics.statistics import Interval, mean_interval
from gangan_cli.metrics.verdicts import all_hold, at_least, shown
from gangan_cli.records import Verdict
from gangan_cli.studies.answers import Finding
from gangan_cli.studies.study import Table

MINIMAX, NONSATURATING = "minimax", "nonsaturating"

GOOD = 0.99
"""Accuracy from which a discriminator counts as right, and mean probability of the right answer from
which it counts as sure: too good for the generator."""

STARVED = 50.0
"""How much larger the other objective's gradient is then at least."""

OVERFITS = 0.01
"""Least growth of the area under the curve, by which a discriminator tells images that it was trained on
from others, that counts as overfitting."""

COSTLY = 2.0
"""Least factor of time that counts as costly."""


@dataclass(frozen=True)
class StarvedGenerator:
    """A generator that stays as it is at `epoch`, while its discriminator takes `steps`.

    After each: the discriminator's `accuracies` on real and generated images, the mean probability that
    it gives to the right answer (`certainties`) and to generated images of being real (`judged`), and
    the norms of the generator's `gradients` by objective.
    """

    gan: int
    epoch: int
    steps: list[int]
    accuracies: list[float]
    certainties: list[float]
    judged: list[float]
    gradients: Mapping[str, list[float]]

    @property
    def ratios(self) -> NDArray[np.float64]:
        """How many times as long the non-saturating gradient is (n,)."""
        longer, shorter = (np.array(self.gradients[name]) for name in (NONSATURATING, MINIMAX))
        ratios: NDArray[np.float64] = longer / shorter
        return ratios

    def ratio_when(self, good: Sequence[float]) -> float | None:
        """Return the first ratio at which one of these shares (n,) is above GOOD; None if none is."""
        places = (place for place, share in enumerate(good) if share > GOOD)
        place = next(places, None)
        return None if place is None else float(self.ratios[place])


@dataclass(frozen=True)
class Seconds:
    """Processor time of a generator's step, with the discriminator's steps before it."""

    per_step: float


@dataclass(frozen=True)
class GanProgress:
    """A GAN after `steps` of its generator: its Fréchet distance, and its discriminator.

    `advantage` is the probability that the discriminator gives an image that it was trained on a higher
    value than another of the dataset, 0.5 if it cannot tell; `gap` the difference of its mean
    probabilities. `likelihood` is the Parzen log-likelihood after the last step.
    """

    gan: int
    steps: list[int]
    frechet: list[float]
    advantage: list[float]
    gap: list[float]
    likelihood: Parzen


@dataclass(frozen=True)
class Arm:
    """The GANs of a run, with its objective and its discriminator steps per generator step."""

    run: str
    family: str
    dataset: str
    loss: str
    discriminator_steps: int
    seed: int
    images: int
    seconds: Seconds
    gans: Sequence[GanProgress]

    @property
    def generator_steps(self) -> int:
        """How many steps the generators took."""
        return self.gans[0].steps[-1]

    def last(self, name: str) -> NDArray[np.float64]:
        """Return a list's last value in each GAN (n,)."""
        return np.array([getattr(one, name)[-1] for one in self.gans])

    @property
    def likelihoods(self) -> NDArray[np.float64]:
        """The Parzen log-likelihoods (n,), in nats."""
        return np.array([one.likelihood.log_likelihood for one in self.gans])


@dataclass(frozen=True)
class Objectives:
    """The result of the study: gradients in the run `starved_run`, and the runs beside each other."""

    starved_run: str
    starved: Sequence[StarvedGenerator]
    arms: Sequence[Arm]

    @property
    def by_steps(self) -> list[Arm]:
        """The runs with the non-saturating objective, from few discriminator steps to many."""
        found = [arm for arm in self.arms if arm.loss == NONSATURATING]
        return sorted(found, key=lambda arm: arm.discriminator_steps)


def tables(found: Objectives) -> list[Table]:
    """Return the gradients as discriminators get better, and the runs."""
    starved = found.starved
    rows = []
    for place, step in enumerate(starved[0].steps):
        ratios = np.array([one.ratios[place] for one in starved])
        rows.append(
            [
                f"{step:,}",
                f"{np.mean([one.accuracies[place] for one in starved]):.2%}",
                f"{np.mean([one.certainties[place] for one in starved]):.2%}",
                f"{np.mean([one.judged[place] for one in starved]):.2g}",
                *(
                    f"{np.mean([one.gradients[name][place] for one in starved]):.2g}"
                    for name in (MINIMAX, NONSATURATING)
                ),
                f"{exp(np.log(ratios).mean()):,.1f}",
            ]
        )
    gradients = Table(
        f"{found.starved_run}: discriminators trained alone against {len(starved)} generators of epoch "
        f"{starved[0].epoch}; gradients by objective (means; of ratios the geometric mean)",
        ["steps of D", "right", "sure", "D(G(z))", MINIMAX, NONSATURATING, "ratio"],
        rows,
        right=range(7),
    )
    arms = [
        [
            arm.run,
            arm.loss,
            str(arm.discriminator_steps),
            str(len(arm.gans)),
            f"{arm.generator_steps:,}",
            f"{1000 * arm.seconds.per_step:.1f}",
            _mean(arm.last("frechet"), ".1f"),
            _mean(arm.likelihoods, ".1f"),
            _mean(arm.last("advantage"), ".4f"),
            _mean(arm.last("gap"), ".4f"),
        ]
        for arm in found.arms
    ]
    beside = Table(
        "The runs after their last generator step, mean [95 % interval] over GANs",
        ["run", "objective", "k", "GANs", "steps of G", "ms a step", "Fréchet", "log-likelihood",
         "D: seen above unseen", "D: mean gap"],
        arms,
        right=range(2, 10),
    )  # fmt: skip
    return [gradients, beside]


def _mean(values: NDArray[np.float64], form: str) -> str:
    return shown(mean_interval(values), form)


def findings(found: Objectives) -> list[Finding]:
    """Return what follows: about the gradients, about learning with either objective, about k."""
    about = [_gradients(found)]
    plain = found.by_steps
    minimax = [arm for arm in found.arms if arm.loss == MINIMAX]
    for arm in minimax:
        same = [one for one in plain if _comparable(one, arm) and _k(one) == _k(arm)]
        about += [_learning(one, arm) for one in same[:1]]
    if len(plain) > 1 and _comparable(plain[0], plain[-1]):
        about.append(_inner_loop(plain[0], plain[-1]))
    return about


def _k(arm: Arm) -> int:
    return arm.discriminator_steps


def _comparable(one: Arm, other: Arm) -> bool:
    """Return whether two runs took as many generator steps on as many images, to within 2 %, with the
    same GANs at the start: then GANs of one number are pairs."""
    steps = one.generator_steps, other.generator_steps
    return (
        max(steps) <= 1.02 * min(steps)
        and (one.family, one.dataset, one.images, one.seed)
        == (other.family, other.dataset, other.images, other.seed)
        and [gan.gan for gan in one.gans] == [gan.gan for gan in other.gans]
    )


def _gradients(found: Objectives) -> Finding:
    """Decide whether the minimax objective starves the generator."""
    when_sure = _ratios(one.ratio_when(one.certainties) for one in found.starved)
    when_right = _ratios(one.ratio_when(one.accuracies) for one in found.starved)
    verdict: Verdict = "undecided"
    figures = f"no two discriminators became sure of more than {GOOD:.0%}"
    if len(when_sure) > 1:
        logs = mean_interval(np.log(when_sure))
        ratio = Interval(exp(logs.estimate), exp(logs.low), exp(logs.high))
        verdict = at_least(ratio, STARVED)
        figures = f"{shown(ratio, ',.0f')} times as short (geometric mean)"
    if len(when_right):
        figures += f"; {exp(np.log(when_right).mean()):.1f} times when D first is right on {GOOD:.0%}"
    return Finding(
        statement=f"Where the discriminator gives the right answer a mean probability above {GOOD:.0%}, "
        f"the minimax objective's gradient is at least {STARVED:.0f} times as short as the other one's",
        verdict=verdict,
        figures=figures,
        n=len(when_sure),
        unit="generators",
        seeds=f"run {found.starved_run}",
        null="the non-saturating objective on the same images; at D(G(z)) = ½ both are equal",
        passes_too="any generator: image by image the ratio is (1 - D) / D, whatever the networks",
        scale=f"{found.arms[0].family}, epoch {found.starved[0].epoch}; the paper gives no figure",
        claim="C3.2",
    )


def _ratios(found: Iterable[float | None]) -> NDArray[np.float64]:
    return np.array([ratio for ratio in found if ratio is not None])


def _learning(plain: Arm, minimax: Arm) -> Finding:
    """Decide whether the minimax objective makes worse GANs."""
    worse = mean_interval(minimax.last("frechet") - plain.last("frechet"))
    return Finding(
        statement="GANs trained with the minimax objective are worse",
        verdict=at_least(worse, 0),
        figures=f"their Fréchet distance is larger by {shown(worse, '.1f')}, of "
        f"{plain.last('frechet').mean():.1f}",
        null=f"{plain.run}: the same GANs at the start, k = {plain.discriminator_steps}",
        **_facts(minimax),
    )


def _inner_loop(few: Arm, many: Arm) -> Finding:
    """Decide whether many discriminator steps are costly, and overfit."""
    factor = many.seconds.per_step / few.seconds.per_step
    growth = mean_interval(many.last("advantage") - few.last("advantage"))
    better = mean_interval(few.last("frechet") - many.last("frechet"))
    costly: Verdict = "holds" if factor >= COSTLY else "does not hold"
    return Finding(
        statement=f"{_k(many)} discriminator steps are costly (at least {COSTLY:g} times the time), and "
        f"overfit (D ranks images that it was trained on above others more often, by {OVERFITS})",
        verdict=all_hold(costly, at_least(growth, OVERFITS)),
        figures=f"{factor:.1f} times the time of k = {_k(few)}; {shown(growth, '+.4f')} more often; the "
        f"Fréchet distance falls by {shown(better, '.1f')}",
        null=f"{few.run}: the same GANs at the start, after as many generator steps",
        **_facts(many),
        claim="C3.3",
    )


def _facts(arm: Arm) -> dict[str, Any]:
    return {
        "n": len(arm.gans),
        "unit": "pairs of GANs",
        "seeds": f"seed {arm.seed}, GANs {arm.gans[0].gan} to {arm.gans[-1].gan}",
        "scale": f"{arm.family}, {arm.generator_steps:,} generator steps on {arm.images:,} images of "
        f"{arm.dataset}",
    }
