"""Evaluates the GANs of a run by all scores. Results are stored with the run, and reused."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gangan_cli.errors import ConfigurationError
from gangan_cli.evaluation.floor import floor
from gangan_cli.evaluation.judge import Judge
from gangan_cli.evaluation.measures import ENOUGH, Sample, computable
from gangan_cli.evaluation.quick import score_many
from gangan_cli.evaluation.reference import Reference, reference_of, to_bytes
from gangan_cli.evaluation.scores import from_quick, kept, merged, scored
from gangan_cli.progress import ProgressCallback
from gangan_cli.records import Evaluated, Scored, Subject
from gangan_cli.sampling.datasets import data_dir_of, dataset_of, mismatch, rows_of
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.weightspace.snapshots import Matrix, select
from store import Catalog, Run, StoreError
from store.keys import Pair

FEWEST = 10
"""Minimum number of images: with fewer, half of the scores have no meaning."""

MOST = 100_000
"""Maximum number of images: distances between all pairs of them take time with their square."""

MOST_DRAWN = 1024
"""Maximum number of GANs sampled from a GAN-GAN. This many latents are always drawn, so that sample k
does not depend on how many are requested."""


@dataclass(frozen=True)
class EvaluationRequest:
    """What to evaluate: GANs and epochs as in "0,3-7" (empty: all, each at its last epoch). Of a
    GAN-GAN, `latents` sampled GANs are evaluated at each epoch. Each GAN generates `samples` images,
    from noise that depends on `seed`."""

    gans: str = ""
    epochs: str = ""
    latents: int = 8
    samples: int = 10_000
    seed: int = 0
    quick: bool = False
    """Whether to compute only the Fréchet distance and the scores of labels."""
    dataset: str = ""
    """The dataset to compare with, if not the one at the bottom of the run's lineage."""
    judge: str = "standard"
    """The kind of judge: standard or paper."""


@dataclass(frozen=True)
class Warned:
    """A warning for the reader of the results."""

    message: str


def evaluate(
    catalog: Catalog,
    name: str,
    request: EvaluationRequest,
    data_dir: Path | None,
    on_progress: ProgressCallback,
) -> Iterator[Evaluated | Warned]:
    """Evaluate the run `name` as `request` says; yield the result of real images first, then those of
    the subjects, and warnings.

    What is stored by the same judge, on as many images from the same seed, is not computed again, metric
    by metric.

    Raises:
        ConfigurationError: `request` selects what does not exist, or a number of it is out of range.
        WorkFailed: a GAN generates values that are not finite, or the judge is not available.
        StoreError: the run, or one that it was trained on, cannot be read.
    """
    if not 1 <= request.latents <= MOST_DRAWN:
        raise ConfigurationError(f"latents is {request.latents}: give 1 to {MOST_DRAWN}")
    if not FEWEST <= request.samples <= MOST:
        raise ConfigurationError(f"samples is {request.samples}: give {FEWEST} to {MOST:,}")
    with opened(catalog, name) as (lineage, keeps):
        subjects = list(_subjects(lineage, request))
        bottom = lineage.on_images
        dataset = dataset_of(bottom, request.dataset)
        if doubt := mismatch(name, bottom, dataset):
            yield Warned(doubt)
        folder = data_dir or data_dir_of(bottom)
        rows = rows_of(bottom, dataset)
        reference = reference_of(dataset, folder, on_progress, request.judge, rows)
        yield from (Warned(text) for text in doubts(reference.judge, request.samples))
        if not request.quick and reference.train is None:
            yield Warned(reference.lack)
        if not keeps:
            yield Warned(f"{name} cannot be written: results are not stored")
        tasks = list(_tasks(lineage, reference, [Subject(), *subjects], request))
        newer = _judged(lineage, reference, [task for task in tasks if task.missing], request)
        for done, task in enumerate(tasks, start=1):
            scores = merged(task.known, next(newer)) if task.missing else task.known
            result = Evaluated(
                subject=task.subject,
                dataset=dataset,
                judge=reference.judge.id,
                accuracy=reference.judge.accuracy,
                samples=request.samples,
                seed=request.seed,
                scored=scores,
                known=not task.missing,
            )
            if keeps and task.missing:
                key = _key(reference.judge, request, task.subject)
                lineage.top.add_results({key: result.document()})
            if result.images < request.samples:
                yield Warned(
                    f"{task.subject.title}: there are {result.images:,} images, not "
                    f"{request.samples:,}, which makes a Fréchet distance larger"
                )
            yield result
            on_progress("judging", done, len(tasks))


def doubts(judge: Judge, samples: int) -> Iterator[str]:
    """Yield warnings about a judge's scores of `samples` images."""
    if judge.weakness:
        yield judge.weakness
    if judge.unkept:
        yield judge.unkept
    if samples < ENOUGH * judge.width:
        yield (
            f"{samples} samples are few for {judge.width:,} features: compare Fréchet distances only "
            "with others of as many"
        )


@contextmanager
def opened(catalog: Catalog, name: str) -> Iterator[tuple[Lineage, bool]]:
    """Open the lineage of the run `name`; yield it, and whether results can be stored in the run.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        lineage, keeps = Lineage.open(catalog, name, write=True), True
    except StoreError:  # another user's run, or one on a network file system
        lineage, keeps = Lineage.open(catalog, name), False
    with lineage:
        yield lineage, keeps


def chosen(run: Run, gans: str, epochs: str) -> list[Pair]:
    """Return the selected snapshots (gan, epoch) of a run. `gans` and `epochs` are ranges as in "0,3-7";
    empty ones select all GANs, and the last epoch of each GAN.

    Raises:
        ConfigurationError: a range cannot be read, or selects what does not exist.
    """
    keys = select(run.keys(initial=True), gans, epochs)
    if not epochs:
        keys = keys[[*(keys[1:, 0] != keys[:-1, 0]), True]]
    return [(gan, epoch) for gan, epoch in keys.tolist()]


def _subjects(lineage: Lineage, request: EvaluationRequest) -> Iterator[Subject]:
    for gan, epoch in chosen(lineage.top, request.gans, request.epochs):
        if not lineage.is_gangan:
            yield Subject(gan, epoch)
        else:
            yield from (Subject(gan, epoch, drawn) for drawn in range(request.latents))


@dataclass(frozen=True)
class _Task:
    """A subject, its scores that are `known`, and the metrics that are `missing`."""

    subject: Subject
    known: Scored
    missing: list[str]


def _tasks(
    lineage: Lineage, reference: Reference, subjects: Iterable[Subject], request: EvaluationRequest
) -> Iterator[_Task]:
    stored = lineage.top.results(_prefix(reference.judge, request))
    wanted = computable(reference, quick=request.quick)
    for subject in subjects:
        document = stored.get(_key(reference.judge, request, subject))
        known = kept(Evaluated.of(document).scored) if document else Scored({}, {}, [], [])
        yield _Task(subject, known, [name for name in wanted if name not in known.versions])


def _judged(
    lineage: Lineage, reference: Reference, tasks: Sequence[_Task], request: EvaluationRequest
) -> Iterator[Scored]:
    """Yield the scores that each task misses, in order; real images may be the first one only."""
    if tasks and tasks[0].subject.gan is None:
        yield floor(reference, request.samples, request.seed, request.quick)
        tasks = tasks[1:]
    weights = _weights(lineage, [task.subject for task in tasks], request.seed)
    if request.quick:
        looks = score_many(lineage, weights, reference, request.samples, request.seed)
        yield from (from_quick(look, reference, lineage.classes) for look in looks)
        return
    for task, vector in zip(tasks, weights, strict=True):
        yield scored(_sample(lineage, reference, vector, task, request), task.missing)


def _sample(
    lineage: Lineage, reference: Reference, vector: Matrix, task: _Task, request: EvaluationRequest
) -> Sample:
    """Return images of the GAN with weights (P,)."""
    pictures = lineage.pictures(vector, request.samples, request.seed, generated=lineage.is_gangan)
    information = lineage.information(vector, pictures) if "information" in task.missing else None
    return Sample(
        to_bytes(pictures), reference, request.seed, asked=lineage.classes, information=information
    )


def _weights(lineage: Lineage, subjects: Iterable[Subject], seed: int) -> Iterator[Matrix]:
    """Yield the weights (P,) of each subject: of the snapshot, or of the GAN that the GAN-GAN
    generates."""
    for subject in subjects:
        assert subject.gan is not None and subject.epoch is not None
        if subject.drawn is None:
            yield lineage.top.snapshot(subject.gan, subject.epoch)
        else:
            latents = lineage.sample_latents(MOST_DRAWN, seed)[subject.drawn, None]
            yield lineage.sample_weights(latents, subject.gan, subject.epoch)[0]


def _prefix(judge: Judge, request: EvaluationRequest) -> str:
    kind = "quick" if request.quick else "full"
    return f"evaluation/{kind}/{judge.id}/{request.samples}/{request.seed}/"


def _key(judge: Judge, request: EvaluationRequest, subject: Subject) -> str:
    return f"{_prefix(judge, request)}{subject.gan}/{subject.epoch}/{subject.drawn}"
