"""Labels beside points, placed where they hide least."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

REACHES = (6.0, 11.0, 18.0, 27.0, 38.0, 52.0)
"""Distances to try between a point and its label, in typographic points (1/72 inch)."""

LED = 10.0
"""Reach from which a leader line connects the point with its label."""

ANGLES = np.deg2rad(np.arange(0, 360, 6))

AROUND = 2.0
"""Margin around a label, in typographic points."""

OUTSIDE, OVERLAP, TOUCH, HIDE = 1000.0, 300.0, 60.0, 40.0
"""Costs of a position. OUTSIDE: per pixel outside the plot. OVERLAP: per label that it overlaps. TOUCH:
per leader line through a label, close to a labelled point, or across another line. HIDE: per dot behind
the label, and once if there is no leader line and the label is closer to another labelled point than to
its own. A reach of four typographic points costs 1."""

STARTS, SWEEPS = 6, 4
"""Number of random starts, and how often each label chooses its position in one of them."""


@dataclass(frozen=True)
class Label:
    """A text for the point (x, y)."""

    text: str
    x: float
    y: float
    colour: str = "black"
    weight: str = "normal"


@dataclass(frozen=True)
class Places:
    """Candidate positions of one label, in pixels (but `reaches` in typographic points).

    `end` (2,) is the labelled point, and `reaches` (k,) are the distances from it to the label. `boxes`
    (k, 4) are left, bottom, right and top of the label, and `near` (k, 2) is where the leader line meets
    the box. `costs` (k,) are those that do not depend on the other labels.
    """

    end: Numbers
    reaches: Numbers
    boxes: Numbers
    near: Numbers
    costs: Numbers


def place_labels(axis: Axes, labels: Sequence[Label], dots: Numbers, size: float = 7) -> None:
    """Write labels into a finished plot, clear of its `dots` (n, 2), of each other and of the frame.

    Scales and limits must be final: positions are computed in the current layout of the figure.
    """
    figure = axis.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    point = figure.dpi / 72
    frame = np.array(axis.get_window_extent().padded(-2 * point).extents)
    hidden = axis.transData.transform(np.asarray(dots, np.float64).reshape(-1, 2))
    ends = axis.transData.transform(np.array([(label.x, label.y) for label in labels]))
    around = [
        _places(end, _measured(axis, label, size), np.delete(ends, row, 0), hidden, frame, point)
        for row, (end, label) in enumerate(zip(ends, labels, strict=True))
    ]
    for label, places, row in zip(labels, around, _chosen(around, point), strict=True):
        box = places.boxes[row]
        axis.annotate(
            label.text,
            (label.x, label.y),
            ((box[:2] + box[2:]) / 2 - places.end) / point,
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=size,
            color=label.colour,
            weight=label.weight,
            path_effects=[withStroke(linewidth=2, foreground="white", alpha=0.85)],
            zorder=6,
        ).set_in_layout(False)
        if places.reaches[row] >= LED:
            line = {"arrowstyle": "-", "color": label.colour, "linewidth": 0.5}
            axis.annotate(
                "",
                (label.x, label.y),
                (places.near[row] - places.end) / point,
                textcoords="offset points",
                arrowprops={**line, "shrinkA": 0, "shrinkB": 2.5},
                zorder=4,
            ).set_in_layout(False)


def _measured(axis: Axes, label: Label, size: float) -> Numbers:
    """Return a text's width and height in pixels."""
    text = axis.text(0, 0, label.text, fontsize=size, weight=label.weight, transform=None)
    box = text.get_window_extent()
    text.remove()
    return np.array([box.width, box.height])


def _places(
    end: Numbers, size: Numbers, others: Numbers, hidden: Numbers, frame: Numbers, point: float
) -> Places:
    """Return the candidate positions around the point `end` (2,) for a text of `size` (2,).

    `others` (m, 2) are the other labelled points, `hidden` (n, 2) the dots that a label should not
    cover, `frame` (4,) are the limits of the plot, and `point` is the size of a typographic point; all
    in pixels.
    """
    ways = np.column_stack([np.cos(ANGLES), np.sin(ANGLES)])
    reaches = np.repeat(REACHES, len(ANGLES))
    out = np.tile(ways, (len(REACHES), 1))
    # Between above and beside, the box slides past the point, so that its edge keeps the distance.
    middles = end + out * reaches[:, None] * point + np.clip(out * 1.6, -1, 1) * size / 2
    boxes = np.column_stack([middles - size / 2, middles + size / 2])
    near = np.clip(end, boxes[:, :2], boxes[:, 2:])
    outside = np.maximum(frame[:2] - boxes[:, :2], 0) + np.maximum(boxes[:, 2:] - frame[2:], 0)
    lines = _points_on(end, near)
    touched = np.linalg.norm(lines[:, :, None] - others, axis=3).min(axis=1) < 4 * point
    closest = np.clip(others, boxes[:, None, :2], boxes[:, None, 2:])
    strange = np.linalg.norm(closest - others, axis=2) < reaches[:, None] * point
    return Places(
        end,
        reaches,
        boxes,
        near,
        reaches / 4
        + OUTSIDE * outside.sum(axis=1)
        + HIDE * _inside(hidden[None], boxes, point).sum(axis=1)
        + TOUCH * touched.sum(axis=1)
        + HIDE * (strange.any(axis=1) & (reaches < LED)),
    )


def _chosen(around: Sequence[Places], point: float) -> list[int]:
    """Return the row of the position for each label: the cheapest combination of several random starts.

    In each start, labels take turns in random order to choose the best position given the others.
    """
    random = np.random.default_rng(0)
    known: dict[tuple[int, int, int], Numbers] = {}  # most are needed again in a later sweep
    best: tuple[float, list[int]] = float("inf"), []
    for _ in range(STARTS):
        rows: dict[int, int] = {}
        found = np.zeros(len(around))
        for _ in range(SWEEPS):
            for mine in random.permutation(len(around)).tolist():
                costs = around[mine].costs.copy()
                for other, row in rows.items():
                    if other != mine:
                        if (mine, other, row) not in known:
                            known[mine, other, row] = _clashes(around[mine], around[other], row, point)
                        costs += known[mine, other, row]
                rows[mine] = int(costs.argmin())
                found[mine] = costs.min()
        best = min(best, (float(found.sum()), [rows[label] for label in range(len(around))]))
    return best[1]


def _clashes(mine: Places, other: Places, row: int, point: float) -> Numbers:
    """Return what each position of the label `mine` costs (k,) because of the label `other`, which is at
    its position `row`."""
    box, near = other.boxes[row], other.near[row]
    shared = np.minimum(mine.boxes[:, 2:], box[2:]) - np.maximum(mine.boxes[:, :2], box[:2])
    over = (shared > -AROUND * point).all(axis=1)
    through = _inside(_points_on(mine.end, mine.near), box[None], point).any(axis=1)
    pierced = _inside(_points_on(other.end, near[None]), mine.boxes, point).any(axis=1)
    crossed = (_side(mine.end, mine.near, other.end) * _side(mine.end, mine.near, near) < 0) & (
        _side(other.end, near, mine.end) * _side(other.end, near, mine.near) < 0
    )
    clashes: Numbers = OVERLAP * over + TOUCH * (through * 1.0 + pierced + crossed)
    return clashes


def _points_on(end: Numbers, near: Numbers) -> Numbers:
    """Return points (k, 12, 2), evenly spaced on the lines from `end` (2,) to `near` (k, 2)."""
    points: Numbers = end + np.linspace(0, 1, 12)[:, None] * (near - end)[:, None]
    return points


def _inside(points: Numbers, boxes: Numbers, point: float) -> NDArray[np.bool_]:
    """Return which points (k or 1, n, 2) lie in boxes (k or 1, 4) or within their margin: (k, n)."""
    above = points > boxes[:, None, :2] - AROUND * point
    below = points < boxes[:, None, 2:] + AROUND * point
    inside: NDArray[np.bool_] = np.all(above & below, axis=2)
    return inside


def _side(a: Numbers, b: Numbers, c: Numbers) -> Numbers:
    """Return a number whose sign says on which side of the line from a to b the point c lies; a, b and c
    are (2,) or (k, 2)."""
    across: Numbers = (b - a)[..., 0] * (c - a)[..., 1] - (b - a)[..., 1] * (c - a)[..., 0]
    return across
