"""Stored results of evaluations, read without torch: by figures, the TUI, and GAN-GANs with a
condition."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from gangan_cli.documents import from_document
from store import Run
from store.keys import Pair

Verdict = Literal["holds", "does not hold", "undecided"]
"""What is concluded about a statement."""

AUDIT_VERSION = 4
"""Counts changes to what an audit measures, concludes, or how it is stored. Earlier audits are not read:
they concluded more than their figures allow."""

REQUIRED = ("frechet", "labels")
"""Metrics that every result has."""

FIRST_METRICS = (
    "frechet", "mind", "kernel", "prdc", "labels", "agreement", "parzen", "nearest",
)  # fmt: skip
"""The metrics of results that were stored with one `version` for all of them."""


@dataclass(frozen=True)
class Subject:
    """What was judged: real images (no `gan`), a snapshot, sample `drawn` of a GAN-GAN's snapshot, or
    the images at the path `source`."""

    gan: int | None = None
    epoch: int | None = None
    drawn: int | None = None
    source: str = ""

    @property
    def title(self) -> str:
        """Its name in tables and messages."""
        if self.source:
            return Path(self.source).name
        if self.gan is None:
            return "real images"
        return f"GAN {self.gan} · {self.epoch}" + ("" if self.drawn is None else f" · {self.drawn}")

    @property
    def snapshot(self) -> Pair | None:
        """The (gan, epoch) of the snapshot, also if a sample of it was judged; None for real images."""
        return None if self.gan is None or self.epoch is None else (self.gan, self.epoch)


@dataclass(frozen=True)
class Scored:
    """Scores by name, standard errors of those that have one, and two histograms.

    `classes` (10,) counts the images by the class that the judge gives them; `entropies` (100,) counts
    them by label entropy, from 0 to ln 10. `versions` has the version of each metric
    (evaluation/measures.py) that was computed, also of one that has no value for such images.
    """

    values: dict[str, float]
    errors: dict[str, float]
    classes: list[int]
    entropies: list[int]
    versions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluated:
    """The scores of one subject, with the judge, its accuracy, and the seed of the images.

    `samples` images were requested; if the dataset has too few, `images` is smaller. `known` says
    whether all of the result was stored before.
    """

    subject: Subject
    dataset: str
    judge: str
    accuracy: float
    samples: int
    seed: int
    scored: Scored
    known: bool = False

    @property
    def images(self) -> int:
        """Number of images that were judged."""
        return sum(self.scored.classes)

    @property
    def frechet(self) -> float:
        """The Fréchet distance."""
        return self.scored.values["frechet"]

    @property
    def definitions(self) -> tuple[int, ...]:
        """The versions of the metrics REQUIRED: values of another version mean something else."""
        return tuple(self.scored.versions.get(metric, 0) for metric in REQUIRED)

    def document(self) -> dict[str, Any]:
        """Return the result as plain values, which `of` reads: one level, without `known`."""
        found = dataclasses.asdict(self)
        del found["known"]
        return {**found.pop("subject"), **found.pop("scored"), **found, "images": self.images}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Evaluated":
        """Return a result from its plain values.

        Raises:
            KeyError, TypeError, ValueError: they are not a result.
        """
        for name in ("frechet", "entropy"):  # which every evaluation has, and its readers expect
            float(document["values"][name])
        if "versions" not in document:
            version = int(document.get("version", 2))
            document = {**document, "versions": dict.fromkeys(FIRST_METRICS, version)}
        return from_document(cls, {**document, "subject": document, "scored": document, "known": True})


def evaluations(run: Run) -> list[Evaluated]:
    """Return the stored results of a run, including those of real images."""
    return read_evaluations(run.results("evaluation/").values())


def read_evaluations(documents: Iterable[Mapping[str, Any]]) -> list[Evaluated]:
    """Return results from their documents, without those of other versions that cannot be read."""
    found = []
    for document in documents:
        try:
            found.append(Evaluated.of(document))
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
    return found


class Comparable(Protocol):
    """What results are compared by."""

    @property
    def subject(self) -> Subject:
        """What was judged."""

    @property
    def judge(self) -> str:
        """The judge's id."""

    @property
    def samples(self) -> int:
        """Number of images."""

    @property
    def seed(self) -> int:
        """Seed of the images."""

    @property
    def definitions(self) -> tuple[int, ...]:
        """Versions of what is compared."""


Result = TypeVar("Result", bound=Comparable)


def comparable(found: Iterable[Result]) -> list[list[Result]]:
    """Return groups of results by one judge on equally many images from one seed, by the same
    definitions, the largest group first. A group has one result per subject: the last one."""
    groups: dict[tuple[str, int, int, tuple[int, ...]], dict[Subject, Result]] = {}
    for one in found:
        key = one.judge, one.samples, one.seed, one.definitions
        groups.setdefault(key, {})[one.subject] = one
    return sorted((list(group.values()) for group in groups.values()), key=len, reverse=True)
