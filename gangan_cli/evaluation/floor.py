"""The scores of real images, which are those of a perfect GAN. They are computed once per judge and
cached; those of the judge that ships, for the default request, ship too."""

import contextlib
import hashlib
import json
import os
from collections.abc import Collection
from dataclasses import asdict, replace
from pathlib import Path

from gangan_cli import caches
from gangan_cli.documents import from_document
from gangan_cli.evaluation.judge import KIND
from gangan_cli.evaluation.measures import Sample, computable
from gangan_cli.evaluation.quick import quick_scores
from gangan_cli.evaluation.reference import Reference
from gangan_cli.evaluation.scores import from_quick, kept, merged, scored, without_training_images
from gangan_cli.evaluation.shipped import FOLDER
from gangan_cli.records import Scored


def floor(reference: Reference, count: int, seed: int, quick: bool) -> Scored:
    """Return the scores of up to `count` real images that the judge did not learn from, beside the test
    images.

    Nearest images are those of test images: the nearest training image of a training image is itself.
    """
    name, wanted = file_name(reference, count, seed, quick), computable(reference, quick=quick)
    found = kept(_read(FOLDER / file_name(replace(reference, rows=""), count, seed, quick)))
    if reference.rows:
        found = without_training_images(found)
    if not found.versions.keys() >= set(wanted):
        with contextlib.suppress(caches.CacheUnwritable):
            found = merged(found, kept(_read(caches.folder(KIND) / name)))
    if missing := [metric for metric in wanted if metric not in found.versions]:
        found = merged(found, compute(reference, count, seed, quick, missing))
        _write(found, name)
    return found


def _read(path: Path) -> Scored:
    """Return the scores in a file; none if it is missing or damaged."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        return from_document(Scored, json.loads(path.read_text()))
    return Scored({}, {}, [], [])


def _write(scores: Scored, name: str) -> None:
    """Keep scores in the cache; where it cannot be written they are computed again next time."""
    with contextlib.suppress(OSError, caches.CacheUnwritable):
        path = caches.folder(KIND) / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = path.with_suffix(f".{os.getpid()}")
        aside.write_text(json.dumps(asdict(scores)))
        aside.replace(path)


def file_name(reference: Reference, count: int, seed: int, quick: bool) -> str:
    """Return the name of the file with these scores."""
    kind, of = "quick" if quick else "full", reference.dataset
    if reference.rows:
        of += f"-{hashlib.sha256(reference.rows.encode()).hexdigest()[:12]}"
    return f"{of}-{reference.judge.id}-{kind}-{count}-{seed}.json"


def compute(
    reference: Reference, count: int, seed: int, quick: bool, metrics: Collection[str] | None = None
) -> Scored:
    """Return the scores that `floor` returns, computed anew; all of them, or those of `metrics`."""
    images = reference.real(count, seed)
    if quick:
        return from_quick(quick_scores(images, reference), reference)
    sample = Sample(images, reference, seed, labels=reference.real_labels(count, seed), real=True)
    return scored(sample, metrics)
