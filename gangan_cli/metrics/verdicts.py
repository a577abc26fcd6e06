"""Verdicts from intervals: a statement holds if all of its interval lies on the right side of a
threshold that was fixed before."""

from gangan_cli.metrics.statistics import Interval
from gangan_cli.records import Verdict


def at_most(found: Interval, bound: float) -> Verdict:
    """Return whether a figure is at most `bound`."""
    if found.high <= bound:
        return "holds"
    return "does not hold" if found.low > bound else "undecided"


def at_least(found: Interval, bound: float) -> Verdict:
    """Return whether a figure is at least `bound`."""
    if found.low >= bound:
        return "holds"
    return "does not hold" if found.high < bound else "undecided"


def all_hold(*verdicts: Verdict) -> Verdict:
    """Return the verdict on several statements together."""
    if "does not hold" in verdicts:
        return "does not hold"
    return "undecided" if "undecided" in verdicts else "holds"


def shown(found: Interval, form: str) -> str:
    """Return an interval as text, its numbers in the format `form`."""
    return f"{found.estimate:{form}} [{found.low:{form}}, {found.high:{form}}]"
