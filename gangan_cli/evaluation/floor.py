"""The scores of real images, which are those of a perfect GAN. They are computed once per judge, and
cached beside it."""

import contextlib
import json
import os
from dataclasses import asdict

from gangan_cli import caches
from gangan_cli.evaluation.judge import KIND
from gangan_cli.evaluation.quick import quick_scores
from gangan_cli.evaluation.reference import Reference
from gangan_cli.evaluation.scores import VERSION, from_quick, scored
from gangan_cli.records import Scored


def floor(reference: Reference, count: int, seed: int, quick: bool) -> Scored:
    """Return the scores of up to `count` real images that the judge did not learn from, beside the test
    images.

    "nearest" is that of the test images: the nearest training image of a training image is itself.
    """
    kind = "quick" if quick else "full"
    pixels = "" if quick or reference.train is not None else "-without-training-images"
    name = f"{reference.dataset}-{reference.judge.id}-{kind}-{count}-{seed}-{VERSION}{pixels}.json"
    # Not in the cache, or damaged.
    with contextlib.suppress(OSError, ValueError, TypeError, caches.CacheUnwritable):
        path = caches.folder(KIND) / name
        return Scored(**json.loads(path.read_text()))
    images = reference.real(count, seed)
    if quick:
        found = from_quick(quick_scores(images, reference))
    else:
        found = scored(images, reference, seed, near=reference.images.test)
    with contextlib.suppress(OSError, caches.CacheUnwritable):  # then it is computed again next time
        path = caches.folder(KIND) / name
        aside = path.with_suffix(f".{os.getpid()}")
        aside.write_text(json.dumps(asdict(found)))
        aside.replace(path)
    return found
