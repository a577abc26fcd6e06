"""What the study of Parzen windows finds (parzen.py), and what follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import NDArray

from gangan_cli.metrics.parzen import Parzen
from gangan_cli.metrics.statistics import Interval, mean_interval
from gangan_cli.metrics.verdicts import at_least, shown
from gangan_cli.records import Verdict
from gangan_cli.studies.answers import Finding
from gangan_cli.studies.study import Table

PUBLISHED: Mapping[str, tuple[str, str]] = {
    "deep belief network": ("138 ± 2", "1909 ± 66"),
    "stacked contractive autoencoder": ("121 ± 1.6", "2110 ± 50"),
    "deep generative stochastic network": ("214 ± 1.1", "1890 ± 29"),
    "adversarial nets": ("225 ± 2", "2057 ± 26"),
}
"""Table 1 of Goodfellow et al. (2014), of MNIST and of the Toronto Face Database. ± is the standard
error over test images, of one net each."""

PAPERS, PAPERS_ERROR = 225.0, 2.0

PAPERS_EPOCHS = 250
"""Where the released momentum schedule ends; it names no last epoch."""

ENOUGH = PAPERS - 2 * PAPERS_ERROR
"""The least mean that agrees with the paper's."""

TRAINING, CENTROIDS, MEAN = "training images", "k-means centroids", "mean training image"
"""Sets that no generator made: random training images, the centroids of as many clusters, and one."""


@dataclass(frozen=True)
class GanLikelihood:
    """A GAN's log-likelihood after its last epoch, and before training if those weights are kept."""

    gan: int
    epoch: int
    trained: Parzen
    untrained: Parzen | None


@dataclass(frozen=True)
class RunLikelihood:
    """The GANs of a run, each trained by itself for `epochs` epochs."""

    run: str
    family: str
    epochs: int
    seed: int
    gans: Sequence[GanLikelihood]

    @property
    def trained(self) -> NDArray[np.float64]:
        """The log-likelihoods (n,) after training, in nats."""
        return np.array([one.trained.log_likelihood for one in self.gans])

    @property
    def untrained(self) -> list[Parzen]:
        """Those before training, where they are known."""
        return [one.untrained for one in self.gans if one.untrained]


@dataclass(frozen=True)
class Pictures:
    """Images of 0 to 255 of one GAN, in rows of 784.

    `samples` (r, c, 784) are fair draws; `nearest` (r, 784) the training images nearest to the last
    column, at Euclidean `distances` with white as 1; `between` (l, s, 784) the images on straight lines
    from one noise vector to another.
    """

    of: str
    samples: NDArray[np.uint8]
    nearest: NDArray[np.uint8]
    distances: Sequence[float]
    between: NDArray[np.uint8]


@dataclass(frozen=True)
class Likelihoods:
    """The result of the study: of each run, and of `others` by name, on the test images of `dataset`."""

    dataset: str
    runs: Sequence[RunLikelihood]
    others: Mapping[str, Parzen]
    pictures: Pictures

    @property
    def is_papers(self) -> bool:
        """Whether the test images are those of the published figures."""
        return self.dataset in ("mnist", "mnist5k")


def table(found: Likelihoods) -> Table:
    """Return published figures, and below them ours."""
    rows: list[list[str]] = []
    if found.is_papers:
        rows += [[name, "", "10,000", "", *both] for name, both in PUBLISHED.items()]
    for run in found.runs:
        for one in run.gans:
            rows.append(_row(f"{run.run}, GAN {one.gan}", one.epoch, one.trained))
            if one.untrained:
                rows.append(_row(f"{run.run}, GAN {one.gan}", 0, one.untrained))
    rows += [_row(name, None, one) for name, one in found.others.items()]
    return Table(
        f"Mean log-likelihood of the 10,000 test images of {found.dataset}, in nats; ± is over images. "
        "The faces (TFD) are not public: not run",
        ["windows on", "epoch", "n", "σ", "MNIST" if found.is_papers else found.dataset, "TFD"],
        rows,
        right=(1, 2, 3, 4, 5),
    )


def _row(name: str, epoch: int | None, one: Parzen) -> list[str]:
    likelihood = f"{one.log_likelihood:.1f} ± {one.standard_error:.1f}"
    return [
        name,
        "" if epoch is None else str(epoch),
        f"{one.samples:,}",
        f"{one.sigma:.3f}",
        likelihood,
        "–",
    ]


def findings(found: Likelihoods) -> list[Finding]:
    """Return what follows: for the paper's nets about its figure, and what the measure is worth."""
    about = [_measure(found)]
    if found.is_papers:
        about = [_paper(run, found) for run in found.runs if run.family == "goodfellow"] + about
    return about


def _paper(run: RunLikelihood, found: Likelihoods) -> Finding:
    """Decide whether the nets of 2014 reach the published figure again."""
    several = len(run.gans) > 1
    mean = mean_interval(run.trained) if several else Interval(float(run.trained[0]), -np.inf, np.inf)
    verdict: Verdict = at_least(mean, ENOUGH)
    if verdict == "does not hold" and run.epochs < PAPERS_EPOCHS:
        verdict = "undecided"  # a shorter training proves nothing of the whole
    interval = shown(mean, ".1f") if several else f"{mean.estimate:.1f}, of one GAN"
    too = [name for name, one in found.others.items() if one.log_likelihood >= ENOUGH]
    return Finding(
        statement=f"Adversarial nets of 2014 have a Parzen log-likelihood of {PAPERS:.0f} nats on MNIST "
        f"or more (at least {ENOUGH:.0f} in the mean)",
        verdict=verdict,
        figures=f"{interval}; published {PAPERS:.0f} ± {PAPERS_ERROR:.0f}",
        n=len(run.gans),
        unit="GANs" if several else "GAN",
        seeds=f"seed {run.seed}",
        null="the published figure, of one net",
        passes_too=", ".join(too),
        scale="the paper's"
        if run.epochs >= PAPERS_EPOCHS
        else f"{run.epochs} of {PAPERS_EPOCHS} epochs",
        claim="C3.1",
    )


def _measure(found: Likelihoods) -> Finding:
    """Decide whether the measure puts real images first."""
    real, centres = found.others[TRAINING], found.others[CENTROIDS]
    more = centres.log_likelihood - real.log_likelihood
    error = hypot(real.standard_error, centres.standard_error)
    difference = Interval(more, more - 1.96 * error, more + 1.96 * error)
    return Finding(
        statement="Windows on centroids of training images are more likely than windows on as many "
        "training images: the measure does not rank generators by their images",
        verdict=at_least(difference, 0),
        figures=f"the difference is {shown(difference, '.1f')} nats",
        n=10_000,
        unit="test images",
        seeds="one draw of each set",
        null="real images; the interval takes both figures as independent, which makes it wide",
        scale=f"{real.samples:,} windows each",
    )
