"""Summaries of a run, for a line of a list or for a page; they read the store only."""

from typing import Any

from gangan_cli.summaries.losses import LossHistory
from store import Catalog, Run


def summary(run: Run) -> dict[str, Any]:
    """Return what a list of runs shows of a run: plain values by name."""
    manifest, progress = run.manifest, run.progress()
    return {
        "name": run.name,
        "state": progress.state.status,
        "family": manifest.family,
        "dataset": (manifest.dataset or {}).get("name"),
        "parent": manifest.parent.name if manifest.parent else None,
        "gans": manifest.gans,
        "epochs": manifest.epochs,
        "parameters": manifest.layout.trainable.size,
        "snapshots": progress.snapshots,
        "planned_snapshots": manifest.planned_snapshots,
        "size_bytes": run.size_bytes,
        "created": manifest.created,
    }


def details(run: Run, catalog: Catalog) -> dict[str, Any]:
    """Return everything known of a run except its snapshots: plain values by name."""
    manifest, progress = run.manifest, run.progress()
    state, medians = progress.state, progress.medians()
    return {
        **summary(run),
        "id": manifest.id,
        "format": manifest.format,
        "sizes": dict(manifest.hparams),
        "last_losses": {
            name: medians[column] if medians else None for column, name in enumerate(manifest.losses)
        },
        "loss_trends": LossHistory.read(run).trends(),
        "diverged": {str(gan): epoch for gan, epoch in state.diverged.items()},
        "trained_by": {"host": state.holder.host, "pid": state.holder.pid}
        if state.holder and state.status == "training"
        else None,
        "children": catalog.children(run),
        "config": dict(manifest.config),
        "execution": dict(state.execution),
        "command": manifest.command,
        "versions": dict(manifest.versions),
        "path": str(run.path),
    }
