"""Runs made without training, and what two runs have in common."""

from pathlib import Path

import numpy as np

from store import Layout, Manifest, Run


def small_manifest(**changes) -> Manifest:
    """A manifest of a run with a ten-number layout."""
    plain = {
        "id": "one",
        "family": "mlp",
        "hparams": {},
        "layout": Layout.of({"discriminator.w": (2, 3), "generator.b": (4,)}),
        "losses": ("g_loss", "d_loss"),
        "gans": 2,
        "epochs": 3,
        "snapshot_every": 1,
        "config": {"seed": 0},
        "created": "2026-01-01T00:00:00+00:00",
        "command": "gangan train-gans",
        "versions": {"gangan": "0"},
    }
    return Manifest(**{**plain, **changes})


def numbers(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def contents(path: Path) -> list[bytes]:
    """All snapshots and losses of a run, with their keys: two runs are equal if these are."""
    with Run.open(path) as run:
        matrix, keys = run.matrix()
        losses, of = run.losses()
        return [matrix.tobytes(), keys.tobytes(), losses.tobytes(), of.tobytes()]


def run_of(folder: Path, vectors: np.ndarray) -> Run:
    """A run of one GAN whose snapshots are `vectors` (n, P), open for reading."""
    layout = Layout.of({"discriminator.w": (vectors.shape[1],)})
    with Run.create(folder, small_manifest(layout=layout, gans=1, epochs=len(vectors))) as run:
        for epoch, vector in enumerate(vectors, start=1):
            run.commit(epoch, [0], np.zeros((1, 2, 2)), vector[None])
    return Run.open(folder)
