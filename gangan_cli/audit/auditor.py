"""Makes audits: measures the GAN-GANs of a run, and all that they are compared with."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gangan_cli.audit import rivals
from gangan_cli.audit.alignment_report import AlignmentReport, alignment_report
from gangan_cli.audit.audit import Audit, check
from gangan_cli.audit.benchmark import SamplerBenchmark, SamplerResult
from gangan_cli.audit.claims import claims
from gangan_cli.audit.held_out import HeldOut, trained_anew
from gangan_cli.audit.latent_axis import walk
from gangan_cli.audit.novelty_claims import novelty
from gangan_cli.audit.options import Options
from gangan_cli.audit.population import Population, UsualDistances, UsualMixtures
from gangan_cli.audit.quality import QualityJudge
from gangan_cli.audit.result_cache import ResultCache, digest
from gangan_cli.evaluation.quick import quick_scores
from gangan_cli.evaluation.reference import Reference, reference_of
from gangan_cli.progress import ProgressCallback
from gangan_cli.sampling.datasets import data_dir_of, dataset_of
from gangan_cli.sampling.lineage import Lineage, resolve_snapshot
from gangan_cli.sampling.weight_samplers import (
    GeneratorSampler,
    WeightSampler,
    baseline_data,
    baseline_samplers,
)
from gangan_cli.weightspace.alignment import Alignment
from gangan_cli.weightspace.baselines import BaselineData
from gangan_cli.weightspace.conditions import Condition
from gangan_cli.weightspace.novelty import epoch_steps_by_tensor
from gangan_cli.weightspace.snapshot_index import PcaIndex
from gangan_cli.weightspace.snapshots import Matrix
from store import Catalog
from store.keys import Pair

VERSION = 2
"""Counts changes to what is measured: results of another version in the cache are not used."""

NONE_HELD_OUT = (
    "{} was shown all GANs of its parent: whether it makes new GANs is not tested (train it on some of "
    "them with --gans, or give --anew 10)"
)


def audits(
    catalog: Catalog,
    lineage: Lineage,
    options: Options,
    data_dir: Path | None,
    on_progress: ProgressCallback,
    warn: Callable[[str], None],
    snapshots: Sequence[Pair],
    known: Sequence[Audit] = (),
) -> Iterator[Audit]:
    """Yield the audits of the GAN-GANs on top of a lineage at `snapshots` (gan, epoch).

    `known` are earlier audits of the same run with the same options; those that compared with the same
    GANs held out and the same other runs are yielded again. What was measured of other samplers over the
    same population is taken from a cache.

    Raises:
        ConfigurationError: the run is not one of GAN-GANs, or the options leave nothing to compare.
        WorkFailed: the judge is not available, or a GAN generates values that are not finite.
    """
    check(lineage, options)
    with ExitStack() as opened:
        anew = opened.enter_context(trained_anew(catalog, lineage))
        held_out = HeldOut.find(lineage, lineage.top.constant("keys"), anew)
        if held_out is None:
            warn(NONE_HELD_OUT.format(lineage.top.name))
        others = dict(rivals.other_generators(catalog, lineage, opened))
        names = list(held_out.names) if held_out else []
        same = [one for one in known if one.held_out == names and one.other_runs == set(others)]
        done = {(one.gan, one.epoch): one for one in same}
        if done.keys() >= set(snapshots) and len({done[snapshot].judge for snapshot in snapshots}) == 1:
            yield from (done[snapshot] for snapshot in snapshots)
            return
        bottom = lineage.on_images
        dataset = dataset_of(bottom, options.dataset)
        reference = reference_of(dataset, data_dir or data_dir_of(bottom), on_progress)
        if reference.judge.unkept:
            warn(reference.judge.unkept)
        auditor = Auditor(lineage, reference, options, held_out, others, on_progress)
        for snapshot in snapshots:
            found = done.get(snapshot)
            judged = found is not None and found.judge == reference.judge.id
            yield found if found and judged else auditor.audit(*snapshot)


_Named = tuple[str, WeightSampler, bool, str]
"""A sampler: its id, the sampler, whether it decodes components, and what else names it in the cache."""


@dataclass(frozen=True)
class Usual:
    """What samples of any sampler over a population are compared with."""

    distances: Mapping[str, UsualDistances]
    mixtures: UsualMixtures
    own: NDArray[np.float64]
    real: float
    mixed: float


class Auditor:
    """Audits the GAN-GANs of one run; what they are compared with is measured once."""

    def __init__(
        self,
        lineage: Lineage,
        reference: Reference,
        options: Options,
        held_out: HeldOut | None,
        others: Mapping[str, Lineage],
        on_progress: ProgressCallback,
    ) -> None:
        """`others` are other runs over the same snapshots, by the ids of their samplers."""
        self._lineage, self._reference, self._options = lineage, reference, options
        self._held_out, self._others = held_out, others
        self._population = Population(lineage, held_out, options.seed)
        self._quality = QualityJudge(lineage, reference, options.images, options.seed, on_progress)
        self._on_progress = on_progress

    def audit(self, gan: int, epoch: int) -> Audit:
        """Return the audit of a GAN-GAN of the run at an epoch."""
        lineage, options = self._lineage, self._options
        latents = lineage.sample_latents(options.drawn, options.seed)
        rivals_found = self._rivals(latents)
        sampler = GeneratorSampler(lineage, gan, epoch, latents)
        named = f"{lineage.top.manifest.id} {gan} {epoch}"
        found = self._measured(rivals.GANGAN, sampler, lineage.encoder is not None, named)
        condition = Condition.of(lineage.top)
        keys, usual = self._population.keys, self._usual
        audit = Audit(
            run=lineage.top.name,
            gan=gan,
            epoch=epoch,
            judge=self._reference.judge.id,
            options=options,
            gans=np.unique(keys[:, 0]).tolist(),
            epochs=np.unique(keys[:, 1]).tolist(),
            held_out=list(self._held_out.names) if self._held_out else [],
            usual=usual.distances,
            own=usual.own,
            usual_mixtures=usual.mixtures,
            samplers=[found, *rivals_found],
            walk=walk(
                lineage, self._population, self._quality, (gan, epoch), latents, found, options.points
            ),
            real=usual.real,
            mixed=usual.mixed,
            condition=condition.what if condition else "none",
            asked=_asked(condition, latents[: options.count]),
            asked_by=condition.judge if condition else "",
            asked_on=condition.images if condition else 0,
            aligned=self._aligned,
            doubt=self._reference.judge.weakness,
        )
        return concluded(audit)

    @cached_property
    def _data(self) -> BaselineData:
        home = self._population.home
        coordinates = home.coordinates if isinstance(home, PcaIndex) else None
        return baseline_data(self._lineage, coordinates=coordinates)

    @cached_property
    def _benchmark(self) -> SamplerBenchmark:
        steps = epoch_steps_by_tensor(self._population.view, self._population.keys)
        return SamplerBenchmark(self._population, self._quality, self._options, steps)

    @cached_property
    def _cache(self) -> ResultCache:
        """The cache of all that depends on the population and on the space of the components."""
        lineage, encoder = self._lineage, self._lineage.encoder
        linear = encoder.components if encoder else None
        return ResultCache(
            version=VERSION,
            parent=lineage.below.manifest.id,
            keys=digest(self._population.keys),
            held_out=self._held_out.identity if self._held_out else None,
            components=digest(linear.mean, linear.basis) if linear else None,
            aligned=lineage.top.manifest.config.get("align", "none"),
            judge=self._reference.judge.id,
            **{**asdict(self._options), "points": None},
        )

    @cached_property
    def _usual(self) -> Usual:
        return self._cache.result(Usual, {}, self._measure_usual)

    def _measure_usual(self) -> Usual:
        population, options = self._population, self._options
        self._on_progress("comparing the snapshots", 0, 1)
        images = quick_scores(self._reference.real(options.images, options.seed), self._reference)
        return Usual(
            population.usual,
            population.usual_mixtures,
            population.own_distances(),
            images.frechet,
            self._quality.of_mixture(self._data),
        )

    def _rivals(self, latents: Matrix) -> list[SamplerResult]:
        """Return the measurements of all other samplers; retrieval depends on the latents."""
        samplers: list[_Named] = [
            (id, sampler, id in rivals.DECODED, self._of(id))
            for id, sampler in baseline_samplers(self._data, self._options.seed).items()
        ]
        if self._held_out:
            random = np.random.default_rng((self._options.seed, 0))
            samplers.append(
                (rivals.TRAINED_ANEW, rivals.HeldOutSampler(self._held_out, random), False, "")
            )
        if found := rivals.retrieval(self._lineage, self._data, latents):
            samplers.append((rivals.RETRIEVAL, found, False, digest(found.asked)))
        for id, other in self._others.items():
            gan, epoch = resolve_snapshot(other.top, None, None)
            drawn = other.sample_latents(self._options.drawn, self._options.seed)
            generator = GeneratorSampler(other, gan, epoch, drawn)
            named = f"{other.top.manifest.id} {gan} {epoch}"
            samplers.append((id, generator, other.encoder is not None, named))
        self._quality.total = (len(samplers) + 3) * self._options.count + self._options.points
        return [self._measured(*one) for one in samplers]

    def _measured(self, id: str, sampler: WeightSampler, decoded: bool, of: str) -> SamplerResult:
        found = self._cache.result(
            SamplerResult,
            {"id": id, "of": of},
            lambda: self._benchmark.measure(id, sampler, decoded=decoded),
        )
        for how, frechet in found.nearest_frechet.items():
            self._quality.remember(how, found.keys[: self._options.count], frechet)
        return found

    def _of(self, id: str) -> str:
        """Return what a baseline depends on besides the population: the autoencoder, if it uses one."""
        encoder = self._lineage.encoder
        decoder = encoder.decoder if encoder else None
        return digest(*decoder.layers) if decoder and "autoencoder" in id else ""

    @cached_property
    def _aligned(self) -> AlignmentReport | None:
        lineage, keys = self._lineage, self._population.keys
        alignment = Alignment.of(lineage.top, lineage.below)
        if alignment.mode == "none" or len(np.unique(keys[:, 1])) == len(keys):
            return None
        return alignment_report(lineage.below, keys, alignment)


def concluded(audit: Audit) -> Audit:
    """Return the same audit with what its measurements say: novelty, and the claims."""
    audit = replace(audit, novelty=novelty(audit))
    return replace(audit, claims=claims(audit))


def _asked(condition: Condition | None, latents: Matrix) -> NDArray[np.float64] | None:
    return condition.decode(latents[:, -1].astype(np.float64)) if condition else None
