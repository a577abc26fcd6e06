"""The audit of a GAN-GAN on one page: verdicts, quality against novelty, copying, order along the
axis."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes

from gangan_cli.audit.audit import Audit, Claim
from gangan_cli.audit.benchmark import SamplerResult
from gangan_cli.audit.finding import RULE
from gangan_cli.documents import to_document
from gangan_cli.figures.axis_order import draw_order
from gangan_cli.figures.copying import draw_copying, shown
from gangan_cli.figures.novelty import draw_novelty
from gangan_cli.figures.style import DARK, GREY, Output, house_look, new_figure, save
from gangan_cli.weightspace.novelty import NEAR
from store import Run

WIDTH = 7.4
"""Width of the figure in inches: a little more than the text of a page."""

PANELS = (3.7, 1.3, 1.4)
"""Approximate heights of the plots of novelty and of order, in inches."""

BAR = 0.16
"""Height of a bar of Z_U, in inches."""

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
    """Draw the page of an audit, verdicts first; return its files."""
    found = audit.claims
    table = HEAD + sum(_lines(claim) * LINE + GAP for claim in found)
    caption = wrap(_caption(audit), CAPTION)
    bars = len(audit.usual) * len(shown(audit))
    copying = (BAR * bars + 0.3,) if bars else ()
    heights = (table + GAP + len(caption) * LINE, PANELS[0], *copying, *PANELS[1:])
    figure, axes = new_figure(WIDTH, sum(heights) + 1.9, len(heights), 1, heights)
    verdicts, novelty, *copying_axis, above, below = axes[:, 0]
    figure.suptitle(
        f"Audit of {run.name}: GAN-GAN {audit.gan} at epoch {audit.epoch}",
        fontsize=10,
        weight="bold",
    )
    draw_order(above, below, audit)
    for axis in copying_axis:
        draw_copying(axis, audit)
        axis.set_title("b   Copies or new GANs?", weight="bold")
    verdicts.set_ylim(heights[0], 0)
    _write(verdicts, found, table)
    verdicts.text(0, table + GAP, "\n".join(caption), fontsize=7, va="top", color=GREY).set_in_layout(
        False
    )
    draw_novelty(novelty, audit)  # last: labels are placed in the final layout
    return save(figure, "audit", run, output, **_facts(audit, found))


def _caption(audit: Audit) -> str:
    options = audit.options
    far = (audit.walk.distances >= NEAR * audit.epoch_step).any()
    hollow = (
        f"Hollow dots along the axis lie {NEAR:g} epoch steps or more from any snapshot. " if far else ""
    )
    held_out = f"{len(audit.held_out)} GANs held out" if audit.held_out else "no GANs held out"
    return (
        f"Over {len(audit.gans)} GANs, {held_out}; {RULE}. Quality against novelty: median and "
        f"quartiles of {options.count} GANs of each sampler; small dots are GANs of the GAN-GAN. "
        f"{hollow}Fréchet distances of {options.images:,} images by judge {audit.judge}; real images "
        f"have {audit.real:.1f}."
    )


def _lines(claim: Claim) -> int:
    return max(len(wrap(getattr(claim, column), width)) for column, width in WRAP.items())


def _write(axis: Axes, found: Sequence[Claim], height: float) -> None:
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


def _facts(audit: Audit, found: Sequence[Claim]) -> dict[str, object]:
    walk, others = audit.walk, audit.home.other_gans
    return {
        "judge": audit.judge,
        "samples": audit.options.images,
        "count": audit.options.count,
        "gan": audit.gan,
        "epoch": audit.epoch,
        "held_out": list(audit.held_out),
        "epoch_step": _number(audit.epoch_step),
        "between_gans": _number(np.median(others.values)) if others else None,
        "real": audit.real,
        "samplers": {one.label: {"id": one.id, **_of(one)} for one in audit.samplers},
        "keys": audit.generator.keys[: audit.options.count],
        "axis": {
            "words": walk.words,
            "positions": walk.positions,
            "keys": walk.keys,
            "frechet": walk.frechet,
        },
        "novelty": to_document(audit.novelty),
        "claims": [to_document(claim) for claim in found],
    }


def _of(one: SamplerResult) -> dict[str, object]:
    return {
        "distance": np.percentile(one.distances, (25, 50, 75)),
        "frechet": np.percentile(one.frechet, (25, 50, 75)),
        "mind": np.percentile(one.mind, (25, 50, 75)),
        "best": one.best,
        "best_error": one.best_error,
    }


def _number(value: float) -> float | None:
    """Return a number, or None if it is not finite: JSON has no NaN."""
    return float(value) if np.isfinite(value) else None
