"""Audits as plain values, kept with the run that was audited."""

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gangan_cli.studies.audit import Audit, audit
from gangan_cli.studies.claims import Claim, claims, covered
from gangan_cli.studies.decoding import pick
from gangan_cli.studies.evaluation import opened
from gangan_cli.studies.judge import Told
from gangan_cli.studies.measuring import Axis, Options, Row
from gangan_cli.studies.novelty import Found
from store import Catalog, Run

ARRAYS = {
    Row: ("frechet", "keys", "distances", "residuals", "pictures"),
    Axis: ("positions", "keys", "distances", "frechet"),
    Found: ("rows", "distances", "residuals"),
}


def audited(
    catalog: Catalog,
    name: str,
    options: Options,
    data_dir: Path | None,
    told: Told,
    gan: int | None = None,
    epoch: int | None = None,
) -> tuple[Audit, bool]:
    """Return the audit of the run `name`, done now or before, and whether it is kept with the run.

    Raises:
        ConfigurationError, WorkFailed, StoreError: as `audit`.
    """
    with opened(catalog, name) as (lineage, keeps):
        key = _key(options, *pick(lineage.top, gan, epoch))
        if document := lineage.top.results(key).get(key):
            return audit_of(document), True
        done = audit(lineage, options, data_dir, told, gan, epoch)
        if keeps:
            lineage.top.add_results({key: document_of(done)})
        return done, keeps


def known_audit(run: Run, gan: int, epoch: int) -> Audit | None:
    """Return an audit of this snapshot that is kept with the run, that of most samples if there are
    several; None if there is none."""
    found = [
        audit_of(document)
        for document in run.results("audit/").values()
        if (document["gan"], document["epoch"]) == (gan, epoch)
    ]
    return max(found, key=lambda one: (one.options.count, one.options.images), default=None)


def document_of(audit: Audit) -> dict[str, Any]:
    """Return an audit as plain values, with what it says in words under "claims"."""
    return {
        **_plain(audit),
        "claims": [dataclasses.asdict(claim) for claim in claims(audit)],
        "covered": {row.name: covered(audit, row) for row in audit.rows},
    }


def audit_of(document: Mapping[str, Any]) -> Audit:
    """Return the audit that `document_of` wrote down."""
    names = [field.name for field in dataclasses.fields(Audit)]
    return Audit(
        **{
            **{name: document[name] for name in names},
            "options": Options(**document["options"]),
            "own": _filled(Found, document["own"]),
            "rows": [_filled(Row, row) for row in document["rows"]],
            "axis": _filled(Axis, document["axis"]),
            "across": math.nan if document["across"] is None else document["across"],
            "matched": np.array(document["matched"]),
            "asked": None if document["asked"] is None else np.array(document["asked"]),
        }
    )


def claims_of(document: Mapping[str, Any]) -> list[Claim]:
    """Return the claims that `document_of` wrote down."""
    return [Claim(**claim) for claim in document["claims"]]


def _filled(kind: type, document: Mapping[str, Any]) -> Any:
    arrays = {name: np.array(document[name]) for name in ARRAYS[kind]}
    return kind(**{**document, **arrays})


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    # One GAN has no other to be apart from: strict JSON has no word for that but null.
    return None if isinstance(value, float) and math.isnan(value) else value


def _key(options: Options, gan: int, epoch: int) -> str:
    """Return under what an audit is kept. The judge is not in it: an audit says by whom it was."""
    numbers = (gan, epoch, options.count, options.images, options.points, options.seed)
    return "audit/" + "/".join(map(str, numbers))
