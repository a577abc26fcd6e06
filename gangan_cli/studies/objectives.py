"""What the two objectives and the inner loop of Algorithm 1 do (003, section 3).

Two caveats of the paper are measured. Where the discriminator is too good, log(1 - D(G(z))) hardly
teaches the generator: a discriminator is trained against a generator that stays as it is, and the
gradients of both objectives are compared. And optimising the discriminator to completion is
prohibitive, and overfits: GANs with 1, 5 and 20 discriminator steps are compared after as many
generator steps, by cost, by quality, and by whether D tells images that it was trained on from others
of the same dataset.
"""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gangan_cli.config import EngineSettings
from gangan_cli.errors import ConfigurationError
from gangan_cli.evaluation.classifiers import Pixels
from gangan_cli.evaluation.quick import quick_scores
from gangan_cli.evaluation.reference import Reference, reference_of, to_bytes, to_unit
from gangan_cli.evaluation.shipped import PARZEN
from gangan_cli.images.dataset import Images
from gangan_cli.images.loading import load_images
from gangan_cli.metrics.parzen import Parzen, parzen
from gangan_cli.metrics.similarity import exceeds
from gangan_cli.models.family import batches_per_step
from gangan_cli.models.functional import split_networks
from gangan_cli.models.objectives import OBJECTIVES
from gangan_cli.models.registry import build
from gangan_cli.rng import stream
from gangan_cli.sampling.datasets import data_dir_of, images_of, rows_of
from gangan_cli.studies.answers import Finding
from gangan_cli.studies.objectives_result import (
    Arm,
    GanProgress,
    Objectives,
    Seconds,
    StarvedGenerator,
    findings,
    tables,
)
from gangan_cli.studies.study import StudiedRun, StudyContext, Table
from gangan_cli.training.engine import train
from gangan_cli.weightspace.snapshots import Matrix
from store import Run

IMAGES = 5_000
"""Images of each snapshot for its Fréchet distance."""

SAMPLES = 10_000
"""Samples of each GAN at its end for its Parzen log-likelihood, as in the paper."""

MARKS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Discriminator steps against a generator that stays, after which gradients are measured."""

JUDGED = 2_000
"""Real and generated images for these gradients and accuracies."""

AT_ONCE = 5_000
"""Images that a discriminator judges at a time: 31 MB."""

TIMED = 20
"""Generator steps that are timed."""

SEED = 0


class ObjectivesStudy:
    """The study: see the module."""

    result = Objectives

    def measure(self, context: StudyContext) -> Objectives:
        """Measure the gradients in the first run, and all runs beside each other."""
        for name in context.runs:
            with context.opened(name) as studied:
                _check(studied)
        arms = []
        reference: Reference | None = None
        for name in context.runs:
            with context.opened(name) as studied:
                dataset, folder = images_of(studied.run.manifest), _folder(studied.run, context)
                if reference is None or reference.dataset != dataset:  # its features take seconds
                    reference = reference_of(dataset, folder, context.on_progress)
                arms.append(_arm(studied, reference, context))
        with context.opened(context.runs[0]) as studied:
            starved = list(_starved_generators(studied, context))
        return Objectives(context.runs[0], starved, arms)

    def tables(self, found: Objectives) -> list[Table]:
        """Return a table of gradients, and one of the runs."""
        return tables(found)

    def findings(self, found: Objectives) -> list[Finding]:
        """Return what follows."""
        return findings(found)


def _check(studied: StudiedRun) -> None:
    """Check that a run can be compared.

    Raises:
        ConfigurationError: it lacks what the study needs; the message has a command that helps.
    """
    manifest = studied.run.manifest
    helps = "gangan train-gans --run NAME --family mlp --examples 0-49999"
    if studied.lineage.is_gangan or "discriminator_steps" not in manifest.hparams:
        raise ConfigurationError(
            f"run {studied.run.name!r} ({manifest.family}) has no discriminator steps to choose: give "
            f"runs of mlp or gan, as from {helps} --family-option discriminator_steps=5"
        )
    if not (manifest.dataset or {}).get("rows"):
        raise ConfigurationError(
            f"run {studied.run.name!r} was trained on all images of its dataset, so that none are left "
            f"that its discriminator has not seen: {helps} leaves some out"
        )
    studied.require_complete()
    if len(dict(studied.run.keys().tolist())) < 2:
        raise ConfigurationError(
            f"run {studied.run.name!r} has one GAN, and intervals need two or more: {helps} --gans 5"
        )


# ------------------------------------------------------------------ the runs beside each other


def _folder(run: Run, context: StudyContext) -> Path | None:
    """Return the folder of a run's dataset."""
    return context.data_dir or data_dir_of(run.manifest)


def _arm(studied: StudiedRun, reference: Reference, context: StudyContext) -> Arm:
    """Measure the GANs of a run at all its snapshots."""
    run = studied.run
    manifest = run.manifest
    seen, unseen = _seen_and_unseen(run, context)
    gans = []
    last = sorted(dict(run.keys().tolist()).items())
    for place, (gan, epoch) in enumerate(last):
        measure = partial(_gan, studied, gan, reference, seen, unseen)
        of = {"epoch": epoch, "images": IMAGES, "samples": SAMPLES, "judge": reference.judge.id}
        gans.append(studied.once(f"gan/{gan}", GanProgress, measure, of))
        context.on_progress(f"judging {run.name}", place + 1, len(last))
    seconds = studied.once("seconds", Seconds, partial(_seconds, run, seen), {"steps": TIMED})
    hparams, config = manifest.hparams, manifest.config
    return Arm(
        run.name,
        manifest.family,
        images_of(manifest),
        hparams["loss"],
        hparams["discriminator_steps"],
        config["seed"],
        seen.count,
        seconds,
        gans,
    )


def _seen_and_unseen(run: Run, context: StudyContext) -> tuple[Images, Images]:
    """Return the images that a run was trained on, and the others of its dataset."""
    every = load_images(images_of(run.manifest), _folder(run, context))
    rows = rows_of(run.manifest, every.name)
    return every.part(rows), every.without(rows)


def _gan(
    studied: StudiedRun, gan: int, reference: Reference, seen: Images, unseen: Images
) -> GanProgress:
    """Measure a GAN at each of its snapshots, and its log-likelihood at the last."""
    run, lineage = studied.run, studied.lineage
    epochs = [epoch for of, epoch in run.keys().tolist() if of == gan]
    frechet, advantage, gap = [], [], []
    for epoch in epochs:
        vector = run.snapshot(gan, epoch)
        images = to_bytes(lineage.pictures(vector, IMAGES, SEED))
        frechet.append(quick_scores(images, reference).frechet)
        on_known, on_others = (_judged(run, vector, some.pixels) for some in (seen, unseen))
        advantage.append(exceeds(on_known, on_others))
        gap.append(float(on_known.mean() - on_others.mean()))
    real = reference.images
    pictures = lineage.pictures(vector, SAMPLES, SEED).reshape(SAMPLES, -1)
    samples: Matrix = (pictures + np.float32(1)) / np.float32(2)
    likelihood: Parzen = parzen(samples, to_unit(real.real[:PARZEN]), to_unit(real.test))
    steps = [epoch * _steps_per_epoch(run, seen.count) for epoch in epochs]
    return GanProgress(gan, steps, frechet, advantage, gap, likelihood)


def _scaled(pixels: Pixels) -> Tensor:
    """Return images (n, D) of 0 to 255 in [-1, 1], in double precision."""
    return torch.from_numpy(pixels).double() * (2 / 255) - 1


def _steps_per_epoch(run: Run, images: int) -> int:
    """Return how many updates of the generator an epoch has."""
    batches = batches_per_step(build(run.manifest.family, run.manifest.hparams))
    config = run.manifest.config
    return int(config.get("epoch_steps") or images // (config["batch_size"] * batches))


def _judged(run: Run, vector: Matrix, pixels: Pixels) -> NDArray[np.float64]:
    """Return the probability (n,) that a GAN's discriminator gives to images (n, D) of being real. It
    judges all there are: of 5,000 the advantage has an error of 0.006, which all GANs share."""
    judge = _modules(run, vector)["discriminator"].eval()
    with torch.no_grad():
        parts = [
            judge(_scaled(pixels[first : first + AT_ONCE])) for first in range(0, len(pixels), AT_ONCE)
        ]
    found: NDArray[np.float64] = torch.cat(parts)[:, 0].numpy()
    return found


def _modules(run: Run, vector: Matrix) -> dict[str, nn.Module]:
    """Return a GAN's networks as modules of double precision: where D is nearly sure, its probabilities
    are all the same in single precision."""
    networks = build(run.manifest.family, run.manifest.hparams).networks()
    for name, part in split_networks(run.manifest.layout, torch.from_numpy(vector)).items():
        networks[name].load_state_dict(part)
    return {name: network.double() for name, network in networks.items()}


def _seconds(run: Run, seen: Images) -> Seconds:
    """Time the steps of one GAN as the engine trains it, not compiled, in one thread: processor time,
    which does not depend on what else runs."""
    manifest = run.manifest
    family, batch = build(manifest.family, manifest.hparams), int(manifest.config["batch_size"])
    needed = TIMED * batch * batches_per_step(family)
    examples = seen.drawn(np.resize(seen.pixels, (needed, family.data_dim))).load("cpu")
    settings = EngineSettings(2, batch, float(manifest.config["lr"]), SEED, 1)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        epochs = train(family, examples, settings, [0])
        next(epochs)  # which also records the updates
        begun = time.process_time()
        next(epochs)
        return Seconds((time.process_time() - begun) / TIMED)
    finally:
        torch.set_num_threads(threads)


# ------------------------------------------------------------------ a generator that stays


def _starved_generators(studied: StudiedRun, context: StudyContext) -> Iterator[StarvedGenerator]:
    """Measure the gradients of both objectives as discriminators get better, for each GAN's earliest
    snapshot."""
    run = studied.run
    seen, _ = _seen_and_unseen(run, context)
    first: dict[int, int] = {}
    for gan, epoch in run.keys(initial=True).tolist():
        first.setdefault(gan, epoch)
    for place, (gan, epoch) in enumerate(first.items()):
        measure = partial(_starved, run, gan, epoch, seen)
        yield studied.once(f"gradients/{gan}", StarvedGenerator, measure, {"epoch": epoch})
        context.on_progress("training discriminators alone", place + 1, len(first))


def _starved(run: Run, gan: int, epoch: int, seen: Images) -> StarvedGenerator:
    """Train a GAN's discriminator against its generator, which stays as it is, at the run's own rate
    and batch size."""
    networks = _modules(run, run.snapshot(gan, epoch))
    judge, make = networks["discriminator"], networks["generator"]
    family, source = build(run.manifest.family, run.manifest.hparams), stream(SEED, gan, epoch, "cpu")
    batch = int(run.manifest.config["batch_size"])

    def real(count: int) -> Tensor:
        return _scaled(seen.pixels[torch.randint(seen.count, (count,), generator=source).numpy()])

    adam = torch.optim.Adam(judge.parameters(), float(run.manifest.config["lr"]))
    held, noise = real(JUDGED), family.noise((JUDGED,), source).double()
    found = StarvedGenerator(gan, epoch, [], [], [], [], {name: [] for name in OBJECTIVES})
    for step in range(MARKS[-1] + 1):
        if step in MARKS:
            on_real, on_made = judge(held).detach(), judge(make(noise))
            found.steps.append(step)
            found.judged.append(float(on_made.detach().mean()))
            right = torch.cat([on_real, 1 - on_made.detach()])
            found.accuracies.append(float((right > 0.5).double().mean()))
            found.certainties.append(float(right.mean()))
            for name, objective in OBJECTIVES.items():
                found.gradients[name].append(_length(objective(on_made), make))
        with torch.no_grad():
            made = make(family.noise((batch,), source).double())
        loss = -torch.log(judge(real(batch))).mean() - torch.log(1 - judge(made)).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    return found


def _length(value: Tensor, network: nn.Module) -> float:
    """Return the norm of the gradient of `value` by all parameters of a network."""
    gradients = torch.autograd.grad(value, list(network.parameters()), retain_graph=True)
    return float(torch.cat([gradient.flatten() for gradient in gradients]).norm())
