"""gangan runs verify, gangan runs repair"""

import dataclasses
from typing import Annotated

import typer

from gangan_cli.cli import diagnostics, options, output, progress_bars


def verify(
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="RUN", help="Names of runs.", show_default="all")
    ] = None,
    store: options.Store = None,
    json: options.Json = False,
) -> None:
    """Look at every byte of runs, and name what is not as it was written."""
    from gangan_cli.summaries.verification import sentences, verified
    from store.verify import UNOPENED

    catalog = options.catalog(store)
    names, failures = [], diagnostics.RunFailures(several=not runs)
    for name in runs or catalog.names():
        with failures.guard(name):
            catalog.known(name)
            names.append(name)
    with progress_bars.bars() as on_progress:
        found = list(verified(catalog.root, names, on_progress))
    if json:
        output.document([dataclasses.asdict(result) for result in found])
    else:
        columns = ["run", "values", "bad", "missing"]
        rows = []
        for result in found:
            missing = sum(finding.missing for finding in result.findings)
            counts = [result.values, len(result.findings) - missing, missing]
            rows.append([result.run, *(f"{count:,}" for count in counts)])
        output.table(columns, rows, right=(1, 2, 3))
    bad = [result for result in found if result.findings]
    for result in bad:
        for sentence in sentences(result.run, result.findings):
            diagnostics.say(f"error: {sentence}")
        if any(finding.what == UNOPENED for finding in result.findings):
            continue
        gaps = any(finding.what != "result" for finding in result.findings)
        diagnostics.say(
            f"gangan runs repair {result.run} drops damaged values" + "; training fills the gaps" * gaps
        )
    if bad:
        diagnostics.leave(diagnostics.STORE)
    failures.exit_with_worst()


def repair(
    run: options.RunName,
    store: options.Store = None,
    force: options.Force = None,
    json: options.Json = False,
) -> None:
    """Drop what is bad from a run, for training to fill the gaps; save what a broken file holds."""
    from gangan_cli.summaries.verification import sentences
    from store.repair import repair

    catalog = options.catalog(store, force)
    catalog.check_local()
    done = repair(catalog.known(run))
    with catalog.open(run) as opened:
        state, manifest = opened.state().status, opened.manifest
    if json:
        output.document({"run": run, "state": state, **dataclasses.asdict(done)})
    for sentence in sentences(run, done.findings):
        diagnostics.say(sentence)
    bad = [finding for finding in done.findings if not finding.missing]
    deeds = ["rebuilt the file"] * done.rebuilt + ["dropped damaged values"] * bool(bad)
    diagnostics.say(
        f"{run}: {' and '.join(deeds) or 'no damage found'}; "
        f"{done.snapshots} of {manifest.planned_snapshots} snapshots are there"
    )
    if state == "interrupted":
        if "imported" in manifest.config:
            diagnostics.say("it was imported: what is missing has to be imported again")
        else:
            diagnostics.say(f"to train what is missing:\n  {manifest.command}")
