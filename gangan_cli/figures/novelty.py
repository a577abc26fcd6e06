"""Quality against novelty: how good each sampler's GANs are, and how far from the snapshots."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes

from gangan_cli.audit.audit import Audit
from gangan_cli.audit.benchmark import SamplerResult
from gangan_cli.audit.population import COMPONENTS
from gangan_cli.audit.rivals import GANGAN, kind_of
from gangan_cli.figures.labels import Label, place_labels
from gangan_cli.figures.style import BLUE, DARK, GREEN, GREY, PINK, SKY, VERMILLION, plain_ticks
from gangan_cli.weightspace.index import Numbers

LOOKS: Mapping[str, tuple[str, str]] = {
    "copy": (SKY, "o"),
    "average": (BLUE, "s"),
    "mixture": (GREEN, "^"),
    "density": (PINK, "D"),
    "generator": (VERMILLION, "P"),
    "new": (DARK, "X"),
}
"""Colour and marker of the samplers, by their kind."""

APART = 0.2
"""Fraction of the width by which two reference lines must differ for both names to fit above them."""

QUARTILES = (25, 50, 75)


@dataclass(frozen=True)
class Spread:
    """Quartiles (3,) of one sampler: `x` of its distances, in the plot's unit, `y` of its scores."""

    id: str
    label: str
    x: Numbers
    y: Numbers

    @classmethod
    def of(cls, row: SamplerResult, unit: float) -> "Spread":
        """Return the quartiles of a sampler: distances of all vectors, scores of those judged."""
        return cls(
            row.id,
            row.label,
            np.percentile(row.distances / unit, QUARTILES),
            np.percentile(row.frechet, QUARTILES),
        )


def draw_novelty(axis: Axes, audit: Audit) -> None:
    """Draw the median of every sampler, the quartiles of the baselines, and each judged vector of the
    GAN-GAN as a dot."""
    unit, unit_name = unit_of(audit)
    row = audit.generator
    own = row.distances[: len(row.frechet)] / unit
    spreads = [Spread.of(one, unit) for one in audit.samplers]
    _scales(axis, spreads, own, row.frechet)
    marks = _marks(axis, audit, unit)
    axis.scatter(own, row.frechet, 12, color=VERMILLION, alpha=0.45, linewidth=0, zorder=3)
    for spread in spreads:
        mine = spread.id == GANGAN
        colour, shape = (VERMILLION, "*") if mine else LOOKS[kind_of(spread.id)]
        _, x, _ = spread.x
        _, y, _ = spread.y
        axis.errorbar(
            x,
            y,
            xerr=None if mine else [[x - spread.x[0]], [spread.x[2] - x]],
            yerr=None if mine else [[y - spread.y[0]], [spread.y[2] - y]],
            marker=shape,
            markersize=17 if mine else 6,
            color=colour,
            markeredgecolor="white",
            markeredgewidth=1.0 if mine else 0.5,
            elinewidth=0.9,
            zorder=5 if mine else 4,
        )
    axis.set_xlabel(f"distance to the nearest snapshot ({unit_name})")
    axis.set_ylabel(f"Fréchet distance of {audit.options.images:,} images")
    axis.grid(axis="y", linewidth=0.4, alpha=0.4)
    axis.set_title("a   Quality against novelty", weight="bold", pad=14)
    _name(axis, spreads, own, row.frechet, marks)


def unit_of(audit: Audit) -> tuple[float, str]:
    """Return the unit of distances, and its description: the epoch step, or 1 if there is none."""
    where = ", within the components" if COMPONENTS in audit.usual else ""
    if audit.epoch_step > 0:  # False for NaN
        return audit.epoch_step, f"in epoch steps of {audit.epoch_step:.3g}{where}"
    return 1.0, f"Euclidean{where}"


def _scales(axis: Axes, spreads: list[Spread], own: Numbers, frechet: Numbers) -> None:
    x = np.concatenate([own, *(spread.x for spread in spreads)])
    y = np.concatenate([frechet, *(spread.y for spread in spreads)])
    # Copies lie at 0, so the axis is linear up to 1, or to the power of ten below all other medians.
    above = [spread.x[1] for spread in spreads if spread.x[1] > 1e-3]
    linear = 1.0 if min(above, default=1.0) <= 1 else 10 ** np.floor(np.log10(min(above)))
    right = max(float(x.max()) * 1.35, 3 * linear)
    axis.set_xscale("symlog", linthresh=linear, linscale=0.35)
    axis.set_xlim(-0.2 * linear, right)
    tens = linear * 10.0 ** np.arange(0, np.ceil(np.log10(right / linear)) + 1)
    ticks = np.concatenate([[0, linear / 2], *([ten, 2 * ten, 5 * ten] for ten in tens)])
    axis.set_xticks(ticks[ticks <= right])
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axis.minorticks_off()
    axis.set_yscale("log")
    low, high = y.min() / 1.2, y.max() * 1.3
    axis.set_ylim(low, high)
    plain_ticks(axis.yaxis, low, high)


def _marks(axis: Axes, audit: Audit, unit: float) -> list[float]:
    """Draw reference lines at the usual distances between snapshots; return their positions."""
    others = audit.home.other_gans
    between = float(np.median(others.values)) if others else np.nan
    usual = ((audit.epoch_step / unit, "one step"), (between / unit, "nearest of another GAN"))
    # Leaves out NaN.
    marks = sorted((x, words) for x, words in usual if 0 < x < axis.get_xlim()[1])
    across = (axis.transData - axis.transAxes).transform([(x, 1) for x, _ in marks] or [(0, 1)])[:, 0]
    sides = ["center"] if len(marks) < 2 or np.ptp(across) > APART else ["right", "left"]
    for (x, words), side in zip(marks, cycle(sides)):
        axis.axvline(x, color=GREY, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        axis.annotate(
            words,
            (x, 1),
            (0, 2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha=side,
            va="bottom",
            fontsize=7,
            color=GREY,
        )
    return [x for x, _ in marks]


def _name(axis: Axes, spreads: list[Spread], own: Numbers, frechet: Numbers, marks: list[float]) -> None:
    low, high = axis.get_ylim()
    along = np.linspace(0, 1, 9)
    dots = [np.column_stack([own, frechet])]
    dots += [np.column_stack([np.full(90, x), np.geomspace(low, high, 90)]) for x in marks]
    for spread in spreads:
        left, x, right = spread.x
        bottom, y, top = spread.y
        dots.append(np.column_stack([left + (right - left) * along, np.full(9, y)]))
        dots.append(np.column_stack([np.full(9, x), bottom + (top - bottom) * along]))
    labels = [
        Label(
            spread.label,
            spread.x[1],
            spread.y[1],
            VERMILLION if spread.id == GANGAN else DARK,
            "bold" if spread.id == GANGAN else "normal",
        )
        for spread in spreads
    ]
    place_labels(axis, labels, np.concatenate(dots))
