"""`make bench`: figures and ratios, taken in turn in one run.

python -m tests.bench [--json FILE] [NAME...]     all of them without a name

The digits are MNIST's where $GANGAN_DATA names its folder, else a package's 5,000, twelve times over.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import tui
from tests.bench.families import bench_families
from tests.bench.measure import Figure, surroundings, write_json
from tests.bench.snapshots import bench_read
from tests.bench.start import bench_start
from tests.bench.training import bench_cold, bench_gangan, bench_gans, bench_writing

BENCHES: dict[str, Callable[[], Iterator[Figure]]] = {
    "gans": bench_gans,
    "cold": bench_cold,
    "gangan": bench_gangan,
    "writing": bench_writing,
    "families": bench_families,
    "read": bench_read,
    "start": bench_start,
    "tui": tui.bench,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    given = parser.parse_args()
    if unknown := set(given.names) - set(BENCHES):
        parser.error(f"no bench {', '.join(unknown)}: choose from {', '.join(BENCHES)}")
    print(", ".join(f"{name} {value}" for name, value in surroundings().items()))
    figures = []
    for name in given.names or BENCHES:
        for figure in BENCHES[name]():
            print(figure, flush=True)
            figures.append(figure)
    if given.json:
        write_json(given.json, figures)
