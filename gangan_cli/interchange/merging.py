"""Merges runs that were trained apart, from other seeds or on other machines, into one population."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError
from gangan_cli.models.family import resume_size
from gangan_cli.models.registry import build
from gangan_cli.progress import StepCallback
from gangan_cli.provenance import provenance
from store import Catalog, Manifest, Run, RunRef, keys
from store.filesystem import check_room, run_size
from store.keys import Pair
from store.manifest import Origin
from store.state import State, Status
from store.values import KINDS

MAY_DIFFER = {"run", "gans", "seed"}
"""Settings in which runs may differ that are merged."""

SAME = ("family", "hparams", "layout", "losses", "epochs", "snapshot_every", "keeps_initial")
"""What of their manifests must be equal."""


def merge(
    catalog: Catalog, names: Sequence[str], into: str, force: bool, on_progress: StepCallback
) -> Run:
    """Copy the GANs of the runs `names` into a new run, numbered on from run to run, and return it.

    It is resumed like any other: with the settings of the first run, all the GANs, and the first run's
    seed; each GAN goes on with the random numbers that it began with. Scores are not copied. `force`
    leaves unchecked whether the disk has room.

    Raises:
        ConfigurationError: fewer than two runs, or they differ in more than their seeds, or a GAN is in
            two of them, or they are GAN-GANs.
        RunExists, InUse, StoreError: the new run cannot be made, or one of the runs is being trained.
    """
    if len(set(names)) < 2 or len(set(names)) < len(names):
        raise ConfigurationError("give two or more different runs to merge")
    with ExitStack() as opened:
        runs = [opened.enter_context(catalog.open(name)) for name in names]
        for run in runs:
            run.check_free()
        manifest = _manifest(runs)
        if not force:
            check_room(
                catalog.path(into),
                run_size(manifest, resume_size(build(manifest.family, manifest.hparams))),
            )
        held = [run.index() for run in runs]
        step = on_progress(sum(len(pairs) for index in held for pairs in index.values()))
        with catalog.adding(into) as aside, Run.create(aside, manifest) as merged:
            merged.restore(_values(runs, held, step), _state(runs))
    return catalog.open(into)


def _manifest(runs: Sequence[Run]) -> Manifest:
    """Return the manifest of the merged run, if the runs can be merged."""
    first, *others = (run.manifest for run in runs)
    if first.parent is not None:
        raise ConfigurationError(f"{runs[0].name} is a run of GAN-GANs: only runs on images are merged")
    for run, other in zip(runs[1:], others, strict=True):
        differs = [name for name in SAME if getattr(other, name) != getattr(first, name)]
        own, theirs = dict(first.config), dict(other.config)
        settings = (own.keys() | theirs.keys()) - MAY_DIFFER
        differs += sorted(name for name in settings if own.get(name) != theirs.get(name))
        if (first.dataset or {}).get("sha256") != (other.dataset or {}).get("sha256"):
            differs.append("images")
        if differs:
            what = ", ".join(dict.fromkeys(differs)).replace("_", "-")
            raise ConfigurationError(f"{run.name} and {runs[0].name} differ in {what}: not merged")
    origins = [origin for run in runs for origin in _origins(run.manifest)]
    for (seed, gan), count in Counter(origins).items():
        if count > 1:
            raise ConfigurationError(
                f"GAN {gan} of seed {seed} is in two of the runs: train them with different --seed"
            )
    return replace(
        first,
        gans=len(origins),
        gan_origins=tuple(origins),
        config={**first.config, "gans": len(origins)},
        origin=Origin("merged", tuple(RunRef(run.name, run.manifest.id) for run in runs)),
        **provenance(),
    )


def _origins(manifest: Manifest) -> list[tuple[int, int]]:
    seed = int(manifest.config.get("seed", 0))
    return list(manifest.gan_origins) or [(seed, gan) for gan in range(manifest.gans)]


def _values(
    runs: Sequence[Run], held: Sequence[Mapping[str, set[Pair]]], step: Callable[[], None]
) -> Iterator[tuple[tuple[bytes, bytes], NDArray[Any]]]:
    """Yield all values that the runs hold by kind, with the keys that they have in the merged run."""
    before = 0
    for run, index in zip(runs, held, strict=True):
        for what, pairs in index.items():
            for gan, epoch in sorted(pairs):
                yield (KINDS[what], keys.pack(before + gan, epoch)), run.value(what, gan, epoch)
                step()
        before += run.manifest.gans


def _state(runs: Sequence[Run]) -> State:
    """Return the merged run's state: complete if all runs are."""
    diverged: dict[int, int] = {}
    before = 0
    for run in runs:
        diverged |= {before + gan: epoch for gan, epoch in run.state().diverged.items()}
        before += run.manifest.gans
    ended = all(run.state().status in ("complete", "diverged") for run in runs)
    status: Status = "interrupted" if not ended else "diverged" if diverged else "complete"
    return State(status, diverged=diverged, execution=runs[0].state().execution)
