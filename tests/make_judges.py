"""Makes the judges that ship with the package: `make judges`.

The classifier learns from rows 0 to 44,999 of the training images. Of several seeds, the one that is
right on most of rows 45,000 to 49,999 is kept; test images are not looked at before that.
"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from gangan_cli.evaluation.classifiers import RECIPES, judged, train
from gangan_cli.evaluation.floor import compute, file_name
from gangan_cli.evaluation.judge import Judge, id_of, write
from gangan_cli.evaluation.reference import reference_of
from gangan_cli.evaluation.shipped import FOLDER, LEARNED, REAL, VALIDATION
from gangan_cli.images.loading import load_images


def main() -> None:
    """Make the judge of each dataset that is named, and its images."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", nargs="+", help="mnist, fashion-mnist or kmnist")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--floors", action="store_true", help="only the scores of real images")
    given = parser.parse_args()
    for dataset in given.datasets:
        if not given.floors:
            make(dataset, given.data_dir, given.seeds, given.out)
        for name in [dataset] + ["mnist5k"] * (dataset == "mnist"):
            make_floors(name, given.data_dir, given.out)


def make(dataset: str, data_dir: Path | None, seeds: int, out: Path) -> None:
    """Train classifiers, and write the best one and the images that scores need to the folder `out`."""
    images, test = load_images(dataset, data_dir), load_images(dataset, data_dir, "test")
    learned, validation = images.picked(np.arange(LEARNED)), images.picked(np.array(VALIDATION))
    found = []
    for seed in range(seeds):
        recipe = replace(RECIPES["standard"], seed=seed)
        classifier = train(learned.pixels, learned.labels, recipe, lambda *_: None)
        right = [
            float((judged(classifier, part.pixels)[1].argmax(axis=1) == part.labels).mean())
            for part in (validation, test)
        ]
        print(f"{dataset}, seed {seed}: {right[0]:.4f} of the validation images", flush=True)
        found.append((right[0], right[1], classifier))
    _, accuracy, classifier = max(found, key=lambda one: one[0])
    classifier.scale_features(test.pixels)
    print(f"{dataset}: {accuracy:.4f} of the test images; of all seeds {[one[1] for one in found]}")
    judge = Judge(id_of("standard", dataset, classifier), dataset, "standard", accuracy, classifier)
    out.mkdir(exist_ok=True)
    write(judge, out / f"{dataset}.safetensors")
    real = images.picked(np.array(REAL))
    np.savez_compressed(
        out / f"{dataset}.npz",
        test=test.pixels,
        test_labels=test.labels.astype(np.uint8),
        real=real.pixels,
        real_labels=real.labels.astype(np.uint8),
        validation=validation.pixels[:1000],
    )


def make_floors(dataset: str, data_dir: Path | None, out: Path) -> None:
    """Write the scores of real images for the default request, beside the judge of `dataset`."""
    reference = reference_of(dataset, data_dir, lambda *_: None)
    for quick in (False, True):
        found = compute(reference, 10_000, 0, quick)
        (out / file_name(reference, 10_000, 0, quick)).write_text(json.dumps(asdict(found)))


if __name__ == "__main__":
    main()
