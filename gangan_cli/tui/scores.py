"""Results of evaluations and audits that a run holds, as plain values for the pages. Does not use
Textual."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from store.keys import Pair

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Summary:
    """The scores at the last epoch that was evaluated: of `gans` GANs of the run or, if `drawn`, GANs
    sampled from its GAN-GANs.

    `best`, `median` and `real` are Fréchet distances; `real` is that of equally many real images, None
    if it is not known. `entropy` is the median label entropy, and `images` the number of images per GAN.
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
    """The result of an audit of the GAN-GAN `gan` at `epoch`: pairs (verdict, claim)."""

    gan: int
    epoch: int
    claims: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Scores:
    """The known scores of a run. `snapshots` has the Fréchet distance of each (gan, epoch), or the
    median over the GANs sampled from it, all by one judge on equally many `images`; `problem` says why
    nothing can be read."""

    snapshots: Mapping[Pair, float] = field(default_factory=dict)
    images: int = 0
    summary: Summary | None = None
    verdicts: Verdicts | None = None
    problem: str = ""


def read(evaluations: Iterable[Document], audits: Iterable[Document]) -> Scores:
    """Return the scores in a run's documents; skip documents of other versions that cannot be read."""
    groups: dict[Group, list[_Judged]] = {}
    for document in evaluations:
        try:
            judged = _Judged.of(document)
        except (KeyError, TypeError, ValueError):
            continue
        groups.setdefault((judged.judge, judged.images, judged.seed), []).append(judged)
    known = [_Group(group) for group in groups.values()]
    known = [group for group in known if group.snapshots]
    # Prefer the most snapshots, as weightspace/conditions.py does.
    widest = max(known, key=lambda group: len(group.snapshots), default=None)
    # Prefer more GANs to more images: half of a population tells less about it than all of it.
    latest = max(known, key=lambda group: (group.epoch, len(group.last), group.images), default=None)
    return Scores(
        {key: median(values) for key, values in widest.snapshots.items()} if widest else {},
        widest.images if widest else 0,
        latest.summary() if latest else None,
        _verdicts(audits),
    )


Group = tuple[str, int, int]
"""Judge, number of images and seed: scores are comparable only if all three are equal."""


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
    """Evaluations by one judge, on equally many images from the same seed."""

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
        """Return the scores at the last epoch."""
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
    """Return the result of the audit of the last epoch; of several, the one in the latest version, then
    with the most samples, then images."""
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
