"""Many GANs judged at a glance, a thread a core."""

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
"""GANs whose images are made ahead for each thread."""


@dataclass(frozen=True)
class Glance:
    """What one look at images gives: their Fréchet distance, and class probabilities (n, 10)."""

    frechet: float
    probabilities: Features


def glance(images: Features, reference: Reference) -> Glance:
    """Look at images (n, 784) in [0, 1].

    Raises:
        WorkFailed: a pixel is no number.
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
    """Judge GANs with weights (P,) of the run at `level` of a lineage, each on `images` images.

    Their noise depends on `seed` alone. Yields one result a vector, in order.

    Raises:
        WorkFailed: a GAN makes no numbers.
    """

    # Side by side on one thread each: products of this size wait as long as they compute on two.
    threads = torch.get_num_threads()
    waiting: deque[Future[Glance]] = deque()
    with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for vector in vectors:
            # Made here: binding weights to a network is not for several threads at once.
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
    """Return the Fréchet distance (n,) of each of n GANs as `glances` has it; `told` hears how many are
    done."""
    found = []
    for glance in glances(lineage, level, vectors, reference, images, seed):
        found.append(glance.frechet)
        told(len(found))
    return np.array(found)
