"""What a test of a claim finds, and the rules by which it is decided."""

from collections.abc import Callable
from dataclasses import dataclass

from gangan_cli.audit.audit import Audit
from gangan_cli.audit.benchmark import SamplerResult
from gangan_cli.metrics.statistics import Interval
from gangan_cli.records import Verdict

LEVEL = 0.99
"""Level of all intervals of claims, and 1 - LEVEL is that of all tests: an audit makes about a dozen
claims, of which at 95 % one would be wrong in half of all audits."""

RULE = "each claim at 99 %, since there are a dozen"
"""The rule as it is printed."""


@dataclass(frozen=True)
class Finding:
    """The verdict on a claim about one sampler, the figures that support it, and the deciding value."""

    verdict: Verdict
    figures: str
    value: float


Test = Callable[[Audit, SamplerResult], Finding]
"""Tests a claim about one sampler of an audit."""


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


def shown(found: Interval, form: str) -> str:
    """Return an interval as text, its numbers in the format `form`."""
    return f"{found.estimate:{form}} [{found.low:{form}}, {found.high:{form}}]"
