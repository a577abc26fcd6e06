"""The TUI's only access to the store: reads runs as plain values. Does not use Textual."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from gangan_cli.formatting import plain
from gangan_cli.summaries.losses import LossHistory
from gangan_cli.tui import scores
from gangan_cli.tui.scores import Scores
from gangan_cli.weightspace.conditions import Condition
from store import Catalog, Manifest, Run, StoreError
from store.state import State

TREND = 12
"""Points of a sparkline."""

RACY = 0.1
"""Seconds. A file that changed this shortly before it was read may change again within the same tick of
the file system's clock, unnoticed; so it is read once more."""

REST = 9.0
"""After reading a run's scores, wait this many times as long as that took before reading them again: an
evaluation adds them one by one, and there may be thousands."""


@dataclass(frozen=True)
class RunView:
    """A run as the list shows it. `problem` says why the run cannot be read; the rest is then missing.

    `done` counts trained GAN-epochs; `losses` are medians over the GANs, each at its last epoch;
    `trend` has medians of the first loss at up to TREND epochs; `gans` has the last epoch of each GAN
    and the losses there; `condition` is that of its GAN-GANs; `scores` is None until they are read.
    """

    name: str
    path: Path
    manifest: Manifest | None = None
    state: State = field(default_factory=State)
    done: int = 0
    snapshots: int = 0
    size: int = 0
    losses: Mapping[str, float] = field(default_factory=dict)
    trend: tuple[float, ...] = ()
    gans: Mapping[int, tuple[int, tuple[float, ...]]] = field(default_factory=dict)
    condition: Condition | None = None
    scores: Scores | None = None
    problem: str = ""

    @property
    def status(self) -> str:
        """The status now: a run stored as in training whose process is gone has "crashed"."""
        return "unreadable" if self.problem else self.state.status

    @property
    def total(self) -> int:
        """Number of GAN-epochs of the finished run."""
        return self.manifest.gans * self.manifest.epochs if self.manifest else 0

    @property
    def on(self) -> str:
        """Name of the dataset or run that it is trained on."""
        if self.manifest is None:
            return ""
        parent = self.manifest.parent
        return parent.name if parent else plain(str((self.manifest.dataset or {}).get("name", "")))

    @property
    def speed(self) -> float:
        """GAN-epochs per second since the training was last started or resumed; 0 if the run is not
        being trained, or no epoch is done yet."""
        holder = self.state.holder
        if self.status != "training" or holder is None or self.done <= holder.done:
            return 0.0
        return (self.done - holder.done) / max(holder.beat - holder.since, 1e-3)

    @property
    def seconds_left(self) -> float | None:
        """Time left at the present speed; None if that is not known."""
        return (self.total - self.done) / self.speed if self.speed else None


class RunIndex:
    """Reads a store repeatedly; reads a run again only when its file has changed."""

    def __init__(self, root: Path) -> None:
        """Use the store `root`.

        Raises:
            NotAStore: it exists and is not a folder.
        """
        self.catalog = Catalog(root)
        self._known: dict[str, _Known] = {}
        self._histories: dict[str, tuple[str, LossHistory]] = {}

    @property
    def root(self) -> Path:
        """The store's folder."""
        return self.catalog.root

    def scan(self, patience: float = 0.05, unread: int | None = None) -> list[RunView]:
        """Return all runs in the order of their names, also those that cannot be read.

        With `unread`, the first scan ends after that many runs, so that a first list appears soon.

        Trends and scores take most of the time. At most about `patience` seconds are spent on missing
        ones; the next scans read the rest.

        Raises:
            NotAStore: the store is missing or cannot be read.
        """
        known: dict[str, _Known] = {}
        for name in self.catalog.names():
            if unread is not None and len(known) == unread and name not in self._known:
                break
            path = self.catalog.root / name
            try:
                found = (path / "data.mdb").stat()
                stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
                racy = abs(time.time() - found.st_mtime) < RACY
            except FileNotFoundError:
                continue  # removed since it was listed
            except OSError:
                stamp, racy = (0, 0, 0), False  # no permission, which opening it reports
            before = self._known.get(name)
            if before and before.stamp == stamp and not before.racy:
                known[name] = before
            else:
                known[name] = one = _Known(stamp, racy, _view(name, path))
                if before:
                    one.view = replace(one.view, trend=before.view.trend)
                    one.keep_scores(before)
        self._known = known
        self._histories = {name: one for name, one in self._histories.items() if name in known}
        began = time.monotonic()
        for one in known.values():
            if not one.trended and time.monotonic() - began < patience:
                one.view, one.trended = replace(one.view, trend=_trend(one.view)), True
            if one.scored != one.view.state.results and one.rested < time.monotonic() < began + patience:
                one.read_scores()
        return [one.view for one in known.values()]

    def history(self, name: str) -> LossHistory:
        """Return the losses of a run; read only those that are new since the last call.

        Raises:
            StoreError: it cannot be read.
        """
        with self.catalog.open(name) as run:
            id, history = self._histories.get(name, ("", None))
            if history is None or id != run.manifest.id:
                history = LossHistory.read(run)
            else:
                history = history.extended(run)
            self._histories[name] = run.manifest.id, history
            return history

    def remove(self, name: str) -> None:
        """Delete a run.

        Raises:
            UnknownRun, InUse: it is gone, or being trained.
        """
        self.catalog.remove(name)


@dataclass
class _Known:
    """A run as last read, with the `stamp` of its file then.

    If `racy`, the file may have changed since without another stamp. `trended` says whether the trend
    was read. `scored` is the transaction of the last result when the scores were read, 0 before; they
    are not read again before the time `rested` (of time.monotonic).
    """

    stamp: tuple[int, int, int]
    racy: bool
    view: RunView
    trended: bool = False
    scored: int = 0
    rested: float = 0.0

    def keep_scores(self, before: "_Known") -> None:
        """Take over the scores that were read before, until they are read again."""
        manifest, earlier = self.view.manifest, before.view.manifest
        if manifest and earlier and manifest.id == earlier.id and self.view.state.results:
            self.view = replace(self.view, scores=before.view.scores)
            self.scored, self.rested = before.scored, before.rested

    def read_scores(self) -> None:
        """Read the scores, and set the time before which they are not read again."""
        began = time.monotonic()
        self.view = replace(self.view, scores=_scores(self.view))
        self.scored = self.view.state.results
        now = time.monotonic()
        self.rested = now + REST * (now - began)


def _view(name: str, path: Path) -> RunView:
    try:
        with Run.open(path) as run:
            return _look(run, name)
    except (StoreError, OSError) as error:
        return RunView(name, path, problem=plain(str(error)))


def _look(run: Run, name: str) -> RunView:
    progress = run.progress()
    return RunView(
        name=name,
        path=run.path,
        manifest=run.manifest,
        state=progress.state,
        done=progress.done,
        snapshots=progress.snapshots,
        size=run.size_bytes,
        losses=dict(zip(run.manifest.losses, progress.medians(), strict=False)),
        gans=progress.last,
        condition=Condition.of(run),
        scores=None if progress.state.results else Scores(),
    )


def _scores(view: RunView) -> Scores:
    try:
        with Run.open(view.path) as run:
            evaluations, audits = run.results("evaluation/"), run.results("audit/")
            return scores.read(evaluations.values(), audits.values())
    except (StoreError, OSError) as error:
        return Scores(problem=plain(str(error)))


def _trend(view: RunView) -> tuple[float, ...]:
    last = {gan: epoch for gan, (epoch, _) in view.gans.items()}
    epochs = np.unique(np.linspace(1, max(last.values(), default=1), TREND).round().astype(int))
    medians = []
    try:
        with Run.open(view.path) as run:
            for epoch in epochs.tolist():
                reached = {gan: epoch - 1 for gan, end in last.items() if end >= epoch}
                values, _ = run.losses(after=reached, limit=1)
                if values.size:
                    medians.append(float(np.median(values[:, 0, 0])))
    except (StoreError, OSError):
        return ()  # the next scan reports the error
    return tuple(medians)
