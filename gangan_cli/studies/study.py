"""What a study is: it measures runs, part by part, and concludes from the measurements."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from gangan_cli.documents import from_document, to_document
from gangan_cli.errors import ConfigurationError
from gangan_cli.evaluation.evaluate import opened
from gangan_cli.progress import ProgressCallback
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.studies.answers import Finding
from store import Catalog, Run

Result = TypeVar("Result")
Part = TypeVar("Part")

PARTS = "study-part/"
"""Prefix of the keys of measurements, which are followed by the study's name and the part's."""


@dataclass(frozen=True)
class Table:
    """A table of a study: a title, headings, and rows of cells. Columns in `right` hold numbers."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[int] = ()


class Study(Protocol[Result]):
    """A question of a paper. `Result` is a dataclass that documents.py can write and read: everything
    that tables, findings and figures show."""

    @property
    def result(self) -> type[Result]:
        """The class of its results."""

    def measure(self, context: "StudyContext") -> Result:
        """Measure the runs of `context`.

        Raises:
            ConfigurationError: a run lacks what the study needs; the message says what helps.
            WorkFailed: a measurement failed.
        """

    def tables(self, found: Result) -> list[Table]:
        """Return the tables to print."""

    def findings(self, found: Result) -> list[Finding]:
        """Return what follows from the measurements."""


@dataclass(frozen=True)
class StudyContext:
    """What a study works with: the store, the names of the runs that it is asked about, and where
    progress and warnings go. `study` and `version` are its name and version."""

    catalog: Catalog
    study: str
    version: int
    runs: Sequence[str]
    data_dir: Path | None
    on_progress: ProgressCallback
    warn: Callable[[str], None]

    @contextmanager
    def opened(self, name: str) -> Iterator["StudiedRun"]:
        """Open a run to measure it.

        Raises:
            StoreError: it is not there, or cannot be read.
        """
        with opened(self.catalog, name) as (lineage, keeps):
            if not keeps:
                self.warn(f"{name} cannot be written: results are not stored")
            yield StudiedRun(lineage, keeps, self.study, self.version)


@dataclass(frozen=True)
class StudiedRun:
    """A run that a study measures. Each part that was measured is kept in the run, so that a study that
    was killed goes on where it was."""

    lineage: Lineage
    keeps: bool
    study: str
    version: int

    @property
    def run(self) -> Run:
        """The run itself."""
        return self.lineage.top

    def once(
        self, part: str, kind: type[Part], measure: Callable[[], Part], of: Mapping[str, Any]
    ) -> Part:
        """Return a part of the study, of the dataclass `kind`: what is kept under the name `part`, if it
        was measured by this version of the study and `of` the same plain values, else what `measure`
        returns, which is kept.

        `of` names all that the part depends on and that may change: seeds, epochs, ids of other runs.
        """
        key = f"{PARTS}{self.study}/{part}"
        stamp = {"version": self.version, "of": to_document(dict(of))}
        kept = self.run.results(key).get(key, {})
        if {name: kept.get(name) for name in stamp} == stamp:
            with suppress(KeyError, TypeError, ValueError):  # of another version of gangan
                return from_document(kind, kept["found"])
        found = measure()
        if self.keeps:
            self.run.add_results({key: {**stamp, "found": to_document(found)}})
        return found

    def require_complete(self) -> None:
        """Check that the run's training has ended.

        Raises:
            ConfigurationError: it has not; the message has the command that goes on.
        """
        progress = self.run.progress()
        if progress.state.status not in ("complete", "diverged"):
            manifest = self.run.manifest
            raise ConfigurationError(
                f"run {self.run.name!r} is not trained to its end ({progress.snapshots:,} of "
                f"{manifest.planned_snapshots:,} snapshots): {manifest.command} goes on"
            )
