"""Results of evaluations and audits that a run holds, as plain values for the pages. Does not use
Textual."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from gangan_cli.records import Evaluated, comparable, read_evaluations
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
class Best:
    """The snapshot with the least Fréchet distance, `value`, of all `judged` ones.

    `error` is its standard error, None if it is not known. If `drawn`, `value` is the median over the
    GANs sampled from the snapshot.
    """

    gan: int
    epoch: int
    value: float
    error: float | None
    judged: int
    drawn: bool

    def __str__(self) -> str:
        """Return it as one line."""
        median = "median " if self.drawn else ""
        error = "" if self.error is None else f" ± {self.error:.1f}"
        return (
            f"best by {median}Fréchet distance: GAN {self.gan}, epoch {self.epoch}, "
            f"{self.value:.1f}{error}, of {self.judged:,} judged"
        )


@dataclass(frozen=True)
class Scores:
    """The known scores of a run. `snapshots` has the Fréchet distance of each (gan, epoch), or the
    median over the GANs sampled from it, all by one `judge` on equally many `images`; `best` is the best
    of them, None of fewer than two; `problem` says why nothing can be read."""

    snapshots: Mapping[Pair, float] = field(default_factory=dict)
    images: int = 0
    judge: str = ""
    best: Best | None = None
    summary: Summary | None = None
    verdicts: Verdicts | None = None
    problem: str = ""

    @property
    def curve(self) -> bool:
        """Whether two epochs or more were judged, so that there is something to plot."""
        return len({epoch for _, epoch in self.snapshots if epoch}) > 1


def read(evaluations: Iterable[Document], audits: Iterable[Document]) -> Scores:
    """Return the scores in a run's documents; skip documents of other versions that cannot be read."""
    groups = [_Group(group) for group in comparable(read_evaluations(evaluations))]
    groups = [group for group in groups if group.snapshots]
    # Prefer the most snapshots, as weightspace/conditions.py does.
    widest = max(groups, key=lambda group: len(group.snapshots), default=None)
    # Prefer more GANs to more images: half of a population tells less about it than all of it.
    latest = max(groups, key=lambda group: (group.epoch, len(group.last), group.images), default=None)
    return Scores(
        widest.medians if widest else {},
        widest.images if widest else 0,
        widest.judge if widest else "",
        widest.best() if widest else None,
        latest.summary() if latest else None,
        _verdicts(audits),
    )


class _Group:
    """Evaluations by one judge, on equally many images from the same seed."""

    def __init__(self, group: list[Evaluated]) -> None:
        self.judge, self.images = group[0].judge, group[0].samples
        self.real = next((one.frechet for one in group if one.subject.snapshot is None), None)
        self.snapshots: dict[Pair, list[float]] = {}
        for one in group:
            if snapshot := one.subject.snapshot:
                self.snapshots.setdefault(snapshot, []).append(one.frechet)
        self.medians = {key: median(values) for key, values in self.snapshots.items()}
        self._errors = {one.subject.snapshot: one.scored.errors.get("frechet") for one in group}
        self._drawn = any(one.subject.drawn is not None for one in group)
        self.epoch = max((epoch for _, epoch in self.snapshots), default=0)
        self.last = [one for one in group if one.subject.epoch == self.epoch]

    def best(self) -> Best | None:
        """Return the best snapshot, the first of equal ones; None if there is nothing to compare."""
        if len(self.medians) < 2:
            return None
        value, key = min((value, key) for key, value in self.medians.items())
        error = None if self._drawn else self._errors[key]
        return Best(*key, value, error, len(self.medians), self._drawn)

    def summary(self) -> Summary:
        """Return the scores at the last epoch."""
        distances = [one.frechet for one in self.last]
        return Summary(
            epoch=self.epoch,
            gans=len(self.last),
            drawn=self.last[0].subject.drawn is not None,
            best=min(distances),
            median=median(distances),
            entropy=median(one.scored.values["entropy"] for one in self.last),
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
