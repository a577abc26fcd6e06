"""gangan tui"""

import gc
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from gangan_cli import caches
from gangan_cli.cli import diagnostics, options, output
from gangan_cli.cli.configuration import gather
from gangan_cli.cli.options import setting
from gangan_cli.errors import ConfigurationError


@dataclass(frozen=True)
class TuiConfig:
    """Settings in the table [tui] of a configuration file.

    `confirm` is whether to ask before a training is interrupted.
    """

    store: Path = Path("gangan-runs")
    images: str = "auto"
    confirm: bool = True
    keys: dict = field(default_factory=dict)  # type: ignore[type-arg]


def tui(
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="Run to open.")] = None,
    store: options.Store = None,
    images: Annotated[
        str | None,
        setting(help="How to draw pictures: auto, sixel, kitty, half or ascii.", default="auto"),
    ] = None,
    once: Annotated[
        bool, setting("--once", help="Print the list of runs and end, in a terminal or not.")
    ] = False,
    config: options.Config = None,
) -> None:
    """Browse runs, watch their losses, scrub the latent axis with pictures.

    Press ? in it for its keys. A file given with --config may change them in its table [tui.keys];
    confirm = false in its table [tui] has i interrupt a training without asking.
    """
    given = {"store": store, "images": images}
    settings = TuiConfig(**gather("tui", given, config, [TuiConfig]))
    from gangan_cli.tui import terminal
    from gangan_cli.tui.run_index import RunIndex

    if settings.images not in terminal.IMAGES:
        raise ConfigurationError(f"images is {settings.images!r}: give {', '.join(terminal.IMAGES)}")
    feed = RunIndex(settings.store)
    if run is not None:
        # Report an unknown or unreadable run before the app starts.
        options.catalog(settings.store).open(run).close()
    if once:
        _print(feed)
        return
    feed.catalog.names()  # report a missing store now: the app would wait for it
    terminal.check()
    graphics = terminal.graphics(settings.images)
    try:
        caches.state()
    except caches.CacheUnwritable as error:
        diagnostics.warn(f"the last page is not remembered: {error}")
    # Garbage collection during imports takes a tenth of the time to the first screen; the app enables it
    # once that is drawn.
    gc.disable()
    # Textual draws at most this often a second, and changes wait for the next frame: at its default of
    # 60 they waited for 13 of the 33 ms of a scrubbing step.
    os.environ.setdefault("TEXTUAL_FPS", "240")
    from gangan_cli.tui import keys
    from gangan_cli.tui.app import GanganApp
    from gangan_cli.tui.session import Session

    app = GanganApp(
        feed,
        Session.recall(settings.store),
        graphics,
        run=run or "",
        rebound=keys.keymap(settings.keys),
        confirm=settings.confirm,
    )
    app.run()
    if app._exception is not None:
        raise app._exception
    if app.return_code:
        diagnostics.leave(app.return_code)


def _print(feed: Any) -> None:
    from gangan_cli import formatting
    from gangan_cli.tui import listing

    rows = listing.arrange(feed.scan(patience=60.0))
    for row in rows:
        if row.run.problem:
            diagnostics.warn(f"{row.run.name} cannot be read: {row.run.problem}")
    if not rows:
        diagnostics.say(f"the store {feed.root} is empty: gangan train-gans makes a run")
        return
    output.table(
        ["run", "state", "family", "on", "GANs × epochs", "losses", "size", "age"],
        [
            [
                row.branch + row.run.name,
                listing.standing(row.run),
                row.run.manifest.family if row.run.manifest else "",
                row.run.on,
                listing.population(row.run),
                listing.losses(row.run),
                formatting.size(row.run.size) if row.run.size else "",
                listing.age(row.run),
            ]
            for row in rows
        ],
        right=(4, 6, 7),
        less=(2, 6, 7, 5, 3),
    )
