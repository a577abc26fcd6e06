"""Results as evaluations and audits find them, with made-up numbers of the usual size."""

import numpy as np

from gangan_cli.audit.audit import Audit, Inside
from gangan_cli.audit.benchmark import GANGAN, Axis, Options, Row
from gangan_cli.records import Evaluated, Scored, Subject
from gangan_cli.weightspace.baselines import BASELINES
from gangan_cli.weightspace.index import Neighbours

STEP = 8.1
"""Between consecutive snapshots, in weight space."""

JUDGE = "mnist-3f9a1c"

PLACES = {
    "snapshot": (0, 0, 1.0),
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
}
"""Of each sampler: distance in steps, how much it varies, and Fréchet distance in those of snapshots."""


def frechet_at(gan, epoch):
    """What a snapshot scores: 335 at first, 97 to 190 at the end, by GAN."""
    end = 97 + 93 * ((gan * 0.38) % 1)
    wobble = np.sin(epoch * (2.1 + gan)) * 0.035 * np.log1p(epoch) / 4
    return float((end + (335 - end) * np.exp(-(epoch - 1) / 14)) * np.exp(wobble))


def a_scored(frechet, mean, samples=2000, full=False):
    top = np.log(10)
    middles = (np.arange(100) + 0.5) * top / 100
    shares = np.exp(-middles / (0.12 + mean / 2)) + 0.02 * mean
    counts = np.random.default_rng(int(frechet)).multinomial(samples, shares / shares.sum())
    average = float(counts @ middles / samples)
    values = {
        "frechet": frechet,
        "entropy": average,
        "entropy_std": float((counts @ (middles - average) ** 2 / samples) ** 0.5),
    }
    if full:
        values["precision"] = 0.7
    return Scored(values, {}, [samples // 10] * 10, counts.tolist())


def an_evaluated(subject, samples=2000, judge=JUDGE):
    if subject.gan is None:
        scored = a_scored(6.3, 0.03, samples)
    else:
        frechet = frechet_at(subject.gan, subject.epoch) * (1 + 0.05 * (subject.drawn or 0))
        scored = a_scored(frechet, frechet / 700, samples)
    return Evaluated(subject, "mnist5k", judge, 0.991, samples, 0, scored)


def a_population(gans, epochs, samples=2000, judge=JUDGE):
    """Real images, and snapshots of `gans` GANs at `epochs`."""
    subjects = [Subject(), *(Subject(gan, epoch) for gan in range(gans) for epoch in epochs)]
    return [an_evaluated(subject, samples, judge) for subject in subjects]


def drawn_gans(count, epoch=500):
    """What evaluating a GAN-GAN gives."""
    subjects = [Subject(), *(Subject(0, epoch, drawn) for drawn in range(count))]
    return [an_evaluated(subject) for subject in subjects]


def documents(found):
    """Results under keys as a run keeps them."""
    return {
        f"evaluation/quick/{one.judge}/{one.samples}/{one.seed}/"
        f"{one.subject.gan}/{one.subject.epoch}/{one.subject.drawn}": one.document()
        for one in found
    }


def an_audit(
    gans=8,
    epochs=100,
    count=64,
    drawn=512,
    steps=2.4,
    worse=1.03,
    condition="none",
    places=32,
    epoch=500,
    inside=False,
):
    """An audit of a GAN-GAN whose GANs lie `steps` from the snapshots and score `worse` times theirs."""
    random = np.random.default_rng(0)
    single = epochs == 1
    spacing = float("nan") if single else STEP
    keys = np.column_stack([random.integers(gans, size=drawn), 1 + random.integers(epochs, size=drawn)])
    scores = np.array([frechet_at(*key) for key in keys.tolist()])
    ids = [GANGAN, *BASELINES]
    if gans < 2:
        ids.remove("interpolation_between_gans")
    if single:
        ids.remove("interpolation_within_gan")
    rows = []
    for id in ids:
        far, varies, factor = PLACES.get(id, (steps, 0.25, worse))
        distances = STEP * far * np.exp(varies * random.standard_normal(drawn))
        frechet = scores[:count] * factor * np.exp(0.06 * varies * random.standard_normal(count))
        if id == GANGAN:
            frechet = frechet * np.exp(0.08 * random.standard_normal(count))
        best = float(frechet.min()) * 1.02
        within = (
            Neighbours(np.zeros(drawn, int), distances / 2, np.full(drawn, 0.3), distances / 3)
            if inside
            else None
        )
        far_off = distances, np.full(drawn, 0.3), distances * 0.8, {}, distances[:count]
        rows.append(Row(id, frechet, keys, *far_off, best, 1.1, within))
    asked = None
    positions, words = (
        np.linspace(-4, 4, places),
        ("latent z: of 256 directions in 16 dimensions the one that ends latest"),
    )
    along = np.linspace(1, epochs, places).round().astype(int)
    if condition == "epoch":
        positions, words, asked = (
            np.linspace(1, epochs, places),
            "requested epoch",
            keys[:count, 1] + 2.0,
        )
    if condition == "score":
        positions, words = np.geomspace(97, 335, places), "requested Fréchet distance"
        asked, along = rows[0].frechet * 1.05, along[::-1]
    nearest = np.column_stack(
        [np.zeros(places, int), np.clip(along + random.integers(-4, 5, places), 1, epochs)]
    )
    on_axis = np.array([frechet_at(0, one) for one in along]) * worse
    away = STEP * steps * np.exp(0.2 * random.standard_normal(places))
    return Audit(
        run="g",
        gan=0,
        epoch=epoch,
        judge=JUDGE,
        options=Options(count=count, images=2000, points=places),
        gans=list(range(gans)),
        epochs=list(range(1, epochs + 1)),
        spacing=spacing,
        across=float("nan") if gans < 2 else 4.9 * STEP,
        own=Neighbours(
            np.arange(64), np.full(64, STEP * 0.97), np.full(64, 0.3), np.full(64, STEP * 0.8)
        ),
        rows=rows,
        matched=scores[:count],
        axis=Axis(words, positions, nearest, away, on_axis),
        floor=6.3,
        condition=condition,
        asked=asked,
        inside=an_inside() if inside else None,
    )


def an_inside():
    own = Neighbours(np.arange(64), np.full(64, STEP / 5), np.full(64, 0.3), np.full(64, STEP / 6))
    return Inside(STEP / 5, 4 * STEP, own)
