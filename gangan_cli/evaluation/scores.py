"""The scores of a set of images: their names and titles, and results put together from metrics."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from gangan_cli.evaluation.measures import METRICS, Sample, computable, with_error
from gangan_cli.evaluation.quick import QuickScores
from gangan_cli.evaluation.reference import Reference
from gangan_cli.metrics import entropy
from gangan_cli.models.latent_codes import Categorical
from gangan_cli.records import Scored

__all__ = [
    "CLASS_SCORES", "QUICK", "SCORES", "Score", "from_quick", "kept", "merged", "scored", "with_error",
]  # fmt: skip


@dataclass(frozen=True)
class Score:
    """The title of a score, its number of decimals, which values are better ("" for neither), and the
    metric that computes it."""

    title: str
    decimals: int
    better: str
    metric: str


SCORES: dict[str, Score] = {
    "frechet": Score("Fréchet distance", 1, "lower", "frechet"),
    "mind": Score("MIND", 2, "lower", "mind"),
    "kernel": Score("kernel distance", 3, "lower", "kernel"),
    "precision": Score("precision", 3, "higher", "prdc"),
    "recall": Score("recall", 3, "higher", "prdc"),
    "density": Score("density", 3, "higher", "prdc"),
    "coverage": Score("coverage", 3, "higher", "prdc"),
    "entropy": Score("label entropy (nats)", 3, "lower", "labels"),
    "entropy_std": Score("label entropy, std", 3, "", "labels"),
    "entropy_lowest": Score("label entropy, min", 3, "", "labels"),
    "entropy_highest": Score("label entropy, max", 3, "", "labels"),
    "marginal_entropy": Score("marginal label entropy", 3, "higher", "labels"),
    "inception": Score("inception score (this judge)", 2, "higher", "labels"),
    "uniformity": Score("class imbalance (TV)", 3, "lower", "labels"),
    "ones_sevens_nines": Score("share of 1, 7 and 9", 3, "", "classes"),
    "class_chi2": Score("χ² of the classes", 1, "lower", "classes"),
    "class_p": Score("χ² of the classes, p", 3, "", "classes"),
    "agreement": Score("label accuracy", 3, "higher", "agreement"),
    "information": Score("mutual information, at least", 3, "higher", "information"),
    "parzen": Score("Parzen log-likelihood (nats)", 1, "higher", "parzen"),
    "parzen_sigma": Score("Parzen σ", 3, "", "parzen"),
    "spots": Score("white spots per image", 3, "lower", "spots"),
    "nearest": Score("nearest training image", 2, "", "nearest"),
    "nearest_train": Score("nearest of n training images", 2, "", "copying"),
    "nearest_test": Score("nearest of n test images", 2, "", "copying"),
}
"""The scores of all images, by the names under which results are stored. The nearest images are at
median Euclidean distances; "agreement" and "information" exist only for GANs with classes in their
latent."""

CLASS_SCORES: dict[str, Score] = {
    f"frechet_{digit}": Score(f"Fréchet distance of class {digit}", 1, "lower", "class_frechet")
    for digit in range(10)
}
"""Scores of one class each, of images with classes: real ones, and those of GANs with classes in their
latent."""

QUICK = "frechet", "entropy", "marginal_entropy", "inception", "uniformity", "agreement"
"""Scores that `from_quick` has, and of which one value is better than another."""


def scored(sample: Sample, metrics: Collection[str] | None = None) -> Scored:
    """Return the scores of a sample: of these `metrics`, or of all that can be computed here.

    Without "labels" among them there are no histograms.
    """
    values: dict[str, float] = {}
    errors: dict[str, float] = {}
    if metrics is None:
        metrics = computable(sample.reference, quick=False)
    for name in metrics:
        more, unsure = METRICS[name].compute(sample)
        values |= more
        errors |= {score: error for score, error in unsure.items() if np.isfinite(error)}
    classes, entropies = [], []
    if "labels" in metrics:
        classes = entropy.label_scores(sample.probabilities).classes.tolist()
        entropies = entropy.entropy_histogram(sample.probabilities)[0].tolist()
    done = {name: METRICS[name].version for name in metrics}
    return Scored(_in_order(values), _in_order(errors), classes, entropies, done)


def from_quick(
    quick_scores: QuickScores, reference: Reference, asked: Categorical | None = None
) -> Scored:
    """Return quick scores as scores by name: the Fréchet distance, and those of the labels. `asked` is
    the code of classes that the images were generated from, in turn."""
    features, probabilities = quick_scores.features, quick_scores.probabilities
    pixels = np.empty((len(features), 0), np.uint8)
    sample = Sample(pixels, reference, asked=asked, known=(features, probabilities))
    found = scored(sample, [name for name in computable(reference, quick=True) if name != "frechet"])
    values = {"frechet": quick_scores.frechet, **found.values}
    return replace(
        found, values=values, versions={**found.versions, "frechet": METRICS["frechet"].version}
    )


def kept(older: Scored) -> Scored:
    """Return the scores that stored ones have by metrics whose version is still the same."""
    same = [name for name, one in METRICS.items() if older.versions.get(name) == one.version]
    return _only(older, same)


def without_training_images(found: Scored) -> Scored:
    """Return the scores that do not depend on which images GANs were trained on."""
    return _only(found, [name for name in found.versions if not METRICS[name].compares_training_images])


def _only(found: Scored, metrics: Collection[str]) -> Scored:
    """Return the scores that some of their metrics computed."""
    titles = SCORES | CLASS_SCORES
    values, errors = (
        {
            name: value
            for name, value in part.items()
            if name in titles and titles[name].metric in metrics
        }
        for part in (found.values, found.errors)
    )
    labels = "labels" in metrics
    versions = {name: version for name, version in found.versions.items() if name in metrics}
    return Scored(
        values, errors, found.classes if labels else [], found.entropies if labels else [], versions
    )


def merged(one: Scored, other: Scored) -> Scored:
    """Return the scores of two results of the same images, by different metrics."""
    return Scored(
        _in_order({**one.values, **other.values}),
        _in_order({**one.errors, **other.errors}),
        one.classes or other.classes,
        one.entropies or other.entropies,
        {**one.versions, **other.versions},
    )


def _in_order(values: Mapping[str, float]) -> dict[str, float]:
    return {name: values[name] for name in (*SCORES, *CLASS_SCORES) if name in values}
