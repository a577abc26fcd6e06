"""A CycleGAN's translations of images from either domain, and their translations back.

A CycleGAN can cheat: it may hide the information for the way back in a translation, as differences that
are hardly visible (Chu, Zhmoginov and Sandler, 2017). Then a disturbance of the translation changes the
way back much more than the same disturbance of a real image does (002, section 2.5).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gangan_cli.images.dataset import Images
from gangan_cli.images.domains import Unpaired
from gangan_cli.sampling.datasets import training_images
from gangan_cli.sampling.lineage import Lineage, Pictures, resolve_snapshot
from gangan_cli.weightspace.snapshots import Matrix

NOISES = (0.01, 0.02, 0.05, 0.1)
"""Standard deviations of noise on images in [-1, 1]."""

N_COMPARED = 1000
"""Images over which differences are averaged."""


@dataclass(frozen=True)
class Translations:
    """Images of A, their translations, and these translated back (3, n, height, width); the same from B.

    `lost` is the mean absolute difference between images of A, in [-1, 1], and their translations back.
    `changed` has, by disturbance, the mean absolute change of the translation from B to A when its input
    is disturbed: (for translations of A, for real images of B).
    """

    gan: int
    epoch: int
    from_a: Pictures
    from_b: Pictures
    lost: float
    changed: Mapping[str, tuple[float, float]]


def translations(
    lineage: Lineage,
    *,
    gan: int | None = None,
    epoch: int | None = None,
    seed: int = 0,
    shown: int = 10,
) -> Translations:
    """Return how one snapshot translates images that it was trained on, of which `shown` are kept.

    Raises:
        ConfigurationError, WorkFailed: there is no such GAN, or the images cannot be loaded.
    """
    gan, epoch = resolve_snapshot(lineage.top, gan, epoch)
    vector = lineage.top.snapshot(gan, epoch)
    manifest, random = lineage.top.manifest, np.random.default_rng(seed)
    both = Unpaired(training_images(manifest))
    rows = random.permutation(both.count)[:N_COMPARED]
    a, b = (part.pixels[rows] * np.float32(2 / 255) - np.float32(1) for part in (both.a, both.b))

    def through(images: Matrix, *networks: str) -> Matrix:
        return lineage.apply_networks(vector, networks, images)

    made_b, made_a = through(a, "a_to_b"), through(b, "b_to_a")
    back_a, back_b = through(made_b, "b_to_a"), through(made_a, "a_to_b")
    changed = {
        what: (
            _difference(through(disturb(made_b), "b_to_a"), back_a),
            _difference(through(disturb(b), "b_to_a"), made_a),
        )
        for what, disturb in _disturbances(random, both.images).items()
    }
    return Translations(
        gan,
        epoch,
        np.stack([lineage.as_pictures(x[:shown]) for x in (a, made_b, back_a)]),
        np.stack([lineage.as_pictures(x[:shown]) for x in (b, made_a, back_b)]),
        _difference(back_a, a),
        changed,
    )


def _disturbances(random: np.random.Generator, like: Images) -> dict[str, Callable[[Matrix], Matrix]]:
    def noise(deviation: float) -> Callable[[Matrix], Matrix]:
        return lambda x: x + np.float32(deviation) * random.standard_normal(x.shape, np.float32)

    def blurred(x: Matrix) -> Matrix:
        images = np.pad(x.reshape(-1, like.height, like.width), ((0, 0), (1, 1), (1, 1)), mode="edge")
        across = (images[:, :, :-2] + 2 * images[:, :, 1:-1] + images[:, :, 2:]) / 4
        down = (across[:, :-2] + 2 * across[:, 1:-1] + across[:, 2:]) / 4
        soft: Matrix = down.reshape(x.shape).astype(np.float32)
        return soft

    def eight_bits(x: Matrix) -> Matrix:
        rounded: Matrix = (np.round((x + 1) * 127.5) / 127.5 - 1).astype(np.float32)
        return rounded

    noises = {f"noise {deviation}": noise(deviation) for deviation in NOISES}
    return {**noises, "eight bits": eight_bits, "blurred": blurred}


def _difference(one: Matrix, other: Matrix) -> float:
    return float(np.abs(one - other).mean())
