"""The list of runs: filter, order, tree, and the text of each column. Does not use Textual."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gangan_cli import formatting
from gangan_cli.tui.run_index import RunView

BARS = "▁▂▃▄▅▆▇█"

STATES = ("training", "crashed", "diverged", "interrupted", "new", "complete", "unreadable")
"""A run's possible statuses in sort order: those that need attention first, unreadable runs last."""

STATE_COLOURS = {
    "training": "$primary",
    "complete": "$success",
    "interrupted": "$warning",
    "crashed": "$error",
    "diverged": "$error",
    "unreadable": "$error",
}
"""The theme's variable for the colour of a status; a new run has the colour of other text."""


@dataclass(frozen=True)
class Row:
    """A run in the tree: `depth` is the number of its ancestors in it, and `branch` draws the lines that
    lead to it."""

    run: RunView
    depth: int
    branch: str


SORTS: dict[str, Callable[[RunView], tuple[object, ...]]] = {
    "name": lambda run: (run.name,),
    "newest": lambda run: (-_created(run), run.name),
    "state": lambda run: (STATES.index(run.status), run.name),
    "size": lambda run: (-run.size, run.name),
}
"""The sort keys of the list, by name. Runs always stay below the one that they were trained on."""


def arrange(runs: Sequence[RunView], sort: str = "name", words: str = "") -> list[Row]:
    """Return the runs that match `words` as a tree: each below the run that it was trained on.

    A run whose parent is not shown is at the top level.
    """
    shown = sorted((run for run in runs if matches(run, words)), key=SORTS[sort])
    # Copies of a run have the same id: prefer the one with the name that the parent had.
    places = {(run.manifest.id, name): run for run in shown if run.manifest for name in ("", run.name)}
    below: dict[str, list[RunView]] = {}
    tops = []
    for run in shown:
        parent = run.manifest.parent if run.manifest else None
        above = parent and (places.get((parent.id, parent.name)) or places.get((parent.id, "")))
        if above and above is not run:
            below.setdefault(above.name, []).append(run)
        else:
            tops.append(run)
    rows: list[Row] = []

    def grow(run: RunView, depth: int, stem: str, last: bool) -> None:
        rows.append(Row(run, depth, stem + ("└ " if last else "├ ") if depth else ""))
        under = below.get(run.name, [])
        for child in under:
            rest = stem + ("  " if last else "│ ") if depth else ""
            grow(child, depth + 1, rest, child is under[-1])

    for run in tops:
        grow(run, 0, "", True)
    return rows


def matches(run: RunView, words: str) -> bool:
    """Return whether a run matches all `words`: "state:training", "family:dcgan" or "on:mlp" must begin
    that value; any other word may occur anywhere in the name, state, family, dataset or parent."""
    about = {"state": run.status, "family": "", "on": run.on, "name": run.name}
    if run.manifest:
        about["family"] = run.manifest.family
    for word in words.lower().split():
        kind, colon, wanted = word.partition(":")
        if colon and kind in about:
            if not about[kind].lower().startswith(wanted):
                return False
        elif not any(word in value.lower() for value in about.values()):
            return False
    return True


def children(runs: Iterable[RunView], run: RunView) -> list[str]:
    """Return the names of those of `runs` that were trained on `run`."""
    return [
        other.name
        for other in runs
        if run.manifest and other.manifest and other.manifest.parent
        and other.manifest.parent.id == run.manifest.id
    ]  # fmt: skip


def parent(runs: Mapping[str, RunView], run: RunView) -> RunView | None:
    """Return the one of `runs` that `run` was trained on; of several copies, the one that has the name
    of that time."""
    named = run.manifest.parent if run.manifest else None
    if named is None:
        return None
    there = [one for one in runs.values() if one.manifest and one.manifest.id == named.id]
    return next((one for one in there if one.name == named.name), there[0] if there else None)


def along(ring: Sequence[int], one: int, by: int) -> int:
    """Return the element `by` places after `one` in a ring, or after its first if `one` is not in it."""
    place = ring.index(one) if one in ring else 0
    return ring[(place + by) % len(ring)]


def standing(run: RunView) -> str:
    """Return a run's status, with the percentage done until it is complete, and the time left while it
    is trained."""
    if run.status in ("training", "interrupted", "crashed") and run.manifest:
        done, total = run.done, run.total
        if done == total:  # a partly imported run lacks snapshots, but no epochs
            done, total = run.snapshots, run.manifest.planned_snapshots
        left = run.seconds_left
        rest = f" {formatting.duration(left)} left" if left is not None else ""
        return f"{run.status} {100 * done // total}%{rest}"
    return run.status


def losses(run: RunView) -> str:
    """Return the last losses and the trend of the first, as in "0.71 1.32 ▂▃▅▇"."""
    numbers = " ".join(f"{value:.2f}" for value in run.losses.values())
    return f"{numbers} {sparkline(run.trend)}".strip()


def sparkline(values: Sequence[float]) -> str:
    """Return values as bars, scaled between their minimum and maximum. Values that are not finite are
    left out; fewer than two give ""."""
    values = [value for value in values if math.isfinite(value)]
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    step = (high - low) / (len(BARS) - 1) or 1
    return "".join(BARS[round((value - low) / step)] for value in values)


def population(run: RunView) -> str:
    """Return numbers of GANs and epochs, as in "35 × 100"."""
    return f"{run.manifest.gans} × {run.manifest.epochs}" if run.manifest else ""


def age(run: RunView) -> str:
    """Return the time since the run was created."""
    return formatting.age(run.manifest.created) if run.manifest else ""


def _created(run: RunView) -> float:
    return datetime.fromisoformat(run.manifest.created).timestamp() if run.manifest else 0.0
