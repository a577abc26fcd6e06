"""The audit of a GAN-GAN on one page: quality against novelty, order along the axis, verdicts."""

from pathlib import Path
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes

from gangan_cli.audit.audit import Audit
from gangan_cli.audit.benchmark import GANGAN, Row
from gangan_cli.audit.claims import Claim, claims, order
from gangan_cli.documents import to_document
from gangan_cli.figures.axis_order import draw_order
from gangan_cli.figures.novelty import draw_novelty
from gangan_cli.figures.style import DARK, GREY, Output, house_look, new_figure, save
from gangan_cli.weightspace.novelty import NEAR
from store import Run

WIDTH = 7.4
"""Width of the figure in inches: a little more than the text of a page."""

PANELS = (3.7, 1.3, 1.4)
"""Approximate heights of the three plots, in inches."""

COLUMNS = {"verdict": 0.0, "claim": 0.165, "figures": 0.595}
"""Left edges of the columns of verdicts, as fractions of the width."""

WRAP = {"claim": 50, "figures": 46}
"""Characters per line of these columns."""

CAPTION = 122
"""Characters per line of the caption."""

LINE, GAP, HEAD = 0.14, 0.07, 0.3
"""Inches per line of text, between two verdicts, and for the heads of the columns."""

COLOURS = {"holds": "#00734F", "does not hold": "#B34D00", "undecided": GREY}
"""GREEN and VERMILLION, but darker: text needs more contrast than areas do."""

MARKS = {"holds": "✓", "does not hold": "✗", "undecided": "?"}


@house_look
def draw_audit(run: Run, audit: Audit, output: Output) -> list[Path]:
    """Draw the page of an audit; return its files."""
    found = claims(audit)
    table = HEAD + sum(_lines(claim) * LINE + GAP for claim in found)
    caption = wrap(_caption(audit), CAPTION)
    heights = (*PANELS, table + GAP + len(caption) * LINE)
    figure, axes = new_figure(WIDTH, sum(heights) + 1.6, 4, 1, heights)
    novelty, above, below, verdicts = axes[:, 0]
    figure.suptitle(
        f"Audit of {run.name}: GAN-GAN {audit.gan} at epoch {audit.epoch}",
        fontsize=10,
        weight="bold",
    )
    draw_order(above, below, audit)
    verdicts.set_ylim(heights[-1], 0)
    _write(verdicts, found, table)
    verdicts.text(0, table + GAP, "\n".join(caption), fontsize=7, va="top", color=GREY).set_in_layout(
        False
    )
    draw_novelty(novelty, audit)  # last: labels are placed in the final layout
    return save(figure, "audit", run, output, **_facts(audit, found))


def _caption(audit: Audit) -> str:
    options = audit.options
    far = (audit.axis.distances >= NEAR * audit.spacing).any()
    hollow = f"b, c: hollow dots lie {NEAR:g} steps or more from any snapshot. " if far else ""
    return (
        f"a: median and quartiles of {options.count} GANs of each sampler; small dots are GANs that the "
        f"GAN-GAN drew. {hollow}Fréchet distances of {options.images:,} images by judge "
        f"{audit.judge}; real images score {audit.floor:.1f}."
    )


def _lines(claim: Claim) -> int:
    return max(len(wrap(getattr(claim, column), width)) for column, width in WRAP.items())


def _write(axis: Axes, found: list[Claim], height: float) -> None:
    """Write the verdicts as a table into the upper `height` inches of an axis."""
    axis.axis("off")
    axis.set_xlim(0, 1)
    for column, left in COLUMNS.items():
        axis.text(left, 0.12, column, fontsize=8, weight="bold", va="center")
    axis.hlines([0, 0.24], 0, 1, color=DARK, linewidth=[0.9, 0.5], clip_on=False)
    top = HEAD
    for claim in found:
        for column, left in COLUMNS.items():
            text = getattr(claim, column)
            if column == "verdict":
                text = f"{MARKS[claim.verdict]} {text}"
            axis.text(
                left,
                top,
                "\n".join(wrap(text, WRAP.get(column, 99))),
                fontsize=7.5,
                va="top",
                linespacing=1.25,
                color=COLOURS[claim.verdict] if column == "verdict" else DARK,
                weight="bold" if column == "verdict" else "normal",
            ).set_in_layout(False)
        top += _lines(claim) * LINE + GAP
    axis.hlines(height, 0, 1, color=DARK, linewidth=0.9, clip_on=False)


def _facts(audit: Audit, found: list[Claim]) -> dict[str, object]:
    axis = audit.axis
    return {
        "judge": audit.judge,
        "samples": audit.options.images,
        "count": audit.options.count,
        "gan": audit.gan,
        "epoch": audit.epoch,
        "spacing": _number(audit.spacing),
        "across": _number(audit.across),
        "floor": audit.floor,
        "samplers": {row.label: {"id": row.id, **_of(row)} for row in audit.rows},
        "keys": audit.row(GANGAN).keys[: audit.options.count],
        "axis": {
            "words": axis.words,
            "positions": axis.positions,
            "keys": axis.keys,
            "frechet": axis.frechet,
            "order": {"epoch": order(axis, axis.keys[:, 1]), "frechet": order(axis, axis.frechet)},
        },
        "claims": [to_document(claim) for claim in found],
    }


def _of(row: Row) -> dict[str, object]:
    return {
        "distance": np.percentile(row.distances, (25, 50, 75)),
        "inside": np.percentile(row.inside.distances, (25, 50, 75)) if row.inside else None,
        "frechet": np.percentile(row.frechet, (25, 50, 75)),
        "best": row.best,
        "best_error": row.best_error,
    }


def _number(value: float) -> float | None:
    """Return a number, or None if it is not finite: JSON has no NaN."""
    return float(value) if np.isfinite(value) else None
