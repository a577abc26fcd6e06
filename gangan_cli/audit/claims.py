"""The claims that one would like to make about a GAN-GAN, each with a verdict for every sampler."""

from gangan_cli.audit import axis_claims, novelty_claims, quality_claims
from gangan_cli.audit.audit import Audit, Claim
from gangan_cli.audit.finding import Test


def claims(audit: Audit) -> list[Claim]:
    """Return the claims about the audited GAN-GAN, with the verdicts on the same claims about the other
    samplers; those about the latent axis are about the GAN-GAN alone."""
    questions = [*novelty_claims.questions(audit), *quality_claims.questions(audit)]
    return [_tested(audit, *question) for question in questions] + axis_claims.claims(audit)


def _tested(audit: Audit, id: str, claim: str, test: Test) -> Claim:
    found = test(audit, audit.generator)
    others = {other.id: test(audit, other).verdict for other in audit.samplers[1:]}
    return Claim(id, claim, found.verdict, found.figures, found.value, others)
