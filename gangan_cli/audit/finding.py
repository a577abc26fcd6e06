"""What a test of a claim finds, and at what level it is decided."""

from collections.abc import Callable
from dataclasses import dataclass

from gangan_cli.audit.audit import Audit
from gangan_cli.audit.benchmark import SamplerResult
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
