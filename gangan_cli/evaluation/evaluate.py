"""How good are a run's GANs? Each is judged by every score there is, once: results stay with the run."""

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
"""Images below which half of the scores have no meaning."""

MOST = 100_000
"""Images above which memory runs out: a tenth of a megabyte each, with what comes of them."""

MOST_DRAWN = 1024
"""GANs that may be drawn of a GAN-GAN: so many latents always are, so that number k stays the same."""


@dataclass(frozen=True)
class Wish:
    """What to evaluate: GANs and epochs as in "0,3-7" (empty: all, each at its last epoch); of a GAN-GAN
    `latents` GANs that it draws at each. `samples` images of each; their noise comes from `seed`."""

    gans: str = ""
    epochs: str = ""
    latents: int = 8
    samples: int = 10_000
    seed: int = 0
    quick: bool = False
    """Only what one look at the images gives: Fréchet distance and labels."""
    dataset: str = ""
    """The images to hold them against, if not those at the bottom of the run's lineage."""


@dataclass(frozen=True)
class Subject:
    """What was judged: real images (no `gan`), a snapshot, or GAN number `drawn` of a GAN-GAN's."""

    gan: int | None = None
    epoch: int | None = None
    drawn: int | None = None

    @property
    def title(self) -> str:
        """A name for it as people read it."""
        if self.gan is None:
            return "real images"
        return f"GAN {self.gan} · {self.epoch}" + ("" if self.drawn is None else f" · {self.drawn}")


@dataclass(frozen=True)
class Evaluated:
    """A result: of which subject, by which judge, on how many images from which seed; was it `known`?

    `samples` is how many images were asked for, of which there may be fewer: `images`. `version` is that
    of the scores' meaning.
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
        """How many images were judged."""
        return sum(self.scored.classes)

    def document(self) -> dict[str, Any]:
        """Return it as plain values."""
        found = dataclasses.asdict(self)
        del found["known"]
        return {**found.pop("subject"), **found.pop("scored"), **found, "images": self.images}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Evaluated":
        """Return what `document` wrote down."""
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
    """Something that the reader of the results should know."""

    message: str


def evaluate(
    catalog: Catalog, name: str, wish: Wish, data_dir: Path | None, told: Told
) -> Iterator[Evaluated | Warned]:
    """Judge the run `name` as `wish` says; yield real images first, then each subject's result.

    What was judged before, by the same judge on as many images, is taken from the run.

    Raises:
        ConfigurationError: it asks for what is not there, or for too few samples.
        WorkFailed: a GAN makes no numbers, or the judge could not be had.
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
    """Yield what to think of when reading a judge's scores."""
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
    """Return what is known of a run, real images and all."""
    return [Evaluated.of(document) for document in run.results("evaluation/").values()]


@contextmanager
def opened(catalog: Catalog, name: str) -> Iterator[tuple[Lineage, bool]]:
    """Give the lineage of the run `name`, and whether results can be kept in it.

    Raises:
        StoreError: it cannot even be read.
    """
    try:
        lineage, keeps = Lineage.open(catalog, name, write=True), True
    except StoreError:  # a colleague's run, or a network's folder
        lineage, keeps = Lineage.open(catalog, name), False
    with lineage:
        yield lineage, keeps


def chosen(run: Run, gans: str, epochs: str) -> list[Pair]:
    """Return which snapshots of a run (gan, epoch) to look at: those named as in "0,3-7", of all GANs
    if there is no word of them, and each at its last epoch if there is none of these.

    Raises:
        ConfigurationError: a range cannot be read, or asks for what is not there.
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
    """Yield the scores of each subject."""
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
    """Yield the weights (P,) of each subject: its own, or those of the GAN that was drawn."""
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
