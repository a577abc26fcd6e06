"""gangan runs merge"""

from typing import Annotated

import typer

from gangan_cli.cli import diagnostics, options, output, progress_bars


def merge(
    runs: Annotated[list[str], typer.Argument(metavar="RUN", help="Two or more runs.")],
    into: Annotated[str, typer.Option("--into", help="Name of the new run.")],
    store: options.Store = None,
    force: options.Force = None,
    json: options.Json = False,
) -> None:
    """Make one population of runs that were trained apart, with other seeds.

    The runs stay as they are. They must have the same settings, but for --gans and --seed.
    """
    from gangan_cli.interchange.merging import merge

    catalog = options.catalog(store, force)
    with progress_bars.steps(f"merging into {into}") as on_progress:
        merged = merge(catalog, runs, into, bool(force), on_progress)
    with merged:
        document = {
            "run": into,
            "gans": merged.manifest.gans,
            "snapshots": len(merged.keys()),
            "state": merged.state().status,
            "path": str(merged.path),
        }
    if json:
        output.document(document)
    else:
        diagnostics.say(
            f"{into}: {document['gans']} GANs, {document['snapshots']} snapshots ({document['state']})"
        )
