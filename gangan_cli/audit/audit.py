"""The audit of a GAN-GAN: compares it with all that draws weights without being one.

Most generators of weights, looked at closely, reproduce the weights that they were trained on, or lose
to averages of these (Zeng et al., "Generative modeling of weights: generalization or memorization?",
2026). So all samplers are measured with the same budget, noise and judge: how good are their GANs, how
new, and how much of the population do they cover?
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gangan_cli.audit.alignment_report import AlignmentReport
from gangan_cli.audit.benchmark import SamplerResult
from gangan_cli.audit.latent_axis import LatentWalk
from gangan_cli.audit.options import Options
from gangan_cli.audit.population import COMPONENTS, WEIGHTS, UsualDistances, UsualMixtures
from gangan_cli.audit.rivals import RUN
from gangan_cli.errors import ConfigurationError
from gangan_cli.metrics.data_copying import ZUByCell
from gangan_cli.metrics.statistics import Interval
from gangan_cli.records import Verdict
from gangan_cli.sampling.datasets import dataset_of
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.weightspace.novelty import MAX_RATIO, NEAR

MOST = 512
"""Most samples of a sampler that are judged."""


@dataclass(frozen=True)
class Claim:
    """A claim about the GAN-GAN, its verdict, and the figures that support it; `value` is the one that
    decides. `id` names it in results and scripts, since its sentence may change. `verdicts` are those on
    the same claim about the other samplers, by their ids: a claim that a trivial one passes says nothing
    for a GAN-GAN."""

    id: str
    claim: str
    verdict: Verdict
    figures: str
    value: float
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)


@dataclass(frozen=True)
class Novelty:
    """How the judged vectors of a sampler lie to the training GANs in one space, beside GANs that were
    held out: Z_U within tenths of training, and the `plain` Z_U of all together, with its `plain_floor`,
    for comparison with published figures.

    `copies` is the share of vectors nearer than nearly all held-out snapshots of the same tenth; new
    GANs have a share of `expected`, and as large a one with probability `copies_p`. `named` are the
    vectors (numbers below count) nearer than any of as many new GANs would be, in 99 of 100 cases.
    """

    z_u: ZUByCell
    copies: Interval
    expected: float
    copies_p: float
    named: Sequence[int]
    plain: float
    plain_floor: float


@dataclass(frozen=True)
class Audit:
    """The results of an audit.

    `gans` and `epochs` are those of the training snapshots, `held_out` the names of the GANs that the
    GAN-GAN was not shown. `usual` are distances to compare with, by space; `own` (n,) those of training
    snapshots to the nearest other one, among components if there are any, and `usual_mixtures` those to
    mixtures. The first of `samplers` is the GAN-GAN. `real` is the Fréchet distance of real images, and
    `mixed` that of images of many of the last snapshots together.
    """

    run: str
    gan: int
    epoch: int
    judge: str
    options: Options
    gans: Sequence[int]
    epochs: Sequence[int]
    held_out: Sequence[str]
    usual: Mapping[str, UsualDistances]
    own: NDArray[np.float64]
    usual_mixtures: UsualMixtures
    samplers: Sequence[SamplerResult]
    walk: LatentWalk
    real: float
    mixed: float
    condition: str = "none"
    asked: NDArray[np.float64] | None = None
    """The requested epochs or Fréchet distances of the judged vectors (count,); None if the GAN-GAN is
    not conditional."""
    asked_by: str = ""
    asked_on: int = 0
    """The judge that gave the requested Fréchet distances, and on how many images; "" and 0 if something
    else, or nothing, is requested."""
    aligned: AlignmentReport | None = None
    """The effect of aligning the GANs; None if they were not, or if no two of them have the same
    epoch."""
    doubt: str = ""
    """Why the judge's scores may mislead; "" if there is no reason."""
    novelty: Mapping[str, Mapping[str, Novelty]] = field(default_factory=dict)
    """By the id of the sampler, then by space; empty if fewer than two GANs were held out."""
    claims: Sequence[Claim] = ()

    def sampler(self, id: str) -> SamplerResult | None:
        """Return the measurements of the sampler `id`; None if it was not measured."""
        return next((one for one in self.samplers if one.id == id), None)

    @property
    def other_runs(self) -> set[str]:
        """The ids of the samplers that are other runs over the same snapshots."""
        return {one.id for one in self.samplers if one.id.startswith(RUN)}

    @property
    def epoch_step(self) -> float:
        """The median distance of consecutive snapshots of a GAN, among components if there are any."""
        return self.home.epoch_step

    @property
    def home(self) -> UsualDistances:
        """The usual distances among components if there are any, or of all weights."""
        return self.usual.get(COMPONENTS) or self.usual[WEIGHTS]

    def near_a_gan(self, one: SamplerResult) -> NDArray[np.bool_]:
        """Return which of a sampler's drawn vectors (drawn,) are near a GAN: much nearer to it than to
        any other; of a single GAN, within NEAR epoch steps."""
        if len(self.gans) > 1:
            return one.ratios <= MAX_RATIO
        return one.distances < NEAR * self.epoch_step

    @property
    def generator(self) -> SamplerResult:
        """The measurements of the GAN-GAN."""
        return self.samplers[0]


def check(lineage: Lineage, options: Options) -> None:
    """Check that there is something to audit, and with how many samples.

    Raises:
        ConfigurationError: there is not, or `options.count` is out of range.
    """
    if not lineage.is_gangan:
        raise ConfigurationError(
            f"run {lineage.top.name!r} was trained on images, and only GAN-GANs are audited: "
            "use gangan evaluate"
        )
    if not len(lineage.top.keys()):
        raise ConfigurationError(f"run {lineage.top.name!r} has no snapshots yet")
    if not (np.diff(lineage.top.constant("keys")[:, 0]) == 0).any():
        raise ConfigurationError(
            f"{lineage.top.name!r} was trained on one snapshot of each GAN: distances need two "
            "epochs as their unit"
        )
    if not 3 <= options.count <= MOST:
        raise ConfigurationError(f"count is {options.count}: give 3 to {MOST} samples of each kind")
    dataset_of(lineage.on_images, options.dataset)
