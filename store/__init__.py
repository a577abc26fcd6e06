"""Snapshots on disk: runs of GANs in LMDB, readable with numpy alone.

from store import Run
with Run.open("gangan-runs/mlp") as run:
    weights = run.snapshot(gan=0, epoch=100)
    matrix, keys = run.matrix()
"""

from store.catalog import Catalog, check_name
from store.errors import StoreError
from store.layout import Layout
from store.manifest import Manifest, RunRef
from store.run import Run

__all__ = ["Catalog", "Layout", "Manifest", "Run", "RunRef", "StoreError", "check_name"]
