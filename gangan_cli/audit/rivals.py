"""All that an audit compares a GAN-GAN with: a sampler each, with an id and a label."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from gangan_cli.audit.held_out import HeldOut
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.weightspace.baselines import BASELINES, BaselineData
from gangan_cli.weightspace.conditions import Condition, condition_of
from gangan_cli.weightspace.snapshots import Matrix
from store import Catalog

GANGAN = "gangan"
"""The id of the audited run among the samplers."""

TRAINED_ANEW = "trained_anew"
RETRIEVAL = "retrieval"
RUN = "run:"
"""Ids of samplers that are no baselines: GANs that the GAN-GAN was not shown; the training snapshots
nearest to what is asked of a conditional GAN-GAN; and, before its name, another run over the same
snapshots."""

LABELS: Mapping[str, str] = {
    GANGAN: "the GAN-GAN",
    TRAINED_ANEW: "a GAN trained anew",
    RETRIEVAL: "snapshot nearest to what is asked",
    **{id: baseline.label for id, baseline in BASELINES.items()},
}
"""What people read for each id."""

DECODED = {"pca_snapshot", "pca_gaussian", "pca_kernels", "autoencoder_kernels", "autoencoder_snapshot"}
"""Baselines that draw vectors without what lies outside the principal components."""


def label_of(id: str) -> str:
    """Return what people read for the id of a sampler."""
    return LABELS.get(id) or f"GAN-GAN {id.removeprefix(RUN)!r}"


def kind_of(id: str) -> str:
    """Return what a sampler draws from: a baseline's kind, "generator" or "new"."""
    if baseline := BASELINES.get(id):
        return baseline.kind
    return {TRAINED_ANEW: "new", RETRIEVAL: "copy"}.get(id, "generator")


def is_trivial(id: str) -> bool:
    """Return whether a sampler draws without having learnt more than a density."""
    return id in BASELINES or id == RETRIEVAL


@dataclass
class HeldOutSampler:
    """Draws snapshots of GANs that the GAN-GAN was not shown."""

    held_out: HeldOut
    random: np.random.Generator

    def sample(self, count: int) -> Matrix:
        """Return the next `count` snapshots (n, P), drawn with repeats."""
        return self.held_out.vectors(self.random.integers(len(self.held_out.keys), size=count))


@dataclass
class RetrievalSampler:
    """Returns, for what a conditional GAN-GAN is asked for (n,), the training snapshot that comes
    nearest to it: all that a condition needs, if nothing new is wanted."""

    data: BaselineData
    values: np.ndarray
    asked: np.ndarray

    def sample(self, count: int) -> Matrix:
        """Return the snapshots (n, P) for the next `count` values."""
        now, self.asked = np.split(self.asked, [count])
        return self.data.vectors(np.abs(now[:, None] - self.values).argmin(axis=1))


def retrieval(lineage: Lineage, data: BaselineData, latents: Matrix) -> RetrievalSampler | None:
    """Return the retrieval of what a conditional GAN-GAN is asked for with latents (n, L); None without
    a condition, or without the scores that it was trained on."""
    scale = Condition.of(lineage.top)
    if scale is None:
        return None
    _, values = condition_of(lineage.below, data.keys, scale.what)
    return RetrievalSampler(data, values, scale.decode(latents[:, -1].astype(np.float64)))


def other_generators(
    catalog: Catalog, lineage: Lineage, opened: ExitStack
) -> Iterator[tuple[str, Lineage]]:
    """Yield the other runs over the same snapshots that have any of their own, by the ids of their
    samplers. They stay open until `opened` is closed."""
    keys = lineage.top.constant("keys")
    for name in catalog.children(lineage.below):
        if name == lineage.top.name:
            continue
        other = opened.enter_context(Lineage.open(catalog, name))
        same = np.array_equal(other.top.constant("keys"), keys) and len(other.top.keys())
        framed = other.top.manifest.config.get("align", "none") != "none"
        if same and not framed:
            yield RUN + name, other
