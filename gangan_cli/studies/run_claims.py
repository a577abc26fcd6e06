"""Claims that single runs answer, by their manifests, losses, evaluations and audits. No torch."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.metrics.statistics import Interval, deviation_interval, mean_interval, spearman
from gangan_cli.metrics.verdicts import all_hold, at_least, at_most, shown
from gangan_cli.records import (
    AUDIT_VERSION,
    Evaluated,
    Subject,
    Verdict,
    comparable,
    evaluations,
)
from gangan_cli.studies.answers import Finding, described
from gangan_cli.studies.claims import CLAIMS
from gangan_cli.summaries.losses import LossHistory
from store import Run

STATEMENTS = {claim.id: claim.claim for claim in CLAIMS}

FEW_EPOCHS = 5
"""Fewest judged epochs of a GAN that show a trend."""

PAPERS_GANS = 35, 100
"""The paper's number of GANs, and of epochs."""


@dataclass(frozen=True)
class StoredRun:
    """A run with what is stored of it."""

    run: Run

    @property
    def config(self) -> dict[str, Any]:
        """Its settings."""
        return dict(self.run.manifest.config)

    @property
    def family(self) -> str:
        """Its family; "" of a run on weights."""
        return "" if self.run.manifest.parent else self.run.manifest.family

    @cached_property
    def judged(self) -> list[Evaluated]:
        """The largest comparable group of evaluations of its snapshots."""
        groups = comparable(one for one in evaluations(self.run) if one.subject.drawn is None)
        return next(iter(groups), [])

    @cached_property
    def audits(self) -> list[dict[str, Any]]:
        """The audits of its GAN-GANs."""
        found = self.run.results("audit/").values()
        return [one for one in found if one.get("version") == AUDIT_VERSION]

    @property
    def scale(self) -> str:
        """How it was trained."""
        return described(self.run.manifest)

    def last(self, score: str) -> NDArray[np.float64]:
        """Return a score of each GAN at its last judged epoch (n,)."""
        values = {
            one.subject.gan: one.scored.values[score]
            for one in sorted(self.judged, key=lambda one: one.subject.epoch or 0)
            if one.subject.gan is not None and score in one.scored.values
        }
        return np.array(list(values.values()), np.float64)

    def real(self, score: str) -> str:
        """Return the score of real images as text; "" if it is not stored."""
        real = (one.scored.values for one in self.judged if one.subject == Subject())
        return next((f"{values[score]:.3g}" for values in real if score in values), "")

    def finding(
        self, claim: str, verdict: Verdict, figures: str, n: int, unit: str = "GANs", **more: str
    ) -> Finding:
        """Return a finding about this run."""
        more = {"seeds": f"seed {self.config.get('seed')}", "scale": self.scale, **more}
        return Finding(STATEMENTS[claim], verdict, figures, n, unit, claim=claim, **more)


Check = Callable[[StoredRun], Iterator[Finding]]
"""Yields what a run says of claims."""


def parameter_counts(stored: StoredRun) -> Iterator[Finding]:
    """C0.1, C0.2, C1.13: sizes of networks, with the settings of the papers."""
    manifest, size = stored.run.manifest, stored.run.manifest.layout.trainable.size
    side = (manifest.dataset or {}).get("height"), (manifest.dataset or {}).get("channels", 1)
    if side != (28, 1) or (options := stored.config.get("family_options")) is None:
        return
    if stored.family == "mlp" and not options:
        holds: Verdict = "holds" if size == 113_745 else "does not hold"
        yield stored.finding("C0.1", holds, f"{size:,} parameters", 1, "run", seeds="")
    if stored.family == "dcgan-small" and not options:
        holds = "holds" if size < 30_000 else "does not hold"
        yield stored.finding("C0.2", holds, f"{size:,} parameters", 1, "run", seeds="")
    if stored.family == "shared-wgan" and manifest.hparams.get("update") != "frozen":
        shared = [f"convolutions.{int(one) - 1}.weight" for one in manifest.hparams["share"].split(",")]
        saved = sum(t.size for t in manifest.layout.tensors if t.name.removeprefix("critic.") in shared)
        if (manifest.hparams["width"], manifest.hparams["share"]) == (64, "2"):
            text = f"{saved:,} of {size:,} are shared ({saved / size:.1%})"
            holds = "holds" if saved == 102_400 else "does not hold"
            yield stored.finding("C1.13", holds, text, 1, "run", seeds="")


def examples(stored: StoredRun) -> Iterator[Finding]:
    """C0.3: how many examples a GAN-GAN under the paper's settings has."""
    preset, repeat = stored.config.get("preset"), stored.config.get("repeat") or 1
    if preset not in ("paper", "released"):
        return
    keys = stored.run.constant("keys")
    distinct = len(np.unique(keys, axis=0))
    rows, wanted = len(keys) * repeat, PAPERS_GANS[0] * PAPERS_GANS[1]
    expected = wanted if preset == "paper" else PAPERS_GANS[1]
    holds: Verdict = "holds" if (rows, distinct) == (wanted, expected) else "does not hold"
    figures = f"preset {preset}: {rows:,} examples an epoch, {distinct:,} distinct"
    yield stored.finding("C0.3", holds, figures, 1, "run", seeds="")


def improvement(stored: StoredRun) -> Iterator[Finding]:
    """C0.4: the rank correlation of epoch and Fréchet distance, in each GAN of the paper's kind."""
    of_gans: dict[int, list[tuple[int, float]]] = {}
    for one in stored.judged:
        if one.subject.gan is not None and one.subject.epoch is not None:
            of_gans.setdefault(one.subject.gan, []).append((one.subject.epoch, one.frechet))
    curves = [np.array(curve) for curve in of_gans.values() if len(curve) >= FEW_EPOCHS]
    trends = np.array([spearman(*curve.T) for curve in curves if np.ptp(curve[:, 1])])
    if stored.family == "mlp" and len(trends) > 1:
        found = mean_interval(trends)
        figures = f"rank correlation of epoch and Fréchet distance {shown(found, '+.2f')}"
        yield stored.finding("C0.4", at_most(found, 0.0), figures, len(trends), null="no trend, 0")


def spread(stored: StoredRun) -> Iterator[Finding]:
    """C0.9: how much GANs of different seeds differ, and the bytes of the paper's population."""
    values = stored.last("frechet")
    if stored.family != "mlp" or len(values) < 2:
        return
    found, mean = deviation_interval(values), float(values.mean())
    found = Interval(found.estimate / mean, found.low / mean, found.high / mean)
    size = 4 * stored.run.manifest.layout.size * PAPERS_GANS[0] * PAPERS_GANS[1] / 1e9
    figures = (
        f"Fréchet distances from {values.min():.0f} to {values.max():.0f}, standard deviation over mean "
        f"{shown(found, '.2f')} (strongly: ≥ 0.1); 35 × 100 snapshots of {size:.2f} GB"
    )
    yield stored.finding("C0.9", at_least(found, 0.1), figures, len(values))


def audited(stored: StoredRun) -> Iterator[Finding]:
    """C0.5, C0.6: claims that audits of GAN-GANs decided."""
    latest = {one["gan"]: one for one in stored.audits}
    decided = [{claim["id"]: claim for claim in one["claims"]} for one in latest.values()]
    axis = "axis_follows_training", "axis_follows_quality"
    if decided and stored.run.manifest.hparams.get("latent_dim") == 1:
        by_axis = {id: [one[id] for one in decided if id in one] for id in axis}
        verdicts = [all_hold(*(one["verdict"] for one in some)) for some in by_axis.values() if some]
        verdict: Verdict = "holds" if "holds" in verdicts else "undecided"
        if set(verdicts) == {"does not hold"}:
            verdict = "does not hold"
        values = {id: ", ".join(f"{one['value']:+.2f}" for one in some) for id, some in by_axis.items()}
        figures = (
            f"rank correlation of samples with the epoch {values[axis[0]]}, quality {values[axis[1]]}"
        )
        yield stored.finding("C0.5", verdict, figures, len(decided), "GAN-GANs")
    rivals = "beats_last_snapshots", "beats_snapshots"
    better = [[one[id] for id in rivals if id in one] for one in decided]
    if decided and all(better):
        verdict = all_hold(*(claim["verdict"] for some in better for claim in some))
        figures = "; ".join(f"{claim['claim']}: {claim['figures']}" for claim in better[0])
        passing = better[0][0].get("verdicts", {})
        also = ", ".join(id for id, found in passing.items() if found == "holds")
        yield stored.finding(
            "C0.6", verdict, figures, len(decided), "GAN-GANs",
            null="the best of as many snapshots", passes_too=also,
        )  # fmt: skip


def labels(stored: StoredRun) -> Iterator[Finding]:
    """C2.2, C2.3, C2.13: which digits GANs make, and what their discriminators know of them."""
    about: dict[str, tuple[str, str, str, Callable[[Interval, float], Verdict], float]] = {
        "gan": ("C2.2", "ones_sevens_nines", "share of 1, 7 and 9", at_least, 0.3),
        "cgan": ("C2.3", "uniformity", "distance (TV) from equal shares", at_most, 0.05),
        "infogan": ("C2.13", "information", "nats, at least", at_least, 2.2),
    }
    if stored.family not in about:
        return
    claim, score, title, decide, bound = about[stored.family]
    values = stored.last(score)
    if len(values) > 1:
        found = mean_interval(values)
        verdict, figures = decide(found, bound), f"{title} {shown(found, '.3f')} (bound {bound})"
    elif len(values):
        verdict, figures = (
            "undecided",
            f"{title} {values[0]:.3f} (bound {bound}); one GAN has no interval",
        )
    else:
        return
    real = stored.real(score)
    yield stored.finding(
        claim, verdict, figures, len(values), null=f"real images {real}" if real else ""
    )


def trends(stored: StoredRun) -> Iterator[Finding]:
    """C2.7: the trends of a DCGAN's losses."""
    if stored.family != "dcgan":
        return
    history = LossHistory.read(stored.run)
    of_gans = [
        [spearman(history.epochs[: len(row)].astype(float), row) for row in pair]
        for pair in zip(history.of("g_loss"), history.of("d_loss"), strict=True)
        if len(pair[0]) >= FEW_EPOCHS and not np.isnan(pair).any()
    ]
    if not of_gans:
        return
    generator, discriminator = np.array(of_gans).T
    figures = f"rank correlation with the epoch: generator {generator.mean():+.2f}, "
    figures += f"discriminator {discriminator.mean():+.2f} ({len(history.epochs)} of 200 epochs)"
    verdict: Verdict = "undecided"
    if len(of_gans) > 1:
        rises, falls = mean_interval(generator), mean_interval(discriminator)
        verdict = all_hold(at_least(rises, 0.9), at_most(falls, -0.9))
    yield stored.finding("C2.7", verdict, figures, len(of_gans))


CHECKS: Sequence[Check] = (
    parameter_counts, examples, improvement, spread, audited, labels, trends,
)  # fmt: skip
"""All that is looked for in a run."""


def findings_of(stored: StoredRun) -> list[Finding]:
    """Return what a run, and what is stored of it, says of claims. What was stored by another version of
    gangan and cannot be read says nothing."""
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found += check(stored)
        except (KeyError, TypeError, ValueError):
            continue
    return found
