"""How likely are test images under windows on a generator's samples (003, section 5)?

Goodfellow et al. put a Gaussian window on each of 10,000 samples, choose its width on validation images,
and report the mean log-likelihood of the test images. The validation images are ones that the nets had
not seen, from row 50,000 of the training set on; so they are here. Beside the nets stand sets of images
that no generator made: what they score says what the measure is worth (Theis, van den Oord and Bethge,
"A note on the evaluation of generative models", 2016, section 3.1).
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.evaluation.classifiers import SIDE
from gangan_cli.evaluation.reference import to_unit
from gangan_cli.evaluation.shipped import PARZEN, RealImages, judged_by, real_images
from gangan_cli.images.dataset import Images
from gangan_cli.images.grid import shades
from gangan_cli.metrics.kmeans import centroids
from gangan_cli.metrics.nearest import nearest
from gangan_cli.metrics.parzen import Parzen, parzen
from gangan_cli.sampling.datasets import dataset_of, training_images
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.studies.answers import Finding
from gangan_cli.studies.parzen_result import (
    CENTROIDS,
    MEAN,
    TRAINING,
    GanLikelihood,
    Likelihoods,
    Pictures,
    RunLikelihood,
    findings,
    table,
)
from gangan_cli.studies.study import StudiedRun, StudyContext, Table
from gangan_cli.weightspace.snapshots import Matrix

SAMPLES = 10_000
"""Samples that windows are put on, as in the paper; the likelihood rises with their number."""

SEED = 0
"""Of the noise, and of what is drawn from the training images."""

SHOWN = 6, 5
"""Rows and columns of samples that are kept for the figure."""

STEPS = 11
"""Images from one noise vector to another, both included."""

LINES = 3
"""Pairs of noise vectors between which images are kept."""


class ParzenStudy:
    """The study: see the module."""

    result = Likelihoods

    def measure(self, context: StudyContext) -> Likelihoods:
        """Measure each run, and sets of training images of the first."""
        runs = []
        for name in context.runs:
            with context.opened(name) as studied:
                real = _reference(studied, context)
                runs.append(_of_run(studied, real, context))
        with context.opened(context.runs[0]) as studied:
            images = _training_images(studied, context)
            others = _of_others(studied, images, _reference(studied, context), context)
            pictures = studied.once("pictures", Pictures, lambda: _pictures(studied.lineage, images), {})
        return Likelihoods(dataset_of(studied.lineage.on_images), runs, others, pictures)

    def tables(self, found: Likelihoods) -> list[Table]:
        """Return the paper's table, with ours below."""
        return [table(found)]

    def findings(self, found: Likelihoods) -> list[Finding]:
        """Return what follows."""
        return findings(found)


def _reference(studied: StudiedRun, context: StudyContext) -> RealImages:
    """Return the real images that a run's samples are compared with.

    Raises:
        ConfigurationError: the run is of weights, of other images, or not trained to its end.
    """
    studied.require_complete()
    run, lineage = studied.run, studied.lineage
    dataset = run.manifest.dataset or {}
    if lineage.is_gangan or (dataset.get("height"), dataset.get("width")) != (SIDE, SIDE):
        raise ConfigurationError(
            f"run {run.name!r} has no GANs of grey images of {SIDE} × {SIDE} pixels, of which there are "
            "test images: give a run on mnist, mnist5k, fashion-mnist or kmnist"
        )
    return real_images(judged_by(dataset_of(run.manifest)), context.data_dir)


def _likelihood(samples: Matrix, real: RealImages) -> Parzen:
    """Return the log-likelihood of the test images under windows on samples (n, 784) in [0, 1]."""
    return parzen(samples, to_unit(real.real[:PARZEN]), to_unit(real.test))


def _of_run(studied: StudiedRun, real: RealImages, context: StudyContext) -> RunLikelihood:
    """Measure each GAN of a run at its last epoch, and before its training where that is kept."""
    run = studied.run
    keys = run.keys(initial=True)
    last = dict(keys.tolist())
    first = {gan for gan, epoch in keys.tolist() if epoch == 0}
    gans = []
    for place, (gan, epoch) in enumerate(sorted(last.items())):

        def measure(gan: int = gan, epoch: int = epoch) -> GanLikelihood:
            untrained = _of_gan(studied.lineage, gan, 0, real) if gan in first else None
            return GanLikelihood(gan, epoch, _of_gan(studied.lineage, gan, epoch, real), untrained)

        of = {"epoch": epoch, "samples": SAMPLES, "seed": SEED}
        gans.append(studied.once(f"gan/{gan}", GanLikelihood, measure, of))
        context.on_progress(f"windows on samples of {run.name}", place + 1, len(last))
    config = run.manifest.config
    return RunLikelihood(run.name, run.manifest.family, run.manifest.epochs, int(config["seed"]), gans)


def _of_gan(lineage: Lineage, gan: int, epoch: int, real: RealImages) -> Parzen:
    pictures = lineage.pictures(lineage.top.snapshot(gan, epoch), SAMPLES, SEED)
    if not np.isfinite(pictures).all():
        raise WorkFailed(f"GAN {gan} of {lineage.top.name} has diverged: its images are not finite")
    return _likelihood((pictures.reshape(len(pictures), -1) + np.float32(1)) / np.float32(2), real)


def _training_images(studied: StudiedRun, context: StudyContext) -> Images:
    """Return the images that a run was trained on, which must be on this machine.

    Raises:
        ConfigurationError, WorkFailed: they cannot be loaded.
    """
    return training_images(studied.run.manifest, context.data_dir)


def _of_others(
    studied: StudiedRun, images: Images, real: RealImages, context: StudyContext
) -> Mapping[str, Parzen]:
    """Measure sets that no generator made, by their names: all from training images."""
    found = {}
    sets = _others(to_unit(images.pixels))
    for place, (name, make) in enumerate(sets.items()):

        def measure(make: Callable[[], Matrix] = make) -> Parzen:
            return _likelihood(make(), real)

        found[name] = studied.once(f"other/{name}", Parzen, measure, {"samples": SAMPLES, "seed": SEED})
        context.on_progress("windows on training images", place + 1, len(sets))
    return found


def _others(images: Matrix) -> dict[str, Callable[[], Matrix]]:
    """Return functions that make sets of up to SAMPLES images of training images (n, 784)."""
    count = min(SAMPLES, len(images))

    def drawn() -> Matrix:
        rows: Matrix = images[np.random.default_rng(SEED).permutation(len(images))[:count]]
        return rows

    return {
        TRAINING: drawn,
        CENTROIDS: lambda: centroids(images, count, seed=SEED),
        MEAN: lambda: images.mean(axis=0, keepdims=True),
    }


def _pictures(lineage: Lineage, images: Images) -> Pictures:
    """Return samples of the first GAN, the training images nearest to the last column, and images
    between pairs of noise vectors."""
    run = lineage.top
    gan, epoch = min(dict(run.keys().tolist()).items())
    vector, (rows, columns) = run.snapshot(gan, epoch), SHOWN
    made = shades(lineage.pictures(vector, rows * columns, SEED + 1)).reshape(rows, columns, -1)
    distances, closest = nearest(made[:, -1], images.pixels)
    [ends] = lineage.fixed_noise(2 * LINES, SEED + 2)
    shares = np.linspace(0, 1, STEPS, dtype=np.float32)[:, None]
    between = [
        shades(lineage.render(vector[None], [(1 - shares) * a + shares * b])[0]).reshape(STEPS, -1)
        for a, b in _pairs(ends)
    ]
    return Pictures(
        f"{run.name}, GAN {gan}, epoch {epoch}",
        made,
        images.pixels[closest],
        (distances / 255).tolist(),
        np.stack(between),
    )


def _pairs(ends: Matrix) -> Iterator[tuple[Matrix, Matrix]]:
    for first in range(0, len(ends), 2):
        yield ends[first], ends[first + 1]
