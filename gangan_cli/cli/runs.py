"""gangan runs: list, show, remove, export, import; the others are in best_snapshots.py and
verify_repair.py"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gangan_cli import formatting
from gangan_cli.cli import (
    best_snapshots,
    diagnostics,
    merge,
    options,
    output,
    progress_bars,
    verify_repair,
)
from gangan_cli.errors import ConfigurationError

app = typer.Typer(help="Look at runs, and move them in and out of the store.", no_args_is_help=True)


@app.command("list")
def list_runs(store: options.Store = None, json: options.Json = False) -> None:
    """List the runs of the store."""
    from gangan_cli.summaries.summary import summary
    from store import StoreError

    catalog = options.catalog(store)
    found = []
    for name in catalog.names():
        try:
            with catalog.open(name) as run:
                found.append(summary(run))
        except StoreError as error:
            diagnostics.warn(f"{name} cannot be read: {error}")
    if json:
        output.document(found)
    elif not found:
        diagnostics.say(f"the store {catalog.root} is empty: gangan train-gans makes a run")
    else:
        output.table(
            ["run", "state", "family", "on", "GANs × epochs", "snapshots", "size", "age"],
            [
                [
                    run["name"],
                    run["state"],
                    run["family"],
                    run["parent"] or run["dataset"] or "",
                    f"{run['gans']} × {run['epochs']}",
                    _of(run["snapshots"], run["planned_snapshots"]),
                    formatting.size(run["size_bytes"]),
                    formatting.age(run["created"]),
                ]
                for run in found
            ],
            right=(4, 5, 6, 7),
            less=(2, 6, 7, 5, 3),
        )


@app.command()
def show(run: options.RunName, store: options.Store = None, json: options.Json = False) -> None:
    """Show all that is known of a run."""
    from gangan_cli.summaries.losses import title
    from gangan_cli.summaries.summary import details

    catalog = options.catalog(store)
    with catalog.open(run) as opened:
        known = details(opened, catalog)
    if json:
        output.document(known)
        return
    losses = ", ".join(f"{name} {value:.3f}" for name, value in known["last_losses"].items() if value)
    diverged = ", ".join(f"GAN {gan} in epoch {epoch}" for gan, epoch in known["diverged"].items())
    shown = {
        "run": known["name"],
        "state": known["state"] + (f" ({diverged})" if diverged else ""),
        "family": f"{known['family']}, {known['parameters']:,} parameters",
        "trained on": known["parent"] or known["dataset"],
        "GANs × epochs": f"{known['gans']} × {known['epochs']}",
        "snapshots": _of(known["snapshots"], known["planned_snapshots"]),
        "size": formatting.size(known["size_bytes"]),
        "last losses": losses,
        "over training": ", ".join(
            f"{title(name)} {'rises' if rho > 0 else 'falls'} ({rho:+.2f})"
            for name, rho in known["loss_trends"].items()
        ),
        "GAN-GANs over it": ", ".join(known["children"]),
        "created": f"{known['created']} ({formatting.age(known['created'])} ago)",
        "command": known["command"],
        "configuration": ", ".join(
            f"{k.replace('_', '-')}={v}" for k, v in known["config"].items() if v != ""
        ),
        "execution": ", ".join(f"{k}={v}" for k, v in known["execution"].items()),
        "versions": ", ".join(f"{package} {number}" for package, number in known["versions"].items()),
        "path": known["path"],
    }
    output.pairs({name: str(value) for name, value in shown.items() if value})


@app.command()
def remove(
    run: options.RunName,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    store: options.Store = None,
    json: options.Json = False,
) -> None:
    """Delete a run and all its snapshots."""
    from store.errors import Damaged, StoreError

    catalog = options.catalog(store)
    path = catalog.known(run)
    try:
        size = sum(file.lstat().st_size for file in path.iterdir())
    except OSError as error:
        raise StoreError(f"{path} cannot be looked into: {error.strerror}") from error
    try:
        with catalog.open(run) as opened:
            count, children = len(opened.keys()), catalog.children(opened)
        what = f"{count} snapshots"
    except Damaged as error:
        diagnostics.warn(str(error))
        count, children, what = None, [], "what is left of it"
    if children:
        diagnostics.warn(
            f"{', '.join(children)} was trained on {run} and will no longer decode to images"
        )
    if not yes:
        if not sys.stdin.isatty():
            raise ConfigurationError("there is no terminal to ask: give --yes to remove without asking")
        question = f"Remove {run}: {what}, {formatting.size(size)}?"
        if not typer.confirm(question, err=True):
            diagnostics.say("nothing was removed")
            diagnostics.leave(diagnostics.FAILED)
    leads_to = path.resolve() if path.is_symlink() else None
    catalog.remove(run)
    if json:
        output.document({"removed": run, "snapshots": count, "size_bytes": size})
    elif leads_to:
        diagnostics.say(f"removed the link {run}; the run that it leads to is still in {leads_to}")
    else:
        diagnostics.say(f"removed {run}: {what}, {formatting.size(size)}")


app.command()(verify_repair.verify)
app.command()(verify_repair.repair)


app.command()(best_snapshots.best)


app.command()(merge.merge)


@app.command("export")
def export_(
    run: options.RunName,
    out: Annotated[Path, typer.Argument(help="A new folder.", callback=options.path_given)],
    format: Annotated[str, typer.Option(help="safetensors or npz.")] = "safetensors",
    gans: Annotated[str, typer.Option(help="Which GANs, as in 0,3-7.", show_default="all")] = "",
    epochs: Annotated[str, typer.Option(help="Which epochs, as in 50-.", show_default="all")] = "",
    best: Annotated[
        bool, typer.Option("--best", help="The best of these snapshots only, as runs best finds them.")
    ] = False,
    by: Annotated[
        str | None, options.setting(help=f"With --best: {best_snapshots.BY}", default="frechet")
    ] = None,
    top: Annotated[
        int | None, options.setting(help="With --best: how many.", default="1", min=1)
    ] = None,
    seed: Annotated[
        int | None, options.setting(help="With --best: seed of the noise.", default="0", min=0)
    ] = None,
    dataset: Annotated[
        str | None,
        options.setting(help="With --best: reference dataset.", default="the one they were trained on"),
    ] = None,
    store: options.Store = None,
    data_dir: options.DataDir = None,
    json: options.Json = False,
) -> None:
    """Write a run as files: a state dict per snapshot, losses, manifest."""
    from gangan_cli.interchange.export import export_run

    only = None
    if best:
        catalog = options.catalog_with(run, store)
        found = best_snapshots.find(
            catalog, run, by or "frechet", top or 1, gans, epochs, seed or 0, dataset or "", data_dir
        )
        only = [(one.gan, one.epoch) for one in found]
    else:
        given = {"by": by, "top": top, "seed": seed, "dataset": dataset}
        if unused := next((name for name, value in given.items() if value is not None), None):
            raise ConfigurationError(f"--{unused} says how the best are found: give --best too")
    with (
        options.catalog(store).open(run) as opened,
        progress_bars.steps(f"exporting {run}") as on_progress,
    ):
        count, size = export_run(opened, out, format, on_progress, gans, epochs, only)
    if json:
        output.document({"run": run, "path": str(out), "snapshots": count, "size_bytes": size})
    else:
        snapshots = "1 snapshot" if count == 1 else f"{count} snapshots"
        diagnostics.say(f"wrote {snapshots} of {run} to {out} ({formatting.size(size)})")


@app.command("import")
def import_(
    source: Annotated[
        Path,
        typer.Argument(
            help="An export, or a folder with GAN/model_EPOCH.pt.", callback=options.path_given
        ),
    ],
    name: Annotated[str, typer.Option("--as", help="Name of the new run.")],
    store: options.Store = None,
    force: options.Force = None,
    json: options.Json = False,
) -> None:
    """Make a run of files: an export, or state dicts as the paper's authors published them."""
    from gangan_cli.interchange.importing import import_run

    catalog = options.catalog(store, force)
    with progress_bars.steps(f"importing {name}") as on_progress:
        import_run(catalog, source, name, on_progress)
    with catalog.open(name) as run:
        count = len(run.keys())
    if json:
        output.document({"run": name, "snapshots": count, "path": str(catalog.path(name))})
    else:
        diagnostics.say(f"run {name} has {count} snapshots from {source}")


def _of(count: int, planned: int) -> str:
    return str(count) if count == planned else f"{count} of {planned}"
