"""Evaluates the GANs of a run by all scores. Results are stored with the run, and reused."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gangan_cli.errors import ConfigurationError
from gangan_cli.evaluation.floor import floor
from gangan_cli.evaluation.judge import Judge, Told
from gangan_cli.evaluation.quick import glances
from gangan_cli.evaluation.reference import Reference, reference_of
from gangan_cli.evaluation.scores import VERSION, Scored, glanced, scored
from gangan_cli.sampling.datasets import data_dir_of, dataset_of, mismatch
from gangan_cli.sampling.lineage import Lineage, unit_interval
from gangan_cli.sampling.walks import draw, generated_weights
from gangan_cli.weightspace.snapshots import Matrix, select
from store import Catalog, Run, StoreError
from store.keys import Pair

FEWEST = 10
"""Minimum number of images: with fewer, half of the scores have no meaning."""

MOST = 100_000
"""Maximum number of images, so that memory suffices: 0.1 MB each, with all that is computed from it."""

MOST_DRAWN = 1024
"""Maximum number of GANs sampled from a GAN-GAN. This many latents are always drawn, so that sample k
does not depend on how many are requested."""


@dataclass(frozen=True)
class Wish:
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


@dataclass(frozen=True)
class Subject:
    """What was judged: real images (no `gan`), a snapshot, or sample `drawn` of a GAN-GAN's snapshot."""

    gan: int | None = None
    epoch: int | None = None
    drawn: int | None = None

    @property
    def title(self) -> str:
        """Its name in tables and messages."""
        if self.gan is None:
            return "real images"
        return f"GAN {self.gan} · {self.epoch}" + ("" if self.drawn is None else f" · {self.drawn}")


@dataclass(frozen=True)
class Evaluated:
    """The scores of one subject, with the judge, its accuracy, and the seed of the images.

    `samples` images were requested; if the dataset has too few, `images` is smaller. `version` is that
    of the scores (scores.VERSION). `known` says whether the result was stored before.
    """

    subject: Subject
    dataset: str
    judge: str
    accuracy: float
    samples: int
    seed: int
    scored: Scored
    version: int
    known: bool = False

    @property
    def images(self) -> int:
        """Number of images that were judged."""
        return sum(self.scored.classes)

    def document(self) -> dict[str, Any]:
        """Return the result as plain values, which `of` reads."""
        found = dataclasses.asdict(self)
        del found["known"]
        return {**found.pop("subject"), **found.pop("scored"), **found, "images": self.images}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Evaluated":
        """Return a result from its plain values."""
        own = {field.name: document[field.name] for field in dataclasses.fields(Scored)}
        subject = Subject(document["gan"], document["epoch"], document["drawn"])
        return cls(
            subject=subject,
            scored=Scored(**own),
            **{name: document[name] for name in ("dataset", "judge", "accuracy", "samples", "seed")},
            version=document.get("version", 2),
            known=True,
        )


@dataclass(frozen=True)
class Warned:
    """A warning for the reader of the results."""

    message: str


def evaluate(
    catalog: Catalog, name: str, wish: Wish, data_dir: Path | None, told: Told
) -> Iterator[Evaluated | Warned]:
    """Evaluate the run `name` as `wish` says; yield the result of real images first, then those of the
    subjects, and warnings.

    A stored result by the same judge, on as many images from the same seed, is not computed again.

    Raises:
        ConfigurationError: `wish` selects what does not exist, or a number of it is out of range.
        WorkFailed: a GAN generates values that are not finite, or the judge is not available.
        StoreError: the run, or one that it was trained on, cannot be read.
    """
    if not 1 <= wish.latents <= MOST_DRAWN:
        raise ConfigurationError(f"latents is {wish.latents}: give 1 to {MOST_DRAWN}")
    if not FEWEST <= wish.samples <= MOST:
        raise ConfigurationError(f"samples is {wish.samples}: give {FEWEST} to {MOST:,}")
    with opened(catalog, name) as (lineage, keeps):
        subjects = list(_subjects(lineage, wish))
        bottom = lineage.levels[-1].run.manifest
        dataset = dataset_of(bottom, wish.dataset)
        if doubt := mismatch(name, bottom, dataset):
            yield Warned(doubt)
        reference = reference_of(dataset, data_dir or data_dir_of(bottom), told)
        yield from (Warned(text) for text in doubts(reference.judge, wish.samples))
        if not keeps:
            yield Warned(f"{name} cannot be written: its results are not kept")
        kept = lineage.top.results(_prefix(reference.judge, wish))
        known = {key: one for key, one in kept.items() if one.get("version", 2) == VERSION}
        subjects = [Subject(), *subjects]
        missing = [one for one in subjects if _key(reference.judge, wish, one) not in known]
        judged = _judged(lineage, reference, missing, wish)
        for done, subject in enumerate(subjects, start=1):
            key = _key(reference.judge, wish, subject)
            if key in known:
                result = Evaluated.of(known[key])
            else:
                result = _evaluated(subject, next(judged), reference.judge, dataset, wish)
                if keeps:
                    lineage.top.add_results({key: result.document()})
            if result.images < wish.samples:
                yield Warned(
                    f"{subject.title}: there are {result.images:,} images, not {wish.samples:,}, which "
                    "makes a Fréchet distance larger"
                )
            yield result
            told("judging", done, len(subjects))


def doubts(judge: Judge, samples: int) -> Iterator[str]:
    """Yield warnings about a judge's scores of `samples` images."""
    if judge.weakness:
        yield judge.weakness
    if judge.unkept:
        yield judge.unkept
    if samples < 2048:
        yield (
            f"{samples} samples are few for 1,024 features: compare Fréchet distances only with others "
            "of as many"
        )


def results(run: Run) -> list[Evaluated]:
    """Return the stored results of a run, including those of real images."""
    return [Evaluated.of(document) for document in run.results("evaluation/").values()]


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
    keys = select(run.keys(), gans, epochs)
    if not epochs:
        keys = keys[[*(keys[1:, 0] != keys[:-1, 0]), True]]
    return [(gan, epoch) for gan, epoch in keys.tolist()]


def _subjects(lineage: Lineage, wish: Wish) -> Iterator[Subject]:
    for gan, epoch in chosen(lineage.top, wish.gans, wish.epochs):
        if len(lineage.levels) == 1:
            yield Subject(gan, epoch)
        else:
            yield from (Subject(gan, epoch, drawn) for drawn in range(wish.latents))


def _judged(
    lineage: Lineage, reference: Reference, subjects: Sequence[Subject], wish: Wish
) -> Iterator[Scored]:
    """Yield the scores of each subject, in order; real images may be the first one only."""
    level = len(lineage.levels) > 1
    if subjects and subjects[0].gan is None:
        yield floor(reference, wish.samples, wish.seed, wish.quick)
        subjects = subjects[1:]
    weights, asked = _weights(lineage, subjects, wish.seed), lineage.classes
    if wish.quick:
        looks = glances(lineage, level, weights, reference, wish.samples, wish.seed)
        yield from (glanced(look, asked) for look in looks)
        return
    for vector in weights:
        pictures = lineage.pictures(vector, wish.samples, wish.seed, level)
        yield scored(unit_interval(pictures), reference, wish.seed, asked=asked)


def _weights(lineage: Lineage, subjects: Iterable[Subject], seed: int) -> Iterator[Matrix]:
    """Yield the weights (P,) of each subject: of the snapshot, or of the GAN that the GAN-GAN
    generates."""
    for subject in subjects:
        assert subject.gan is not None and subject.epoch is not None
        if subject.drawn is None:
            yield lineage.top.snapshot(subject.gan, subject.epoch)
        else:
            latents = draw(lineage, MOST_DRAWN, seed)[subject.drawn, None]
            yield generated_weights(lineage, latents, subject.gan, subject.epoch)[0]


def _evaluated(subject: Subject, scores: Scored, judge: Judge, dataset: str, wish: Wish) -> Evaluated:
    return Evaluated(
        subject=subject,
        dataset=dataset,
        judge=judge.id,
        accuracy=judge.accuracy,
        samples=wish.samples,
        seed=wish.seed,
        scored=scores,
        version=VERSION,
    )


def _prefix(judge: Judge, wish: Wish) -> str:
    kind = "quick" if wish.quick else "full"
    return f"evaluation/{kind}/{judge.id}/{wish.samples}/{wish.seed}/"


def _key(judge: Judge, wish: Wish, subject: Subject) -> str:
    return f"{_prefix(judge, wish)}{subject.gan}/{subject.epoch}/{subject.drawn}"
