"""Conducts studies: which runs are missing, what was answered before, and the answer."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gangan_cli.documents import from_document, to_document
from gangan_cli.evaluation.evaluate import opened
from gangan_cli.progress import ProgressCallback
from gangan_cli.studies.answers import Answer, RunUsed, answers, keep
from gangan_cli.studies.registry import build_study, study_info
from gangan_cli.studies.study import StudyContext
from store import Catalog


@dataclass(frozen=True)
class Conducted:
    """A study's answer and its result, an instance of the study's class of results; `known` says whether
    the answer was kept from before."""

    answer: Answer
    found: Any
    known: bool


def conduct(
    catalog: Catalog,
    name: str,
    runs: Sequence[str],
    data_dir: Path | None,
    on_progress: ProgressCallback,
    warn: Callable[[str], None],
) -> Conducted:
    """Return the answer of the study `name` about `runs`: a kept one if they have not changed, else a
    new one, which is kept with the first of them.

    Raises:
        ConfigurationError: there is no such study, or a run lacks what it needs.
        WorkFailed, StoreError: as the study.
    """
    info, study = study_info(name), build_study(name)
    with ExitStack() as stack:
        # Opened before the measurements, so that a run that cannot be read is known at once.
        tops = [stack.enter_context(catalog.open(run)) for run in runs]
        used = [RunUsed.of(run) for run in tops]
        for known in answers(tops[:1]):
            if known.study == name and known.is_current(used, info.version):
                with suppress(KeyError, TypeError, ValueError):  # of another version of gangan
                    return Conducted(known, from_document(study.result, known.result), True)
    context = StudyContext(catalog, name, info.version, list(runs), data_dir, on_progress, warn)
    found = study.measure(context)
    made = datetime.now(UTC).isoformat(timespec="seconds")
    answer = Answer(name, info.version, used, study.findings(found), to_document(found), made)
    with opened(catalog, runs[0]) as (lineage, keeps):
        if keeps:
            keep(answer, lineage.top)
    return Conducted(answer, found, False)
