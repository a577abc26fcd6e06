"""An audit with made-up numbers, in which the GAN-GAN does all that it should."""

import dataclasses

import numpy as np

from gangan_cli.audit.audit import AVERAGES, SNAPSHOT, Audit
from gangan_cli.audit.benchmark import GANGAN, Axis, Options, Row
from gangan_cli.weightspace.index import Neighbours


def found_at(count, distance, residual) -> Neighbours:
    """So many vectors at one distance from the snapshots, and one from the lines between them."""
    places = (np.full(count, number) for number in (distance, 0.3, residual))
    return Neighbours(np.zeros(count, np.int64), *places)


def made_up(**changes) -> Audit:
    """An audit of 10 GANs × 10 epochs in which the GAN-GAN does all that it should."""
    random = np.random.default_rng(0)
    keys = np.array([(n % 10, 1 + n % 7) for n in range(100)])

    def row(id, distance, residual, frechet):
        return Row(
            id,
            frechet + random.normal(0, 1, 50),
            keys,
            distance + random.normal(0, 0.1, 100),
            np.full(100, 0.3),
            residual + random.normal(0, 0.1, 100),
            {},
            np.ones(50),
            frechet,
            1.0,
        )

    plain = Audit(
        run="g",
        gan=0,
        epoch=1,
        judge="x",
        options=Options(),
        gans=list(range(10)),
        epochs=list(range(1, 11)),
        spacing=8.0,
        across=60.0,
        own=found_at(5, 7.0, 5.0),
        rows=[
            row(GANGAN, 16, 10, 200),
            row(SNAPSHOT, 0, 0, 210),
            *(row(id, 5, 3, frechet) for id, frechet in zip(AVERAGES, (200, 205), strict=True)),
        ],
        matched=np.full(50, 210.0),
        axis=Axis(
            "z", np.arange(9.0), np.stack([np.zeros(9), np.arange(9)], 1), np.ones(9), -np.arange(9.0)
        ),
        floor=1.0,
    )
    return dataclasses.replace(plain, **changes)
