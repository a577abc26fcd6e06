"""The judge of a dataset: a classifier, trained on first use and then cached.

Scores of different judges do not compare. So each judge has an id, a hash of its data, architecture,
recipe and weights, and every result names it.
"""

import contextlib
import hashlib
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from gangan_cli import caches
from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.images.dataset import Images
from gangan_cli.images.loading import held_out, load_images
from gangan_cli.metrics.classifier import Classifier, Features, Pixels, Recipe, judged, train
from gangan_cli.progress import ProgressCallback

KIND = "judges"
"""The cache folder of judges, and of the scores of real images."""

SIDE = 28

RECIPES: Mapping[str, Recipe] = {
    "mnist": Recipe(),
    "fashion-mnist": Recipe(),
    "kmnist": Recipe(),
    "mnist5k": Recipe(steps=600),  # a twelfth of the images needs fewer steps
}

REQUIRED: Mapping[str, float] = {"mnist": 0.992, "fashion-mnist": 0.90, "kmnist": 0.94, "mnist5k": 0.95}
"""Accuracy on test images below which scores may mislead. The paper's judge reached 0.9923."""

VALIDATION = 5000
"""The first 5,000 of 60,000 training images are not trained on, as in the tutorial's split. For mnist5k,
its test images are left out instead."""


@dataclass(frozen=True)
class Judge:
    """A trained classifier; `accuracy` is on the dataset's test images. If it could not be cached,
    `unkept` says why, and that it is trained again next time."""

    id: str
    dataset: str
    accuracy: float
    classifier: Classifier
    unkept: str = ""

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

    def judged(self, images: Features) -> tuple[Features, Features]:
        """Return features (n, 1024) and class probabilities (n, 10) of images (n, 784) in [0, 1].

        Raises:
            WorkFailed: a pixel is not finite.
        """
        if not np.isfinite(images).all():
            raise WorkFailed("these images have pixels that are not finite: the GAN has diverged")
        return judged(self.classifier, images)


def judge_of(dataset: str, data_dir: Path | None, on_progress: ProgressCallback) -> Judge:
    """Return the judge of `dataset`; train it if it is not cached, in some minutes on two cores.

    Raises:
        ConfigurationError: there is no judge for such a dataset.
        WorkFailed: the images are not available, or the cached judge is damaged.
    """
    if dataset not in RECIPES:
        raise ConfigurationError(f"there is no judge for {dataset!r}, only for {', '.join(RECIPES)}")
    images, test = load_images(dataset, data_dir), load_images(dataset, data_dir, "test")
    if (images.height, images.width) != (SIDE, SIDE):
        raise ConfigurationError(
            f"the judge needs {SIDE} × {SIDE} pixels, {dataset} has {images.height} × {images.width}"
        )
    recipe, name = RECIPES[dataset], _name(images, RECIPES[dataset])
    waits = partial(on_progress, "waiting for the judge that another process trains", 0, 1)
    try:
        path = caches.folder(KIND) / f"{name}.safetensors"
        if (known := _read(path, dataset)) is not None:
            return known
        with caches.alone(path, waits):
            return _read(path, dataset) or _kept(_train(images, test, recipe, name, on_progress), path)
    except caches.CacheUnwritable as error:
        return _unkept(_train(images, test, recipe, name, on_progress), str(error))


def _train(
    images: Images, test: Images, recipe: Recipe, name: str, on_progress: ProgressCallback
) -> Judge:
    unseen = held_out(images)
    if not unseen.any():
        unseen[:VALIDATION] = True
    seen = images.picked(~unseen)
    on_progress("training the judge", 0, recipe.steps)
    classifier = train(
        seen.pixels,
        seen.labels,
        recipe,
        lambda done, total: on_progress("training the judge", done, total),
    )
    _, probabilities = judged(classifier, unit(test.pixels))
    accuracy = float((probabilities.argmax(axis=1) == test.labels).mean())
    digest = hashlib.sha256(name.encode())
    for _, tensor in sorted(classifier.state_dict().items()):
        digest.update(tensor.contiguous().numpy().tobytes())
    return Judge(digest.hexdigest()[:12], images.name, accuracy, classifier)


def unit(pixels: Pixels) -> Features:
    """Return pixels 0 to 255 scaled to [0, 1], float32."""
    scaled: Features = pixels.astype(np.float32) / np.float32(255)
    return scaled


def _name(images: Images, recipe: Recipe) -> str:
    """Return a name for the judge, from a hash of the images, the architecture and the recipe."""
    digest = hashlib.sha256(images.describe()["sha256"].encode())
    with torch.device("meta"):
        architecture = str(Classifier())
    digest.update(repr((architecture, asdict(recipe), VALIDATION)).encode())
    return f"{images.name}-{digest.hexdigest()[:16]}"


def _read(path: Path, dataset: str) -> Judge | None:
    from safetensors import SafetensorError, safe_open

    if not os.access(path, os.R_OK):  # missing, or not readable by this user
        return None
    try:
        with safe_open(path, "pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            facts = file.metadata()
        with torch.device("meta"):  # initialising weights would take half a second
            classifier = Classifier()
        classifier.load_state_dict(weights, assign=True)
        classifier.to(memory_format=torch.channels_last)  # as in training
        return Judge(facts["id"], dataset, float(facts["accuracy"]), classifier.eval())
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError, OSError) as error:
        raise WorkFailed(
            f"the judge in {path} is damaged: delete it, and it is trained again"
        ) from error


def _kept(judge: Judge, path: Path) -> Judge:
    """Write `judge` to `path`, and return it; if it cannot be written, its `unkept` says so."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    weights = {name: tensor.contiguous() for name, tensor in judge.classifier.state_dict().items()}
    facts = {"id": judge.id, "dataset": judge.dataset, "accuracy": repr(judge.accuracy)}
    aside = path.with_suffix(f".{os.getpid()}")
    try:
        save_file(weights, aside, facts)
        aside.replace(path)
    except (OSError, SafetensorError) as error:
        return _unkept(judge, f"{path.parent} cannot be written ({error})")
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
    return judge


def _unkept(judge: Judge, why: str) -> Judge:
    return replace(judge, unkept=f"the judge is not kept, and is trained again next time: {why}")
