"""The scores of real images, which are those of a perfect GAN. They are computed once per judge and
cached; those of the judge that ships, for the default request, ship too."""

import contextlib
import json
import os
from dataclasses import asdict

from gangan_cli import caches
from gangan_cli.evaluation.judge import KIND
from gangan_cli.evaluation.quick import quick_scores
from gangan_cli.evaluation.reference import Reference
from gangan_cli.evaluation.scores import VERSION, from_quick, scored
from gangan_cli.evaluation.shipped import FOLDER
from gangan_cli.records import Scored


def floor(reference: Reference, count: int, seed: int, quick: bool) -> Scored:
    """Return the scores of up to `count` real images that the judge did not learn from, beside the test
    images.

    "nearest" is that of the test images: the nearest training image of a training image is itself.
    """
    name = file_name(reference, count, seed, quick)
    with contextlib.suppress(OSError):
        return Scored(**json.loads((FOLDER / name).read_text()))
    # Not in the cache, or damaged.
    with contextlib.suppress(OSError, ValueError, TypeError, caches.CacheUnwritable):
        path = caches.folder(KIND) / name
        return Scored(**json.loads(path.read_text()))
    found = compute(reference, count, seed, quick)
    with contextlib.suppress(OSError, caches.CacheUnwritable):  # then it is computed again next time
        path = caches.folder(KIND) / name
        aside = path.with_suffix(f".{os.getpid()}")
        aside.write_text(json.dumps(asdict(found)))
        aside.replace(path)
    return found


def file_name(reference: Reference, count: int, seed: int, quick: bool) -> str:
    """Return the name of the file with these scores."""
    kind = "quick" if quick else "full"
    pixels = "" if quick or reference.train is not None else "-without-training-images"
    return f"{reference.dataset}-{reference.judge.id}-{kind}-{count}-{seed}-{VERSION}{pixels}.json"


def compute(reference: Reference, count: int, seed: int, quick: bool) -> Scored:
    """Return the scores that `floor` returns, computed anew."""
    images = reference.real(count, seed)
    if quick:
        return from_quick(quick_scores(images, reference))
    return scored(images, reference, seed, near=reference.images.test)
