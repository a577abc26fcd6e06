"""An audit with made-up numbers of the usual size, from a small model of what samplers draw.

Each GAN lies far from all others, and its snapshots an epoch step apart. A sampler's vectors lie so many
steps from a snapshot, and their Fréchet distance is a multiple of the snapshot's.
"""

import dataclasses

import numpy as np

from gangan_cli.audit.audit import Audit
from gangan_cli.audit.auditor import concluded
from gangan_cli.audit.benchmark import SamplerResult
from gangan_cli.audit.latent_axis import LatentWalk
from gangan_cli.audit.options import Options
from gangan_cli.audit.population import UsualDistances, UsualMixtures
from gangan_cli.audit.rivals import DECODED, GANGAN, RETRIEVAL, TRAINED_ANEW
from gangan_cli.audit.spaces import Near
from gangan_cli.metrics.distances import Distances
from gangan_cli.metrics.statistics import Interval
from gangan_cli.weightspace.baselines import BASELINES

STEP = 8.1
"""Between consecutive snapshots of a GAN, in weight space; among components it is a fifth of that."""

BETWEEN = 5.5
"""Epoch steps between a snapshot and the nearest of another GAN."""

JUDGE = "mnist-3f9a1c"

SPACES = {"weights": STEP, "components": STEP / 5, "images": 1.2}
"""The epoch step in each space."""

PLACES = {
    "snapshot": (0, 0, 1.0),
    "last_snapshot": (0, 0, 0.9),
    "snapshot_noise_0.5": (0.5, 0.001, 1.01),
    "snapshot_noise_1": (1, 0.001, 1.03),
    "snapshot_noise_2": (2, 0.001, 1.15),
    "mean_of_last": (1.9, 0.25, 0.88),
    "moving_average": (2.1, 0.3, 0.87),
    "interpolation_within_gan": (1.6, 0.8, 1.1),
    "interpolation_between_gans": (4.2, 0.5, 4.3),
    "gaussian": (9.5, 0.05, 9.0),
    "pca_gaussian": (6.1, 0.15, 6.5),
    "pca_kernels": (2.6, 0.3, 1.3),
    "pca_snapshot": (1, 0.05, 0.95),
    "autoencoder_kernels": (1.1, 0.1, 0.96),
    "autoencoder_snapshot": (1.1, 0.1, 0.97),
    TRAINED_ANEW: (BETWEEN, 0.1, 1.0),
    RETRIEVAL: (0, 0, 1.0),
}
"""Of each sampler: distance in steps, how much it varies, and Fréchet distance in those of snapshots."""


def frechet_at(gan, epoch):
    """What a snapshot scores: 335 at first, 97 to 190 at the end, by GAN."""
    end = 97 + 93 * ((gan * 0.38) % 1)
    wobble = np.sin(epoch * (2.1 + gan)) * 0.035 * np.log1p(epoch) / 4
    return float((end + (335 - end) * np.exp(-(epoch - 1) / 14)) * np.exp(wobble))


def of_gans(random, count, epochs, step):
    """Distances of so many GANs' snapshots, one in each tenth of training, to the nearest other GAN."""
    gans = np.repeat(np.arange(count), min(10, epochs))
    cells = np.tile(np.arange(min(10, epochs)), count)
    own = 0.1 * random.standard_normal(count)[gans]
    return Distances(BETWEEN * step * np.exp(own), cells, gans)


def a_sampler(random, id, keys, count, epochs, places, spaces):
    """What is measured of a sampler whose vectors lie near the snapshots `keys` (drawn, 2)."""
    steps, varies, factor = places
    far = steps * np.exp(varies * random.standard_normal(len(keys)))
    scores = np.array([frechet_at(*key) for key in keys[:count].tolist()])
    spread_of_scores = 0.06 * varies + 0.08 * (id == GANGAN)
    frechet = scores * factor * np.exp(spread_of_scores * random.standard_normal(count))
    return SamplerResult(
        id=id,
        frechet=frechet,
        mind=3 * frechet,
        tenths=(keys[:count, 1] - 1) * 10 // epochs,
        near={space: Near(keys[:count], far[:count] * spaces[space]) for space in spaces},
        nearest_frechet={"whole": scores, "projected": 0.95 * scores},
        alike="projected" if id == GANGAN or id in DECODED else "whole",
        layers={"generator.out.weight": steps, "discriminator.out.bias": float("nan")},
        best=float(frechet.min()) * 1.02,
        best_error=1.1,
        keys=keys,
        distances=far * spaces.get("components", STEP),
        ratios=np.minimum(far / BETWEEN, 1),
        mixtures={"2 snapshots of a GAN": 0.8 * far, "2 GANs": 0.9 * far},
        spread=Interval(0.97, 0.95, 0.99) if len(np.unique(keys[:, 0])) > 1 else None,
    )


def an_audit(
    gans=8,
    epochs=100,
    count=64,
    drawn=256,
    steps=2.4,
    worse=1.03,
    condition="none",
    places=32,
    epoch=500,
    held_out=0,
    components=True,
):
    """An audit of a GAN-GAN whose GANs lie `steps` from the snapshots and score `worse` times theirs,
    without its conclusions."""
    random = np.random.default_rng(0)
    keys = np.column_stack([random.integers(gans, size=drawn), 1 + random.integers(epochs, size=drawn)])
    spaces = {space: step for space, step in SPACES.items() if components or space != "components"}
    ids = [GANGAN, *BASELINES]
    if gans < 2:
        ids.remove("interpolation_between_gans")
    ids += [TRAINED_ANEW] * (held_out > 0) + [RETRIEVAL] * (condition != "none")
    samplers = [
        a_sampler(random, id, keys, count, epochs, PLACES.get(id, (steps, 0.25, worse)), spaces)
        for id in ids
    ]
    positions, words, asked = np.linspace(-4, 4, places), "latent z", None
    along = np.linspace(1, epochs, places).round().astype(int)
    if condition == "epoch":
        positions, words, asked = (
            np.linspace(1, epochs, places),
            "requested epoch",
            keys[:count, 1] + 2.0,
        )
    if condition == "score":
        positions, words = np.geomspace(97, 335, places), "requested Fréchet distance"
        asked, along = samplers[0].frechet * 1.05, along[::-1]
    nearest = np.column_stack(
        [np.zeros(places, int), np.clip(along + random.integers(-4, 5, places), 1, epochs)]
    )
    usual = {
        space: UsualDistances(
            step,
            of_gans(random, gans, epochs, step) if gans > 1 else None,
            of_gans(random, held_out, epochs, step) if held_out else None,
        )
        for space, step in spaces.items()
    }
    mixtures = {"2 snapshots of a GAN": 0.7 + 0.1 * random.random(64), "2 GANs": 0.7 + random.random(64)}
    return Audit(
        run="g",
        gan=0,
        epoch=epoch,
        judge=JUDGE,
        options=Options(count=count, images=2000, points=places),
        gans=list(range(gans)),
        epochs=list(range(1, epochs + 1)),
        held_out=[f"a:{gans + one}" for one in range(held_out)],
        usual=usual,
        own=0.9 * spaces.get("components", STEP) * (1 + 0.1 * random.random(64)),
        usual_mixtures=UsualMixtures(
            mixtures, {id: 4 * of for id, of in mixtures.items()} if held_out else None
        ),
        samplers=samplers,
        walk=LatentWalk(
            words,
            positions,
            nearest,
            STEP * steps * np.exp(0.2 * random.standard_normal(places)),
            np.array([frechet_at(0, one) for one in along]) * worse,
            samplers[0].keys[:count, 1] + random.standard_normal(count),
        ),
        real=6.3,
        mixed=80.0,
        condition=condition,
        asked=asked,
    )


def a_concluded_audit(**settings):
    """The same with its conclusions."""
    return concluded(an_audit(**settings))


def with_generator(audit, **changes):
    """The same audit, with other measurements of its GAN-GAN."""
    return dataclasses.replace(
        audit, samplers=[dataclasses.replace(audit.generator, **changes), *audit.samplers[1:]]
    )
