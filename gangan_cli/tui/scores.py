"""What evaluations and audits left in a run, as the pages show it: plain values. No Textual here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from store.keys import Pair

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Summary:
    """A run's GANs at the last epoch that was judged: `gans` of them, or as many that were `drawn`.

    Fréchet distances, and the median of the label entropies; `real` is that of as many real images, if
    it is known.
    """

    epoch: int
    gans: int
    drawn: bool
    best: float
    median: float
    entropy: float
    real: float | None
    images: int
    judge: str


@dataclass(frozen=True)
class Verdicts:
    """What an audit said of the GAN-GAN `gan` at `epoch`: verdicts, each with its claim."""

    gan: int
    epoch: int
    claims: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Scores:
    """What is known of a run's quality. `snapshots` has the Fréchet distance of each (gan, epoch), or
    the median over the GANs drawn from it, as one judge gave them on equally many `images`; `problem`
    says why nothing can be read."""

    snapshots: Mapping[Pair, float] = field(default_factory=dict)
    images: int = 0
    summary: Summary | None = None
    verdicts: Verdicts | None = None
    problem: str = ""


def read(evaluations: Iterable[Document], audits: Iterable[Document]) -> Scores:
    """Return what a run's documents say; what another version wrote and we cannot read is left out."""
    groups: dict[Group, list[_Judged]] = {}
    for document in evaluations:
        try:
            judged = _Judged.of(document)
        except (KeyError, TypeError, ValueError):
            continue
        groups.setdefault((judged.judge, judged.images, judged.seed), []).append(judged)
    known = [_Group(group) for group in groups.values()]
    known = [group for group in known if group.snapshots]
    # Of the most snapshots, as for the condition of a GAN-GAN: weightspace/conditions.py.
    widest = max(known, key=lambda group: len(group.snapshots), default=None)
    # Half of a population says less of it than all, though on more images.
    latest = max(known, key=lambda group: (group.epoch, len(group.last), group.images), default=None)
    return Scores(
        {key: median(values) for key, values in widest.snapshots.items()} if widest else {},
        widest.images if widest else 0,
        latest.summary() if latest else None,
        _verdicts(audits),
    )


Group = tuple[str, int, int]
"""Judge, number of images and seed: only what has these in common can be compared."""


@dataclass(frozen=True)
class _Judged:
    judge: str
    images: int
    seed: int
    key: Pair | None
    drawn: bool
    frechet: float
    entropy: float

    @classmethod
    def of(cls, document: Document) -> "_Judged":
        values, gan = document["values"], document["gan"]
        return cls(
            judge=str(document["judge"]),
            images=int(document["samples"]),
            seed=int(document["seed"]),
            key=None if gan is None else (int(gan), int(document["epoch"])),
            drawn=document["drawn"] is not None,
            frechet=float(values["frechet"]),
            entropy=float(values["entropy"]),
        )


class _Group:
    """What one judge said, on equally many images of the same noise."""

    def __init__(self, judged: list[_Judged]) -> None:
        self.judge, self.images = judged[0].judge, judged[0].images
        self.real = next((one.frechet for one in judged if one.key is None), None)
        self.snapshots: dict[Pair, list[float]] = {}
        for one in judged:
            if one.key is not None:
                self.snapshots.setdefault(one.key, []).append(one.frechet)
        self.epoch = max((epoch for _, epoch in self.snapshots), default=0)
        self.last = [one for one in judged if one.key is not None and one.key[1] == self.epoch]

    def summary(self) -> Summary:
        """Return how its GANs are at the last epoch."""
        distances = [one.frechet for one in self.last]
        return Summary(
            epoch=self.epoch,
            gans=len(self.last),
            drawn=self.last[0].drawn,
            best=min(distances),
            median=median(distances),
            entropy=median(one.entropy for one in self.last),
            real=self.real,
            images=self.images,
            judge=self.judge,
        )


def _verdicts(audits: Iterable[Document]) -> Verdicts | None:
    """Return what the audit of the last epoch says: of several the latest version's, of most samples."""
    found: list[tuple[tuple[int, ...], Verdicts]] = []
    for document in audits:
        try:
            gan, epoch = int(document["gan"]), int(document["epoch"])
            options = document["options"]
            claims = tuple((str(one["verdict"]), str(one["claim"])) for one in document["claims"])
            version = int(document.get("version", 1))
            size = epoch, version, int(options["count"]), int(options["images"])
        except (KeyError, TypeError, ValueError):
            continue
        found.append((size, Verdicts(gan, epoch, claims)))
    return max(found, key=lambda one: one[0])[1] if found else None
