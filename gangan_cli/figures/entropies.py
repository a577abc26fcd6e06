"""Histograms of label entropy, which is low where the judge is sure, of GANs and of real images."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from gangan_cli.figures.style import BLUE, DARK, GREY, Output, house_look, new_figure, save
from gangan_cli.records import Evaluated, Subject, comparable
from store import Run

MOST = 8
"""Maximum number of panels."""

TOP = float(np.log(10))
"""Entropy in nats of a uniform distribution over ten classes."""


@house_look
def draw_entropies(run: Run, found: Iterable[Evaluated], output: Output) -> list[Path]:
    """Draw a histogram for each of the results that `_chosen` selects from the largest comparable group;
    draw nothing if that group has no GANs."""
    group = next(iter(comparable(found)), [])
    real = next((one for one in group if one.subject == Subject()), None)
    judged = [one for one in group if one.subject.gan is not None]
    if not judged:
        return []
    shown = _chosen(judged)
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    figure, axes = new_figure((0, 4.6, 7.2)[columns], 1.4 * rows + 0.9, rows, columns)
    lowest = 0.6 / group[0].samples
    for place, axis in enumerate(axes.flat):
        if place >= len(shown):
            axis.axis("off")
            continue
        if real:
            axis.stairs(_shares(real), _edges(real), color=GREY, linewidth=0.9, zorder=3)
        axis.stairs(
            _shares(shown[place]),
            _edges(shown[place]),
            color=BLUE,
            alpha=0.55,
            fill=True,
            baseline=lowest,
        )
        axis.set_yscale("log")
        axis.set_ylim(lowest, 1.5)
        axis.set_xlim(0, TOP)
        axis.text(
            0.98,
            0.94,
            f"{_title(shown[place].subject)}\n{_moments(shown[place])}",
            transform=axis.transAxes,
            ha="right",
            va="top",
            fontsize=8,
            color=DARK,
        )
        _trim(axis, bottom=place + columns >= len(shown), left=place % columns == 0)
    figure.supxlabel("label entropy of an image (nats); at most ln 10", fontsize=9)
    figure.supylabel(f"share of {group[0].samples:,} images", fontsize=9)
    left_out = len(judged) - len(shown)
    notes = [f"grey line: real images, {_moments(real)}"] if real else []
    notes += [f"{left_out:,} more results are not shown"] if left_out else []
    figure.suptitle(
        "\n".join([f"{run.name}: how sure the judge is of each image", "; ".join(notes)]).strip(),
        fontsize=10,
    )
    return save(
        figure,
        "entropies",
        run,
        output,
        judge=group[0].judge,
        samples=group[0].samples,
        keys=[(one.subject.gan, one.subject.epoch) for one in shown],
        drawn=[one.subject.drawn for one in shown],
        left_out=left_out,
        entropies=[_numbers(one) for one in shown],
        real=_numbers(real) if real else None,
    )


def _chosen(judged: Sequence[Evaluated]) -> list[Evaluated]:
    """Return at most MOST results, evenly spaced: from those of each GAN at its last evaluated epoch, or
    from all epochs if that would be a single result."""
    ordered = sorted(judged, key=lambda one: (*_key(one), one.subject.drawn or 0))
    last = dict(map(_key, ordered))
    latest = [one for one in ordered if last[_key(one)[0]] == _key(one)[1]]
    ordered = latest if len(latest) > 1 else ordered
    places = np.unique(np.linspace(0, len(ordered) - 1, MOST).round().astype(int))
    return [ordered[place] for place in places]


def _key(one: Evaluated) -> tuple[int, int]:
    assert one.subject.gan is not None and one.subject.epoch is not None
    return one.subject.gan, one.subject.epoch


def _title(subject: Subject) -> str:
    kind = "GAN" if subject.drawn is None else f"number {subject.drawn} of GAN-GAN"
    return f"{kind} {subject.gan} at epoch {subject.epoch}"


def _shares(one: Evaluated) -> np.ndarray:
    counts = np.array(one.scored.entropies, np.float64)
    shares: np.ndarray = counts / max(1.0, counts.sum())
    return shares


def _edges(one: Evaluated) -> np.ndarray:
    return np.linspace(0, TOP, len(one.scored.entropies) + 1)


def _moments(one: Evaluated) -> str:
    values = one.scored.values
    return f"mean {values['entropy']:.3f}, std {values['entropy_std']:.3f}"


def _numbers(one: Evaluated) -> dict[str, object]:
    values = one.scored.values
    return {
        "mean": values["entropy"],
        "std": values["entropy_std"],
        "histogram": one.scored.entropies,
    }


def _trim(axis: Axes, bottom: bool, left: bool) -> None:
    """Label the ticks at the outer edges only: all panels share their scales."""
    axis.tick_params(labelsize=8, labelbottom=bottom, labelleft=left)
