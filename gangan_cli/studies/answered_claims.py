"""Which claims the store answers: by studies' findings, and by evaluations and audits kept with runs."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from gangan_cli.records import Verdict
from gangan_cli.studies.answers import Answer, Finding, RunUsed, answers
from gangan_cli.studies.claims import CLAIMS, Claim
from gangan_cli.studies.pair_claims import findings_between
from gangan_cli.studies.registry import STUDIES
from gangan_cli.studies.run_claims import StoredRun, findings_of
from store import Catalog, Run, StoreError


@dataclass(frozen=True)
class AnsweredClaim:
    """A claim with the finding that answers it; None if nothing in the store does."""

    claim: Claim
    finding: Finding | None = None

    @property
    def verdict(self) -> Verdict | Literal["not run"]:
        """The verdict."""
        return self.finding.verdict if self.finding else "not run"

    @property
    def command(self) -> str:
        """The command that answers it; "" if there is none."""
        studies = (name for name, info in STUDIES.items() if self.claim.id in info.claims)
        study = next(studies, None)
        return f"gangan study {study} --prepare" if study else self.claim.command


def answered_claims(catalog: Catalog) -> list[AnsweredClaim]:
    """Return all claims with what the store says of them; an empty or missing store answers none.

    If several findings answer a claim, the one with most independent units counts, of these the latest:
    so the choice does not depend on what was found.
    """
    best: dict[str, Finding] = {}
    with _opened(catalog) as runs:
        stored = [StoredRun(run) for run in runs]
        of_runs = [finding for run in stored for finding in findings_of(run)]
        of_pairs = findings_between(stored)
        for finding in (*of_runs, *of_pairs, *_from_studies(_current(runs))):
            if finding.claim not in best or finding.n >= best[finding.claim].n:
                best[finding.claim] = finding
    return [AnsweredClaim(claim, best.get(claim.id)) for claim in CLAIMS]


def kept_answers(catalog: Catalog) -> list[Answer]:
    """Return the answers of studies that a store holds, of today's versions of the studies and of runs
    that have not changed, earlier ones first."""
    with _opened(catalog) as runs:
        return _current(runs)


@contextmanager
def _opened(catalog: Catalog) -> Iterator[list[Run]]:
    """Open all runs of a store that can be read, in the order of their making."""
    with ExitStack() as stack:
        found = []
        for name in catalog.names() if catalog.root.exists() else ():
            with suppress(StoreError):
                found.append(stack.enter_context(catalog.open(name)))
        yield sorted(found, key=lambda run: run.manifest.created)


def _current(runs: Sequence[Run]) -> list[Answer]:
    now = {run.manifest.id: RunUsed.of(run) for run in runs}
    found = [
        answer
        for answer in answers(runs)
        if answer.study in STUDIES
        and all(one.id in now for one in answer.runs)
        and answer.is_current([now[one.id] for one in answer.runs], STUDIES[answer.study].version)
    ]
    return sorted(found, key=lambda answer: answer.made)


def _from_studies(kept: Iterable[Answer]) -> list[Finding]:
    return [finding for answer in kept for finding in answer.findings if finding.claim]
