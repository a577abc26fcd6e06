"""The judge of a dataset: a classifier. The standard one of MNIST ships with the package; others are
trained on first use and then cached.

Scores of different judges do not compare. So each judge has an id, a hash of its kind, dataset and
weights, and every result names it.
"""

import contextlib
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from gangan_cli import caches
from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.evaluation.classifiers import RECIPES, SIDE, Classifier, Features, Pixels, judged, train
from gangan_cli.evaluation.shipped import FOLDER, LEARNED, judged_by
from gangan_cli.images.loading import load_images
from gangan_cli.progress import ProgressCallback

KIND = "judges"
"""The cache folder of judges, and of the scores of real images."""

REQUIRED: Mapping[str, float] = {"mnist": 0.992, "fashion-mnist": 0.90, "kmnist": 0.94}
"""Accuracy on test images below which scores may mislead. The paper's judge reached 0.9923 on MNIST."""

PAPER_VALIDATION = 5000
"""The paper's judge is not trained on the first 5,000 training images, as in the tutorial's split."""


@dataclass(frozen=True)
class Judge:
    """A trained classifier of `dataset`; `accuracy` is on the dataset's test images. `kind` is standard
    or paper. If it could not be cached, `unkept` says why, and that it is trained again next time."""

    id: str
    dataset: str
    kind: str
    accuracy: float
    classifier: Classifier
    unkept: str = ""

    @property
    def width(self) -> int:
        """Number of features."""
        return self.classifier.width

    @property
    def weakness(self) -> str:
        """A warning that its accuracy is too low; "" if it is not."""
        required = REQUIRED[self.dataset]
        if self.accuracy >= required:
            return ""
        return (
            f"the judge of {self.dataset} is right on {self.accuracy:.2%} of the test images, less than "
            f"the {required:.1%} that it should be: its scores may mislead"
        )

    def judged(self, pixels: Pixels) -> tuple[Features, Features]:
        """Return features (n, width) and class probabilities (n, 10) of images (n, 784), 0 to 255.

        Raises:
            ConfigurationError: they have another size, or colours.
        """
        if pixels.shape[1] != SIDE * SIDE:
            raise ConfigurationError(
                f"the judge needs grey images of {SIDE} × {SIDE} pixels, these have "
                f"{pixels.shape[1]:,} values each"
            )
        return judged(self.classifier, pixels)


def judge_of(
    dataset: str, data_dir: Path | None, on_progress: ProgressCallback, kind: str = "standard"
) -> Judge:
    """Return the judge of `dataset`. One that does not ship with the package is read from the cache, or
    trained: the standard one in a few minutes, the paper's in ten to twenty, on two cores.

    Raises:
        ConfigurationError: there is no judge for such a dataset, or no such kind.
        WorkFailed: the images are not available, or the cached judge is damaged.
    """
    if kind not in RECIPES:
        raise ConfigurationError(f"no judge {kind!r}: choose from {', '.join(RECIPES)}")
    dataset = judged_by(dataset)
    packed = FOLDER / f"{dataset}.safetensors"
    if kind == "standard" and packed.exists():
        found = _read(packed, dataset, kind)
        assert found is not None
        return found
    waits = partial(on_progress, "waiting for the judge that another process trains", 0, 1)
    try:
        path = caches.folder(KIND) / f"{dataset}-{kind}-{_recipe_id(kind)}.safetensors"
        if (known := _read(path, dataset, kind)) is not None:
            return known
        with caches.alone(path, waits):
            known = _read(path, dataset, kind)
            return known or _kept(_train(dataset, data_dir, kind, on_progress), path)
    except caches.CacheUnwritable as error:
        return _unkept(_train(dataset, data_dir, kind, on_progress), str(error))


def _train(dataset: str, data_dir: Path | None, kind: str, on_progress: ProgressCallback) -> Judge:
    images, test = load_images(dataset, data_dir), load_images(dataset, data_dir, "test")
    rows = np.arange(LEARNED) if kind == "standard" else np.arange(PAPER_VALIDATION, images.count)
    seen, recipe = images.picked(rows), RECIPES[kind]
    on_progress("training the judge", 0, recipe.steps)
    classifier = train(seen.pixels, seen.labels, recipe, partial(on_progress, "training the judge"))
    classifier.scale_features(test.pixels)
    _, probabilities = judged(classifier, test.pixels)
    accuracy = float((probabilities.argmax(axis=1) == test.labels).mean())
    return Judge(id_of(kind, dataset, classifier), dataset, kind, accuracy, classifier)


def id_of(kind: str, dataset: str, classifier: Classifier) -> str:
    """Return the id of a judge: 12 hexadecimal digits."""
    digest = hashlib.sha256(f"{kind} {dataset}".encode())
    for _, tensor in sorted(classifier.state_dict().items()):
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


def _recipe_id(kind: str) -> str:
    """Return a hash of the architecture and the recipe: another one is another judge."""
    recipe = RECIPES[kind]
    with torch.device("meta"):
        architecture = str(recipe.network())
    return hashlib.sha256(repr((architecture, recipe)).encode()).hexdigest()[:16]


def _read(path: Path, dataset: str, kind: str) -> Judge | None:
    from safetensors import SafetensorError, safe_open

    if not os.access(path, os.R_OK):  # missing, or not readable by this user
        return None
    try:
        with safe_open(path, "pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            facts = file.metadata()
        with torch.device("meta"):  # initialising weights would take half a second
            classifier = RECIPES[kind].network()
        classifier.load_state_dict(weights, assign=True)
        classifier.to(memory_format=torch.channels_last)  # as in training
        return Judge(facts["id"], dataset, kind, float(facts["accuracy"]), classifier.eval())
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError, OSError) as error:
        ships = path.parent == FOLDER
        remedy = "install gangan again" if ships else "delete it, and it is trained again"
        raise WorkFailed(f"the judge in {path} is damaged: {remedy}") from error


def write(judge: Judge, path: Path) -> None:
    """Write a judge to a file.

    Raises:
        OSError, SafetensorError: it cannot be written.
    """
    from safetensors.torch import save_file

    weights = {name: tensor.contiguous() for name, tensor in judge.classifier.state_dict().items()}
    facts = {
        "id": judge.id,
        "dataset": judge.dataset,
        "kind": judge.kind,
        "accuracy": repr(judge.accuracy),
    }
    save_file(weights, path, facts)


def _kept(judge: Judge, path: Path) -> Judge:
    """Write `judge` to `path`, and return it; if it cannot be written, its `unkept` says so."""
    from safetensors import SafetensorError

    aside = path.with_suffix(f".{os.getpid()}")
    try:
        write(judge, aside)
        aside.replace(path)
    except (OSError, SafetensorError) as error:
        return _unkept(judge, f"{path.parent} cannot be written ({error})")
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
    return judge


def _unkept(judge: Judge, why: str) -> Judge:
    return replace(judge, unkept=f"the judge is not kept, and is trained again next time: {why}")
