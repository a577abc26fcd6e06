"""What `gangan study` prints: the list of studies, an answer, and the table of claims."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gangan_cli.cli import output

if TYPE_CHECKING:
    from gangan_cli.studies.answers import Answer, Finding
    from gangan_cli.studies.conduct import Conducted
    from gangan_cli.studies.study import Table
    from store import Catalog


def show_studies(catalog: "Catalog", *, as_json: bool) -> None:
    """List the studies, and whether the store has an answer of each."""
    from gangan_cli.documents import to_document
    from gangan_cli.studies.answered_claims import kept_answers
    from gangan_cli.studies.registry import STUDIES

    kept = kept_answers(catalog)
    if as_json:
        output.document(
            [
                {
                    "study": name,
                    **{field: getattr(info, field) for field in ("question", "paper", "needs", "takes")},
                    "claims": list(info.claims),
                    "commands": [recipe.command() for recipe in info.recipes],
                    "answers": [to_document(one) for one in kept if one.study == name],
                }
                for name, info in STUDIES.items()
            ]
        )
        return
    rows = [
        [name, info.question, info.paper, info.needs, info.takes, _when(kept, name)]
        for name, info in STUDIES.items()
    ]
    output.table(["study", "question", "paper", "needs", "takes", "answered"], rows, less=(2, 4, 3))


def _when(kept: Sequence["Answer"], name: str) -> str:
    """Return the day of the latest answer of a study, or "no"."""
    return max((one.made[:10] for one in kept if one.study == name), default="no")


def show_claims(catalog: "Catalog", *, as_json: bool) -> None:
    """Show all claims of the papers, with what the store says of each."""
    from dataclasses import asdict

    from gangan_cli.studies.answered_claims import answered_claims

    found = answered_claims(catalog)
    if as_json:
        output.document(
            [
                {
                    **asdict(one.claim),
                    "command": one.command,
                    "verdict": one.verdict,
                    "finding": asdict(one.finding) if one.finding else None,
                }
                for one in found
            ]
        )
        return
    rows = [
        [one.claim.id, one.verdict, one.claim.claim, one.claim.published, *_evidence(one.finding)]
        for one in found
        if one.finding
    ]
    if rows:
        titles = ["row", "verdict", "claim", "published", "ours", "n, seeds", "scale"]
        output.table(titles, rows, less=(6,))
        output.text("")
    rest = [
        [
            one.claim.id,
            one.verdict,
            one.claim.claim,
            one.claim.published,
            one.command or "no command yet",
        ]
        for one in found
        if not one.finding
    ]
    output.table(["row", "verdict", "claim", "published", "answered by"], rest)


def _evidence(finding: "Finding") -> list[str]:
    seeds = f"; {finding.seeds}" if finding.seeds else ""
    return [finding.figures, _count(finding) + seeds, finding.scale]


def show_answer(name: str, conducted: "Conducted", paths: Sequence[Path], *, as_json: bool) -> None:
    """Show the answer of a study: tables, verdicts, and the paths of its figures."""
    from gangan_cli.studies.registry import build_study

    answer = conducted.answer
    if as_json:
        output.document({**answer.document, "known": conducted.known, "figures": list(map(str, paths))})
        return
    for table in build_study(name).tables(conducted.found):
        _show_table(table)
    for finding in answer.findings:
        _show_finding(finding)
    for path in paths:
        output.text(str(path))


def _show_table(table: "Table") -> None:
    output.text(table.title)
    output.table(table.columns, table.rows, right=table.right)
    output.text("")


def _show_finding(finding: "Finding") -> None:
    """Show a verdict, and below it what it rests on."""
    row = f" ({finding.claim})" if finding.claim else ""
    output.text(f"{finding.verdict}: {finding.statement}{row}")
    lines = {
        "figures": finding.figures,
        "n": _count(finding) + (f"; {finding.seeds}" if finding.seeds else ""),
        "compared with": finding.null,
        "passes, too": finding.passes_too,
        "scale": finding.scale,
    }
    for title, text in lines.items():
        if text:
            output.text(f"  {title:<13}  {text}")
    output.text("")


def _count(finding: "Finding") -> str:
    return f"{finding.n:,} {finding.unit}"
