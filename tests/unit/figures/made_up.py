"""Results as evaluations find them, with made-up numbers of the usual size."""

import numpy as np

from gangan_cli.records import Evaluated, Scored, Subject
from tests.unit.audit.made_up import JUDGE, frechet_at


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
