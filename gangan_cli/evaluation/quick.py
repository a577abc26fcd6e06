"""Quick scores of many GANs, one thread per core."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from gangan_cli.evaluation.reference import Reference
from gangan_cli.metrics import frechet
from gangan_cli.metrics.classifier import Features
from gangan_cli.sampling.lineage import Lineage, unit_interval
from gangan_cli.weightspace.snapshots import Matrix

WAITING = 2
"""Number of GANs per thread whose images are generated ahead."""


@dataclass(frozen=True)
class Glance:
    """Quick scores of n images: their Fréchet distance, and class probabilities (n, 10)."""

    frechet: float
    probabilities: Features


def glance(images: Features, reference: Reference) -> Glance:
    """Return the quick scores of images (n, 784) in [0, 1].

    Raises:
        WorkFailed: a pixel is not finite.
    """
    features, probabilities = reference.judge.judged(images)
    return Glance(reference.frechet.distance(frechet.moments(features)), probabilities)


def glances(
    lineage: Lineage,
    level: int,
    vectors: Iterable[Matrix],
    reference: Reference,
    images: int,
    seed: int,
) -> Iterator[Glance]:
    """Yield the quick scores of GANs with weights (P,) of the run at `level` of a lineage, each on
    `images` images, in the order of `vectors`.

    The noise depends on `seed` alone.

    Raises:
        WorkFailed: a GAN generates values that are not finite.
    """

    # One GAN per thread: on two threads, matrix products of this size wait as long as they compute.
    threads = torch.get_num_threads()
    waiting: deque[Future[Glance]] = deque()
    with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for vector in vectors:
            # Generated in this thread: binding weights to a network is not thread-safe.
            pictures = unit_interval(lineage.pictures(vector, images, seed, level))
            waiting.append(pool.submit(glance, pictures, reference))
            if len(waiting) > WAITING * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def frechet_distances(
    lineage: Lineage,
    level: int,
    vectors: Iterable[Matrix],
    reference: Reference,
    images: int,
    seed: int,
    told: Callable[[int], None],
) -> NDArray[np.float64]:
    """Return the Fréchet distances (n,) of n GANs, computed by `glances`; `told` is called with the
    number that are done."""
    found = []
    for glance in glances(lineage, level, vectors, reference, images, seed):
        found.append(glance.frechet)
        told(len(found))
    return np.array(found)
