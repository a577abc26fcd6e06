"""Scores of anybody's images, by the same judge as those of GANs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError
from gangan_cli.evaluation.classifiers import SIDE, Pixels
from gangan_cli.evaluation.evaluate import FEWEST, EvaluationRequest, Warned, doubts
from gangan_cli.evaluation.floor import floor
from gangan_cli.evaluation.measures import Sample
from gangan_cli.evaluation.quick import quick_scores
from gangan_cli.evaluation.reference import Reference, reference_of
from gangan_cli.evaluation.scores import from_quick, scored
from gangan_cli.images.arrays import as_greys, greys_at
from gangan_cli.progress import ProgressCallback
from gangan_cli.records import Evaluated, Scored, Subject


def scores_of(
    images: NDArray[Any], dataset: str = "mnist", data_dir: Path | None = None, seed: int = 0
) -> Scored:
    """Return all scores of an array of images, in any of the forms that `as_greys` takes.

    Raises:
        ConfigurationError: they are no images, fewer than ten, or there is no judge of the dataset.
    """
    pixels = as_greys(images, SIDE).pixels
    _check_enough(pixels)
    return scored(Sample(pixels, reference_of(dataset, data_dir, lambda *_: None), seed))


def evaluate_images(
    path: Path, request: EvaluationRequest, data_dir: Path | None, on_progress: ProgressCallback
) -> Iterator[Evaluated | Warned]:
    """Judge the images at `path`; yield the result of as many real images first, then theirs, and
    warnings. If there are more than `request.samples`, so many are drawn.

    Raises:
        ConfigurationError: they cannot be read, are fewer than ten, or no dataset is named.
        WorkFailed: the judge is not available.
    """
    if not request.dataset:
        raise ConfigurationError("name the dataset to compare the images with: --dataset mnist")
    greys = greys_at(path, SIDE)
    yield from (Warned(f"{path}: {remark}") for remark in greys.remarks)
    _check_enough(greys.pixels)
    rows = np.random.default_rng(request.seed).permutation(len(greys.pixels))[: request.samples]
    pixels = greys.pixels[np.sort(rows)]
    reference = reference_of(request.dataset, data_dir, on_progress, request.judge)
    yield from (Warned(text) for text in doubts(reference.judge, len(pixels)))
    if not request.quick and reference.train is None:
        yield Warned(reference.lack)
    real = floor(reference, len(pixels), request.seed, request.quick)
    yield _evaluated(Subject(), real, reference, len(pixels), request.seed)
    on_progress("judging", 1, 2)
    if request.quick:
        found = from_quick(quick_scores(pixels, reference), reference)
    else:
        found = scored(Sample(pixels, reference, request.seed))
    yield _evaluated(Subject(source=str(path)), found, reference, len(pixels), request.seed)
    on_progress("judging", 2, 2)


def _check_enough(pixels: Pixels) -> None:
    if len(pixels) < FEWEST:
        raise ConfigurationError(f"{len(pixels)} image{'s' * (len(pixels) != 1)}: give {FEWEST} or more")


def _evaluated(
    subject: Subject, scores: Scored, reference: Reference, samples: int, seed: int
) -> Evaluated:
    judge = reference.judge
    return Evaluated(subject, reference.dataset, judge.id, judge.accuracy, samples, seed, scores)
