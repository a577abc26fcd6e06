"""How many images a score needs to tell two GANs apart that differ by 5 %.

    python -m tests.bench.images_needed RUN --store STORE

Every GAN of a run on images makes sets of images, from the same noise as the other GANs' sets. The
variance of a score over sets of n images falls as 1 / n, so that one size suffices. Two GANs are told
apart if the better one has the better score in 97.5 % of cases, where scores differ by 5 % (for Parzen
windows: what is missing to real images). That is checked by pairs of GANs that do differ by 4 to 6 %.
"""

import argparse
import json
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gangan_cli.evaluation.evaluate import chosen
from gangan_cli.evaluation.floor import floor
from gangan_cli.evaluation.measures import Sample
from gangan_cli.evaluation.reference import Reference, reference_of, to_bytes
from gangan_cli.evaluation.scores import SCORES, scored
from gangan_cli.sampling.datasets import data_dir_of, dataset_of
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.threads import stay_within_limits
from store import Catalog

METRICS = ["frechet", "mind", "kernel", "prdc", "labels", "parzen"]
NAMES = (
    "frechet", "mind", "kernel", "precision", "density", "coverage",
    "entropy", "marginal_entropy", "inception", "uniformity", "parzen",
)  # fmt: skip
DIFFERENCE = 0.05
CERTAIN = 1.96
"""Standard deviations that are exceeded on one side in 2.5 % of cases."""

Values = dict[str, NDArray[np.float64]]
"""Scores (GANs, sets) by name."""


def main() -> None:
    """Print a table, or with --json all values."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--gans", default="")
    parser.add_argument("--images", type=int, default=1000, help="in each set")
    parser.add_argument("--sets", type=int, default=16)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    stay_within_limits()
    with Lineage.open(Catalog(given.store), given.run) as lineage:
        bottom = lineage.on_images
        reference = reference_of(dataset_of(bottom), data_dir_of(bottom), lambda *_: None)
        values = measured(lineage, reference, given.gans, given.images, given.sets)
    real = floor(reference, 10_000, 0, False).values
    found = {name: needed(name, values[name], real[name], given.images) for name in NAMES}
    if given.json:
        print(json.dumps({name: {"values": values[name].tolist(), **found[name]} for name in NAMES}))
        return
    print(
        f"{'score':28} {'GANs':>15} {'same noise':>10} {'other noise':>11} {'pairs':>5}  right, expected"
    )
    for name, one in found.items():
        print(
            f"{SCORES[name].title:28} {one['low']:7.3g}–{one['high']:<7.3g} {one['same']:10,.0f} "
            f"{one['other']:11,.0f} {one['pairs']:5}  {one['right']:.1%}, {one['expected']:.1%}"
        )


def measured(lineage: Lineage, reference: Reference, gans: str, images: int, sets: int) -> Values:
    """Return the scores of the last snapshots of GANs on sets of images."""
    rows = [
        list(of_sets(lineage, reference, lineage.top.snapshot(*key), images, sets))
        for key in chosen(lineage.top, gans, "")
    ]
    return {name: np.array([[one[name] for one in row] for row in rows]) for name in NAMES}


def of_sets(
    lineage: Lineage, reference: Reference, weights: NDArray[np.float32], images: int, sets: int
) -> Iterator[dict[str, float]]:
    """Yield the scores of each set of images of the GAN with weights (P,)."""
    pixels = to_bytes(lineage.pictures(weights, images * sets, seed=0))
    for first in range(0, len(pixels), images):
        yield scored(Sample(pixels[first : first + images], reference), METRICS).values


def needed(name: str, values: NDArray[np.float64], real: float, images: int) -> dict[str, float]:
    """Return how many images tell two GANs apart, if their sets are from the `same` noise, and from
    `other` noise: medians over pairs of neighbours by score, and over GANs.

    Of pairs that differ by 4 to 6 % it returns how often the better one was `right`ly found on sets of
    the same noise, and how often by the formula.
    """
    values = values[values.mean(axis=1) != 0]  # which nothing is 5 % of
    means = values.mean(axis=1)
    size = np.abs(means - real) if name == "parzen" else np.abs(means)
    spread = values.var(axis=1, ddof=1) * 2
    other = images * np.median(spread * (CERTAIN / (DIFFERENCE * size)) ** 2)
    same = images * np.median(
        [
            (values[a] - values[b]).var(ddof=1) * (CERTAIN / (DIFFERENCE * (size[a] + size[b]) / 2)) ** 2
            for a, b in pairwise(np.argsort(means))
        ]
    )
    right, expected = [], []
    for a, b in combinations(range(len(values)), 2):
        apart = values[a] - values[b]
        if 0.04 < abs(apart.mean()) / ((size[a] + size[b]) / 2) < 0.06:
            right.append(np.mean(np.sign(apart) == np.sign(apart.mean())))
            expected.append(normal(abs(apart.mean()) / apart.std(ddof=1)))
    return {
        "low": float(means.min()),
        "high": float(means.max()),
        "same": float(same),
        "other": float(other),
        "pairs": len(right),
        "right": float(np.mean(right)) if right else float("nan"),
        "expected": float(np.mean(expected)) if expected else float("nan"),
    }


def normal(deviations: float) -> float:
    """Return the share of a normal distribution below so many standard deviations."""
    from scipy.special import ndtr

    return float(ndtr(deviations))


if __name__ == "__main__":
    main()
