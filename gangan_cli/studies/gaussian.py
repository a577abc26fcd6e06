"""Does a layer that is shared with the discriminator help a GAN to learn a normal distribution? (001,
section 5, figures 3 and 4; its released code, section 1.7 of the notes.)

The paper shows one net of each kind. Its results change with the seed, and with a learning rate that is
larger by a thousandth, so this study takes populations.
"""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError
from gangan_cli.metrics.normal import mass_outside, wasserstein
from gangan_cli.sampling.densities import DRAWN, densities, generated_numbers
from gangan_cli.studies.answers import Finding
from gangan_cli.studies.gaussian_result import (
    NEAR_MEAN,
    NEAR_STD,
    OUTSIDE,
    Arm,
    Gaussians,
    findings,
    table,
)
from gangan_cli.studies.study import StudiedRun, StudyContext, Table
from gangan_cli.weightspace.snapshots import Matrix
from store import Run

ON_THE_WAY = 1000
"""Numbers that each GAN generates at each epoch, to see when it learned."""


class GaussianStudy:
    """The study: see the module."""

    result = Gaussians

    def measure(self, context: StudyContext) -> Gaussians:
        """Measure all GANs of each run."""
        arms = []
        for number, name in enumerate(context.runs):
            with context.opened(name) as studied:
                require_numbers(studied)
                of = {"snapshots": len(studied.run.keys())}
                arms.append(studied.once("arm", Arm, partial(_arm, studied), of))
            context.on_progress("measuring runs", number + 1, len(context.runs))
        return Gaussians(arms)

    def tables(self, found: Gaussians) -> list[Table]:
        """Return a table of the arms."""
        return [table(found)]

    def findings(self, found: Gaussians) -> list[Finding]:
        """Return what follows."""
        return findings(found)


def require_numbers(studied: StudiedRun) -> None:
    """Check that a run is one of GANs of numbers, trained to its end.

    Raises:
        ConfigurationError: it is not; the message says what helps.
    """
    if studied.lineage.is_gangan or studied.lineage.numbers is None:
        raise ConfigurationError(
            f"run {studied.run.name!r} is not of GANs of numbers: give runs such as gangan train-gans "
            "--family gaussian makes"
        )
    studied.require_complete()


def last_snapshots(run: Run) -> tuple[Matrix, NDArray[np.int64]]:
    """Return the last snapshots (n, P) of the GANs that reached the last epoch, and their numbers."""
    keys = run.keys()
    vectors, found = run.matrix(keys[keys[:, 1] == run.manifest.epochs])
    return vectors, found[:, 0]


def _arm(studied: StudiedRun) -> Arm:
    run, lineage, config = studied.run, studied.lineage, studied.run.manifest.config
    data = lineage.numbers
    assert data is not None
    vectors, gans = last_snapshots(run)
    if len(gans) < 2:
        raise ConfigurationError(
            f"run {run.name!r} has {len(gans)} GAN that reached the last epoch, and populations are "
            f"compared: gangan train-gans --family {run.manifest.family} --gans 200 makes one"
        )
    numbers = generated_numbers(lineage, vectors, DRAWN, 0).astype(np.float64)
    distances = wasserstein(numbers, data.mean, data.std)
    middle = int(np.argsort(distances)[len(distances) // 2])
    shown = densities(lineage, vectors[middle : middle + 1], 0)
    means, stds, steps = _on_the_way(studied, gans)
    near = np.abs(means - data.mean) < NEAR_MEAN * data.std
    both = near & (np.abs(stds - data.std) < NEAR_STD * data.std)
    reach = OUTSIDE * data.std
    return Arm(
        run=run.name,
        shared=run.manifest.family == "shared-gaussian",
        minibatch=bool(run.manifest.hparams["minibatch"]),
        settings=f"{steps[-1]:,} steps of {config['batch_size']} at rate {config['lr']:g}",
        sample=data.count,
        batch=int(config["batch_size"]),
        steps=int(steps[-1]),
        seed=int(config["seed"]),
        mean=data.mean,
        std=data.std,
        diverged=run.manifest.gans - len(gans),
        means=numbers.mean(axis=1),
        stds=numbers.std(axis=1),
        outside=mass_outside(numbers, data.mean - reach, data.mean + reach),
        distances=distances,
        hit=_first(near, steps),
        hit_both=_first(both, steps),
        x=shown.x,
        real=shown.real,
        made=shown.made[0],
        judged=shown.judged[0],
        typical=int(gans[middle]),
    )


def _on_the_way(
    studied: StudiedRun, gans: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the means and standard deviations (epochs, n) of the `gans` at each epoch with a snapshot,
    and the steps (epochs,) done by then."""
    run, lineage = studied.run, studied.lineage
    keys = run.keys()
    keys = keys[np.isin(keys[:, 0], gans)]
    epochs = np.unique(keys[:, 1])
    means, stds = [], []
    for epoch in epochs:
        vectors, _ = run.matrix(keys[keys[:, 1] == epoch])
        numbers = generated_numbers(lineage, vectors, ON_THE_WAY, 0)
        means.append(numbers.mean(axis=1, dtype=np.float64))
        stds.append(numbers.std(axis=1, dtype=np.float64))
    config, data = run.manifest.config, lineage.numbers
    assert data is not None
    steps = config.get("epoch_steps") or data.count // config["batch_size"]
    return np.stack(means), np.stack(stds), epochs * steps


def _first(there: NDArray[np.bool_], steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the steps (n,) at which each column of `there` (epochs, n) is first true; 0 if never."""
    return np.where(there.any(axis=0), steps[there.argmax(axis=0)], 0)
