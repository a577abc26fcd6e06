"""3,500 snapshots of 113,745 weights: as a run, and as a file each."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from store import Run
from tests.bench.measure import Figure, in_turn, ratios, say
from tests.runs import small_manifest

GANS, EPOCHS = 35, 100


@contextmanager
def snapshots() -> Iterator[tuple[Path, Path]]:
    """Give a store with the run "gans", and a folder with its snapshots as state dicts."""
    import torch

    from gangan_cli.models.family import layout
    from gangan_cli.models.registry import build

    form = layout(build("mlp", {}))
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        store, files = Path(folder) / "store", Path(folder) / "files"
        files.mkdir()
        say("writing 3,500 snapshots twice, 3.2 GB …")
        manifest = small_manifest(layout=form, gans=GANS, epochs=EPOCHS)
        with Run.create(store / "gans", manifest) as run:
            for epoch in range(1, EPOCHS + 1):
                vectors = 0.1 * random.standard_normal((GANS, form.size), np.float32)
                run.commit(epoch, range(GANS), np.ones((GANS, 2, 2)), vectors)
                for gan, vector in enumerate(vectors):
                    state = {n: torch.from_numpy(part.copy()) for n, part in form.split(vector).items()}
                    torch.save(state, files / f"{gan:02}-{epoch:03}.pt")
            run.release("complete")
        yield store, files


def bench_read(rounds: int = 3) -> Iterator[Figure]:
    """Bringing 3,500 snapshots into one matrix, against torch.load of as many files."""
    import torch

    # The matrix is there already: a virtual machine that has to get 1.6 GB from its host first takes
    # up to two seconds for that alone, which says nothing of either way.
    matrix = np.ones((GANS * EPOCHS, 113_745), np.float32)
    with snapshots() as (store, files):

        def ours() -> float:
            began = time.perf_counter()
            with Run.open(store / "gans") as run:
                run.read_into(run.keys(), matrix)
            return time.perf_counter() - began

        def theirs() -> float:
            began = time.perf_counter()
            for row, file in zip(matrix, sorted(files.glob("*.pt")), strict=True):
                row[:] = torch.cat([part.flatten() for part in torch.load(file).values()])
            return time.perf_counter() - began

        loaded, read = in_turn(rounds, theirs, ours)
        yield Figure("3,500 snapshots into a matrix: torch.load", "s", loaded)
        yield Figure("3,500 snapshots into a matrix: gangan", "s", read)
        yield Figure("3,500 snapshots: torch.load / gangan", "×", ratios(loaded, read), "≥ 10, aim 25")
