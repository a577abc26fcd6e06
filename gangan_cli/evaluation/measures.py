"""The metrics of a set of images: what each computes, and in which version.

Results are stored by metric. A metric whose version was raised is computed again, and nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gangan_cli.evaluation.classifiers import SIDE, Features, Pixels
from gangan_cli.evaluation.reference import Reference, to_unit
from gangan_cli.metrics import classes, entropy, frechet, kernel, nearest, parzen, prdc, spots
from gangan_cli.metrics.label_accuracy import agreement, assignment
from gangan_cli.metrics.mind import Projections
from gangan_cli.models.latent_codes import Categorical

NEAREST_OF = 1000
"""Number of images whose nearest real image is searched for."""

SUBSET = 1000
"""Images of each set in one subset of the kernel distance, as its authors propose; a quarter of the
images if there are fewer than 4,000."""

KERNEL_OF = 4000
"""Images of each set that the kernel distance uses: its cost grows with their square."""

ENOUGH = 8
"""Images per feature from which a Fréchet distance has a standard error."""

AGAIN = 100
"""Bootstrap resamples for the standard error of a median."""

CLAIMED = (1, 7, 9)
"""Digits of which GANs are said to draw too many."""

Part = tuple[dict[str, float], dict[str, float]]
"""Values and standard errors, by the name of the score."""


@dataclass(frozen=True)
class Sample:
    """Images (n, 784) of 0 to 255, in the order in which a GAN generated them, and what is known of
    them."""

    pixels: Pixels
    reference: Reference
    seed: int = 0
    """Of what metrics draw: the subsets of the kernel distance."""
    asked: Categorical | None = None
    """The code of classes that they were generated from, in turn."""
    labels: NDArray[np.integer] | None = None
    """The classes (n,) of real images."""
    real: bool = False
    """Whether they are real. Since GANs are trained on them, test images take their place where the
    nearest training image is searched for."""
    information: Features | None = None
    """What each (n,) says of the class that it was generated from, in nats."""
    known: tuple[Features, Features] | None = None
    """The judge's features and class probabilities, if they are known."""

    @cached_property
    def judged(self) -> tuple[Features, Features]:
        """The judge's features (n, d) and class probabilities (n, 10)."""
        return self.known or self.reference.judge.judged(self.pixels)

    @property
    def features(self) -> Features:
        """The judge's features (n, d)."""
        return self.judged[0]

    @property
    def probabilities(self) -> Features:
        """The judge's class probabilities (n, 10)."""
        return self.judged[1]

    @property
    def shown(self) -> NDArray[np.integer] | None:
        """The classes (n,) that the images should show; None if nobody asked for any. Learned classes
        are matched one to one to the judge's, so that most images show theirs."""
        if self.asked is None:
            return self.labels
        requested = np.arange(len(self.pixels)) % self.asked.count
        return assignment(self.probabilities, requested) if self.asked.learned else requested


@dataclass(frozen=True)
class Metric:
    """What is computed of a sample. A result of another `version` has another meaning, and is computed
    again. `quick` says whether it is part of a quick evaluation, `compares_training_images` whether it
    needs these."""

    version: int
    compute: Callable[[Sample], Part]
    quick: bool = False
    compares_training_images: bool = False


def with_error(reference: Reference, features: Features) -> tuple[float, float]:
    """Return the Fréchet distance of features (n, d) to the test images, and its standard error; NaN
    for fewer than ENOUGH d images."""
    return _with_error(reference.frechet, features)


def _with_error(reference: frechet.Reference, features: Features) -> tuple[float, float]:
    distance = reference.distance(frechet.moments(features))
    if len(features) < ENOUGH * features.shape[1]:
        return distance, float("nan")
    return distance, reference.standard_error(features)


def _frechet(sample: Sample) -> Part:
    distance, error = with_error(sample.reference, sample.features)
    return {"frechet": distance}, {"frechet": error}


def _class_frechet(sample: Sample) -> Part:
    values, errors = {}, {}
    if (shown := sample.shown) is not None:
        for digit, reference in enumerate(sample.reference.class_frechet):
            features = sample.features[shown == digit]
            if len(features) >= 2:
                name = f"frechet_{digit}"
                values[name], errors[name] = _with_error(reference, features)
    return values, errors


def _mind(sample: Sample) -> Part:
    return {"mind": sample.reference.projections.mind(Projections(sample.features))}, {}


def _kernel(sample: Sample) -> Part:
    few, of_test = sample.features[:KERNEL_OF], sample.reference.some(KERNEL_OF)
    count = min(len(few), len(of_test))
    size = max(2, min(SUBSET, count // 4))  # larger subsets would hardly differ from each other
    closeness = kernel.kernel_distance(of_test, few, size=size, seed=sample.seed)
    # Scaled to all images, as for a delete-d jackknife: subsets that share images differ by less.
    error = closeness.std * (size / (count - size)) ** 0.5
    return {"kernel": closeness.distance}, {"kernel": error}


def _prdc(sample: Sample) -> Part:
    shapes = prdc.prdc(sample.reference.manifold, prdc.Manifold(sample.features))
    names = "precision", "recall", "density", "coverage"
    return (
        {name: getattr(shapes, name) for name in names},
        {name: getattr(shapes, f"{name}_error") for name in names},
    )


def _labels(sample: Sample) -> Part:
    labels = entropy.label_scores(sample.probabilities)
    unsure = entropy.label_errors(sample.probabilities)
    values = {
        "entropy": labels.mean,
        "entropy_std": labels.std,
        "entropy_lowest": labels.lowest,
        "entropy_highest": labels.highest,
        "marginal_entropy": labels.marginal,
        "inception": labels.inception_score,
        "uniformity": labels.total_variation,
    }
    errors = {
        "entropy": labels.standard_error,
        "marginal_entropy": unsure.marginal,
        "inception": unsure.inception_score,
        "uniformity": unsure.total_variation,
    }
    return values, errors


def _agreement(sample: Sample) -> Part:
    if sample.asked is None:
        return {}, {}
    requested = np.arange(len(sample.pixels)) % sample.asked.count
    found = agreement(sample.probabilities, requested, assigned=sample.asked.learned)
    return {"agreement": found.share}, {"agreement": found.standard_error}


def _classes(sample: Sample) -> Part:
    counts = entropy.label_scores(sample.probabilities).classes
    if sample.asked is not None and not sample.asked.learned:
        found = classes.against_uniform(counts)
    else:
        found = classes.against_counts(counts, sample.reference.class_counts)
    values, errors = {"class_chi2": found.statistic, "class_p": found.p}, {}
    if sample.reference.judge.dataset == "mnist":
        share = float(counts[list(CLAIMED)].sum() / counts.sum())
        values["ones_sevens_nines"] = share
        errors["ones_sevens_nines"] = float(np.sqrt(share * (1 - share) / counts.sum()))
    return values, errors


def _information(sample: Sample) -> Part:
    if sample.information is None:
        return {}, {}
    each = sample.information.astype(np.float64)
    return {"information": float(each.mean())}, {"information": float(each.std() / len(each) ** 0.5)}


def _parzen(sample: Sample) -> Part:
    real = sample.reference.images
    found = parzen.parzen(to_unit(sample.pixels), to_unit(real.validation), to_unit(real.test))
    values = {"parzen": found.log_likelihood, "parzen_sigma": found.sigma}
    return values, {"parzen": found.standard_error}


def _spots(sample: Sample) -> Part:
    counts = spots.white_spots(sample.pixels.reshape(-1, SIDE, SIDE))
    return {"spots": float(counts.mean())}, {"spots": float(counts.std() / len(counts) ** 0.5)}


def _few(sample: Sample) -> Pixels:
    """Return the images whose nearest real image is searched for."""
    if sample.real:
        return sample.reference.apart[0]
    rows = np.random.default_rng(0).permutation(len(sample.pixels))[:NEAREST_OF]
    chosen: Pixels = sample.pixels[rows]
    return chosen


def _nearest(sample: Sample) -> Part:
    assert sample.reference.train is not None
    distances = nearest.nearest(_few(sample), sample.reference.train)[0] / 255
    return {"nearest": float(np.median(distances))}, {"nearest": _median_error(distances)}


def _copying(sample: Sample) -> Part:
    few, (train, test) = _few(sample), sample.reference.equally_many
    to_train, to_test = (nearest.nearest(few, images)[0] / 255 for images in (train, test))
    values = {"nearest_train": float(np.median(to_train)), "nearest_test": float(np.median(to_test))}
    return values, {"nearest_train": _median_error(to_train), "nearest_test": _median_error(to_test)}


def _median_error(values: NDArray[np.float64]) -> float:
    again = np.random.default_rng(0).choice(values, (AGAIN, len(values)))
    return float(np.median(again, axis=1).std(ddof=1))


METRICS: Mapping[str, Metric] = {
    "frechet": Metric(4, _frechet, quick=True),
    "class_frechet": Metric(1, _class_frechet),
    "mind": Metric(4, _mind),
    "kernel": Metric(4, _kernel),
    "prdc": Metric(4, _prdc),
    "labels": Metric(4, _labels, quick=True),
    "agreement": Metric(4, _agreement, quick=True),
    "classes": Metric(1, _classes, quick=True),
    "information": Metric(1, _information),
    "parzen": Metric(4, _parzen),
    "spots": Metric(1, _spots),
    "nearest": Metric(4, _nearest, compares_training_images=True),
    "copying": Metric(1, _copying, compares_training_images=True),
}


def computable(reference: Reference, *, quick: bool) -> list[str]:
    """Return the metrics of an evaluation: all or the quick ones, without those that need training
    images which are not on this machine."""
    return [
        name
        for name, metric in METRICS.items()
        if (metric.quick or not quick)
        and (not metric.compares_training_images or reference.train is not None)
    ]
