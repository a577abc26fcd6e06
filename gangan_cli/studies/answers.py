"""Answers of studies as they are kept in the store, read without torch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gangan_cli.documents import from_document, to_document
from gangan_cli.records import Verdict
from store import Manifest, Run

PREFIX = "study-answer/"
"""The key of an answer in its first run is this and the study's name."""


@dataclass(frozen=True)
class Finding:
    """What a study says of a statement, with all that is needed to judge it.

    `n` counts what was independent, and `unit` names it ("GANs"). `null` says what the figures are
    compared with, and `passes_too` which trivial things pass the same test: a statement that these pass
    says little. `scale` says how far the measurement is below the paper's.
    """

    statement: str
    verdict: Verdict
    figures: str
    """The deciding figures, with an interval."""
    n: int
    unit: str
    scale: str
    seeds: str = ""
    null: str = ""
    passes_too: str = ""
    claim: str = ""
    """The row of claims.py that this answers, such as "C1.7"; "" if the paper makes no such claim."""


@dataclass(frozen=True)
class RunUsed:
    """A run that a study measured, and how many snapshots it had then."""

    name: str
    id: str
    snapshots: int

    @classmethod
    def of(cls, run: Run) -> "RunUsed":
        """Return a run as it is now."""
        return cls(run.name, run.manifest.id, len(run.keys(initial=True)))


@dataclass(frozen=True)
class Answer:
    """The answer of a study: what it found in which runs.

    `version` is the study's at that time, `result` its measurements as plain values, and `made` the time
    as ISO text.
    """

    study: str
    version: int
    runs: Sequence[RunUsed]
    findings: Sequence[Finding]
    result: Mapping[str, Any]
    made: str

    @property
    def document(self) -> dict[str, Any]:
        """The answer as plain values, which `answers` reads."""
        found: dict[str, Any] = to_document(self)
        return found

    def is_current(self, used: Sequence[RunUsed], version: int) -> bool:
        """Return whether the study would find the same: in the runs as they are now, by its version."""
        same = [(one.id, one.snapshots) for one in self.runs] == [
            (one.id, one.snapshots) for one in used
        ]
        return same and self.version == version


def described(manifest: Manifest) -> str:
    """Return how a run was trained, in a line: family, dataset or run, GANs, epochs, options."""
    config, epochs = manifest.config, manifest.epochs
    words = [manifest.family, str(config.get("dataset") or f"on {config.get('on')}")]
    if examples := config.get("examples"):
        words.append(f"examples {examples}")
    words.append(f"{manifest.gans} × {epochs} epoch{'s' if epochs > 1 else ''}")
    return ", ".join([*words, *filter(None, [config.get("family_options")])])


def keep(answer: Answer, run: Run) -> None:
    """Store an answer with the first of its runs, in place of an earlier one.

    Raises:
        StoreError: the run cannot be written.
    """
    run.add_results({f"{PREFIX}{answer.study}": answer.document})


def answers(runs: Iterable[Run]) -> list[Answer]:
    """Return all answers that are kept with `runs`, also those that are no longer current. What cannot
    be read, of another version of gangan, is left out."""
    found = []
    for run in runs:
        for document in run.results(PREFIX).values():
            try:
                found.append(from_document(Answer, document))
            except (KeyError, TypeError, ValueError, AttributeError):
                continue
    return found
