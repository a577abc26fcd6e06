"""All scores of a set of images, with standard errors."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gangan_cli.evaluation.classifiers import Features, Pixels
from gangan_cli.evaluation.quick import QuickScores
from gangan_cli.evaluation.reference import Reference, to_unit
from gangan_cli.metrics import entropy, frechet, kernel, nearest, parzen, prdc
from gangan_cli.metrics.label_accuracy import agreement
from gangan_cli.metrics.mind import Projections
from gangan_cli.models.latent_codes import Categorical
from gangan_cli.records import Scored


@dataclass(frozen=True)
class Score:
    """The title of a score, its number of decimals, and which values are better ("" for neither)."""

    title: str
    decimals: int
    better: str


SCORES: Mapping[str, Score] = {
    "frechet": Score("Fréchet distance", 1, "lower"),
    "mind": Score("MIND", 2, "lower"),
    "kernel": Score("kernel distance", 3, "lower"),
    "precision": Score("precision", 3, "higher"),
    "recall": Score("recall", 3, "higher"),
    "density": Score("density", 3, "higher"),
    "coverage": Score("coverage", 3, "higher"),
    "entropy": Score("label entropy (nats)", 3, "lower"),
    "entropy_std": Score("label entropy, std", 3, ""),
    "entropy_lowest": Score("label entropy, min", 3, ""),
    "entropy_highest": Score("label entropy, max", 3, ""),
    "marginal_entropy": Score("marginal label entropy", 3, "higher"),
    "inception": Score("inception score (this judge)", 2, "higher"),
    "uniformity": Score("class imbalance (TV)", 3, "lower"),
    "agreement": Score("label accuracy", 3, "higher"),
    "parzen": Score("Parzen log-likelihood (nats)", 1, "higher"),
    "parzen_sigma": Score("Parzen σ", 3, ""),
    "nearest": Score("nearest training image", 2, ""),
}
"""All scores, by the names under which results are stored. "nearest" is a median Euclidean distance;
"agreement" exists only for GANs with classes in their latent."""

QUICK = "frechet", "entropy", "marginal_entropy", "inception", "uniformity", "agreement"
"""Scores that `from_quick` has, and of which one value is better than another."""

VERSION = 4
"""Version of the definition of the scores: stored scores of another version are computed again."""

NEAREST_OF = 1000
"""Number of images whose nearest training image is searched for."""

SUBSET = 1000
"""Images of each set in one subset of the kernel distance, as its authors propose; a quarter of the
images if there are fewer than 4,000."""

KERNEL_OF = 4000
"""Images of each set that the kernel distance uses: its cost grows with their square."""

ENOUGH = 8
"""Images per feature from which a Fréchet distance has a standard error."""

AGAIN = 100
"""Bootstrap resamples for the standard error of a median."""

Part = tuple[dict[str, float], dict[str, float]]
"""Values and standard errors, by the name of the score."""


def scored(
    images: Pixels,
    reference: Reference,
    seed: int,
    near: Pixels | None = None,
    asked: Categorical | None = None,
) -> Scored:
    """Return all scores of images (n, 784) of 0 to 255, in the order in which a GAN generated them.

    "nearest" is computed for the images `near` (default: `images`) among all training images, and left
    out if these are not on this machine. `asked` is the code of classes that the images were generated
    from, in turn.
    """
    features, probabilities = reference.judge.judged(images)
    values, errors = _by_label(probabilities)
    for part in (
        _as_asked(probabilities, asked),
        _by_feature(features, reference, seed),
        _by_pixel(images, reference),
        _nearness(images if near is None else near, reference.train),
    ):
        values |= part[0]
        errors |= part[1]
    return _together(values, errors, probabilities)


def from_quick(quick_scores: QuickScores, asked: Categorical | None = None) -> Scored:
    """Return quick scores as scores by name: the Fréchet distance, and those of the labels. `asked` is
    the code of classes that the images were generated from, in turn."""
    values, errors = _by_label(quick_scores.probabilities)
    more = _as_asked(quick_scores.probabilities, asked)
    return _together(
        {"frechet": quick_scores.frechet, **values, **more[0]},
        {**errors, **more[1]},
        quick_scores.probabilities,
    )


def _as_asked(probabilities: Features, asked: Categorical | None) -> Part:
    if asked is None:
        return {}, {}
    classes = np.arange(len(probabilities)) % asked.count
    found = agreement(probabilities, classes, assigned=asked.learned)
    return {"agreement": found.share}, {"agreement": found.standard_error}


def _by_label(probabilities: Features) -> Part:
    labels, unsure = entropy.label_scores(probabilities), entropy.label_errors(probabilities)
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


def _together(values: dict[str, float], errors: dict[str, float], probabilities: Features) -> Scored:
    return Scored(
        {name: values[name] for name in SCORES if name in values},
        {name: errors[name] for name in SCORES if np.isfinite(errors.get(name, np.nan))},
        entropy.label_scores(probabilities).classes.tolist(),
        entropy.entropy_histogram(probabilities)[0].tolist(),
    )


def with_error(reference: Reference, features: Features) -> tuple[float, float]:
    """Return the Fréchet distance of features (n, d) to the test images, and its standard error; NaN
    for fewer than ENOUGH d images."""
    distance = reference.frechet.distance(frechet.moments(features))
    if len(features) < ENOUGH * features.shape[1]:
        return distance, float("nan")
    return distance, reference.frechet.standard_error(features)


def _by_feature(features: Features, reference: Reference, seed: int) -> Part:
    distance, error = with_error(reference, features)
    few, of_test = features[:KERNEL_OF], reference.some(KERNEL_OF)
    count = min(len(few), len(of_test))
    size = max(2, min(SUBSET, count // 4))  # larger subsets would hardly differ from each other
    closeness = kernel.kernel_distance(of_test, few, size=size, seed=seed)
    shapes = prdc.prdc(reference.manifold, prdc.Manifold(features))
    values = {
        "frechet": distance,
        "mind": reference.projections.mind(Projections(features)),
        "kernel": closeness.distance,
        "precision": shapes.precision,
        "recall": shapes.recall,
        "density": shapes.density,
        "coverage": shapes.coverage,
    }
    errors = {
        "frechet": error,
        # Scaled to all images, as for a delete-d jackknife: subsets that share images differ by less.
        "kernel": closeness.std * (size / (count - size)) ** 0.5,
        "precision": shapes.precision_error,
        "recall": shapes.recall_error,
        "density": shapes.density_error,
        "coverage": shapes.coverage_error,
    }
    return values, errors


def _by_pixel(images: Pixels, reference: Reference) -> Part:
    real = reference.images
    found = parzen.parzen(to_unit(images), to_unit(real.validation), to_unit(real.test))
    values = {"parzen": found.log_likelihood, "parzen_sigma": found.sigma}
    return values, {"parzen": found.standard_error}


def _nearness(images: Pixels, among: Pixels | None) -> Part:
    if among is None:
        return {}, {}
    some = np.random.default_rng(0).permutation(len(images))[:NEAREST_OF]  # MNIST's first are easier
    distances = nearest.nearest(images[some], among)[0] / 255
    again = np.random.default_rng(0).choice(distances, (AGAIN, len(distances)))
    error = float(np.median(again, axis=1).std(ddof=1))
    return {"nearest": float(np.median(distances))}, {"nearest": error}
