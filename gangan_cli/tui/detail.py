"""The details on the runs page: of one run, or of several side by side."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gangan_cli import formatting
from gangan_cli.formatting import plain
from gangan_cli.images.numbers import are_numbers
from gangan_cli.tui import listing
from gangan_cli.tui.run_index import RunView
from gangan_cli.tui.scores import Summary

GANS_SHOWN = 40
"""Most rows of the per-GAN table; of more GANs, those around the chosen one are shown."""


def page(run: RunView, children: Sequence[str], gan: int) -> RenderableType:
    """Return state, manifest, scores, settings and a table of the GANs, with `gan` marked. `children`
    names the runs that were trained on this one."""
    title = Text(run.name, "bold")
    if run.manifest is None:
        return Group(title, Text(f"\n{run.problem}"))
    manifest, state = run.manifest, run.state
    initial = " and initial weights" if manifest.keeps_initial else ""
    facts = {
        "state": listing.standing(run),
        "trained by": str(state.holder) if state.holder and run.status == "training" else "",
        "diverged": ", ".join(f"GAN {one} in epoch {epoch}" for one, epoch in state.diverged.items()),
        "family": f"{manifest.family}, {manifest.layout.trainable.size:,} parameters",
        "trained on": run.on,
        "below it": ", ".join(children),
        "snapshots": f"{run.snapshots} of {manifest.planned_snapshots}{initial}, "
        f"{formatting.size(run.size)}",
        "created": f"{manifest.created[:16].replace('T', ' ')}, {listing.age(run)} ago",
        "versions": ", ".join(f"{name} {number}" for name, number in manifest.versions.items()),
        "command": manifest.command,
    }
    settings = {k: str(v) for k, v in manifest.config.items() if v not in ("", None)}
    return Group(
        title,
        _pairs(facts),
        *_quality(run),
        Text(),
        Text("settings", "bold"),
        _pairs(settings, 2),
        *_gans(run, gan),
    )


def comparison(runs: Sequence[RunView]) -> RenderableType:
    """Return a table with a column per run: the settings in which they differ, then state, dataset or
    parent, last losses and size."""
    table = Table.grid(padding=(0, 2))
    table.add_row("", *(Text(run.name, "bold") for run in runs))
    known = [dict(run.manifest.config) if run.manifest else {} for run in runs]
    differing = [
        name for name in dict.fromkeys(name for one in known for name in one)
        if len({str(one.get(name)) for one in known}) > 1
    ]  # fmt: skip
    for name in differing:
        table.add_row(
            Text(name.replace("_", "-"), "dim"), *(Text(plain(str(one.get(name, "–")))) for one in known)
        )
    rows = {
        "state": [listing.standing(run) for run in runs],
        "on": [run.on for run in runs],
        **{
            loss: [f"{run.losses[loss]:.3f}" if loss in run.losses else "–" for run in runs]
            for loss in dict.fromkeys(loss for run in runs for loss in run.losses)
        },
        "size": [formatting.size(run.size) for run in runs],
    }
    for name, values in rows.items():
        table.add_row(Text(name, "dim"), *map(Text, values))
    return Group(Text(f"{len(runs)} runs, what differs", "bold"), Text(), table)


def nothing_yet(store: Path) -> str:
    """Return the text for an empty store."""
    return (
        f"No runs in {store} yet. In another terminal:\n\n"
        "  gangan train-gans --run digits --dataset mnist5k --gans 4 --epochs 90\n\n"
        "It will appear here as soon as it begins."
    )


def _pairs(values: dict[str, str], indent: int = 0) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in values.items():
        if value:
            table.add_row(Text(" " * indent + name.replace("_", "-"), "dim"), Text(plain(value)))
    return table


def _quality(run: RunView) -> list[RenderableType]:
    """Return the scores at the last evaluated epoch, and the last audit of a GAN-GAN."""
    assert run.manifest is not None
    if run.scores is None or not run.snapshots:
        return []
    said: list[RenderableType] = [Text(), Text("scores", "bold")]
    if are_numbers(str((run.manifest.dataset or {}).get("name", ""))):
        return [*said, Text("  none: its GANs make numbers, not pictures")]
    if run.scores.problem:
        return [*said, Text(f"  {run.scores.problem}")]
    audited = run.manifest.parent is not None
    if run.scores.summary:
        said.append(_pairs(_summary(run.scores.summary), 2))
    elif not audited:
        said.append(Text(f"  not judged yet: gangan evaluate {run.name}"))
    if not audited:
        return said
    if run.scores.verdicts is None:
        return [*said, Text(f"  not judged yet: gangan audit {run.name}")]
    audit = run.scores.verdicts
    claims = Table.grid(padding=(0, 2, 0, 0))
    claims.add_column(no_wrap=True)
    claims.add_column(overflow="fold")
    for verdict, claim in audit.claims:
        claims.add_row(Text(f"  {verdict}"), Text(claim))
    return [*said, Text(f"  audit of GAN {audit.gan} at epoch {audit.epoch}", "dim"), claims]


def _summary(found: Summary) -> dict[str, str]:
    many = "GAN" if found.gans == 1 else "GANs"
    return {
        "of": f"{found.gans} {many}{' drawn' if found.drawn else ''} at epoch {found.epoch}",
        "Fréchet distance": f"median {found.median:.1f}, best {found.best:.1f}",
        "of real images": "" if found.real is None else f"{found.real:.1f}",
        "label entropy": f"median {found.entropy:.3f}",
        "judged on": f"{found.images:,} images each, by {found.judge}",
    }


def _gans(run: RunView, gan: int) -> list[RenderableType]:
    assert run.manifest is not None
    if not run.gans:
        return []
    table = Table.grid(padding=(0, 2, 0, 0))
    for heading in ("", "GAN", "epoch", *run.manifest.losses):
        table.add_column(heading, justify="right")
    table.add_row("", *(Text(name, "dim") for name in ("GAN", "epoch", *run.manifest.losses)))
    rows = list(run.gans.items())
    place = next((i for i, (one, _) in enumerate(rows) if one == gan), 0)
    first = max(0, min(place - GANS_SHOWN // 2, len(rows) - GANS_SHOWN))
    for one, (epoch, losses) in rows[first : first + GANS_SHOWN]:
        chosen = one == gan
        table.add_row(
            "▸" if chosen else "",
            *(
                Text(text, "bold" if chosen else "")
                for text in (str(one), str(epoch), *(f"{x:.3f}" for x in losses))
            ),
        )
    left = f" ({len(rows)})" if len(rows) > GANS_SHOWN else ""
    return [Text(), Text(f"GANs{left}", "bold"), table]
