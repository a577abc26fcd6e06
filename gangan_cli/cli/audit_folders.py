"""gangan audit --training DIR --generated DIR: networks of any kind, from folders of state dicts."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from gangan_cli.cli import diagnostics, output, progress_bars
from gangan_cli.cli.options import path_given, setting
from gangan_cli.cli.user_code import function_of, said
from gangan_cli.errors import ConfigurationError, WorkFailed

if TYPE_CHECKING:
    from torch import nn

    from gangan_cli.audit.network_records import NetworkAudit, NetworkRow
    from gangan_cli.audit.networks import Score as ScoreOfVector
    from gangan_cli.interchange.state_dicts import NetworkSet
    from gangan_cli.metrics.statistics import Interval
    from gangan_cli.weightspace.snapshots import Matrix
    from store import Layout

NAMED = 20
"""Most networks named on the screen; --json has all."""

Training = Annotated[
    Path | None,
    setting(
        help="Instead of a run: a folder of state dicts, the training networks. A file (safetensors, "
        "npz, or of torch.save) is a network, or a sub-folder with a file for each epoch.",
        callback=path_given,
    ),
]
Generated = Annotated[
    Path | None, setting(help="A folder of the networks to audit.", callback=path_given)
]
HeldOut = Annotated[
    Path | None,
    setting(
        help="A folder of networks trained like the training ones, which the generator was not shown.",
        callback=path_given,
    ),
]
Arch = Annotated[
    str,
    setting(
        help="FILE.py:FUNCTION returns a network as an nn.Module, for copies to be found whatever the "
        "order of their hidden units. It is your code, and is run.",
    ),
]
Score = Annotated[
    str,
    setting(
        help="FILE.py:FUNCTION takes a state dict and returns a number: how good a network is, in your "
        "words. It is your code, and is run.",
    ),
]


def audit_folders(
    training: Path | None,
    generated: Path | None,
    held_out: Path | None,
    arch: str,
    score: str,
    seed: int,
    json: bool,
) -> None:
    """Audit the networks of the folder `generated`, beside those of `training` and of `held_out`, if
    given.

    `arch` and `score` are functions of the user's, FILE.py:NAME, or empty: one that returns a network as
    an nn.Module, and one that takes a state dict and returns a number. They are run.

    Raises:
        ConfigurationError, WorkFailed: folders, files or functions are not what they should be.
    """
    if training is None or generated is None:
        raise ConfigurationError("name a run, or give both --training and --generated")
    from gangan_cli.audit.networks import audit_networks
    from gangan_cli.documents import to_document
    from gangan_cli.interchange.state_dicts import read_networks
    from gangan_cli.threads import stay_within_limits
    from gangan_cli.weightspace.plain_stacks import find_hidden_units

    stay_within_limits()
    network = _built(arch) if arch else None
    layout = None if network is None else _layout_of(network)
    function = function_of(score, "--score") if score else None
    with (
        diagnostics.interruptible("audits of folders are not kept"),
        progress_bars.bars() as on_progress,
    ):
        known = read_networks(training, layout, f"{arch}()", on_progress)
        of = f"{arch}()" if arch else known.files[0]
        made = read_networks(generated, known.layout, of, on_progress)
        held = read_networks(held_out, known.layout, of, on_progress) if held_out else None
        units = None if network is None else find_hidden_units(network, known.layout)
        scored = None if function is None else _score(function, known)
        if scored is not None:
            scored(known.vectors[0], known.files[0])  # what fails, fails at once
        found = audit_networks(known, made, held, units, scored, seed, on_progress)
    if json:
        output.document(to_document(found))
    else:
        _show(found)


def _built(arch: str) -> "nn.Module":
    from torch import nn

    build = function_of(arch, "--arch")
    try:
        network = build()
    except Exception as error:
        raise WorkFailed(f"--arch: {arch}() failed: {said(error)}") from error
    if not isinstance(network, nn.Module):
        raise ConfigurationError(
            f"--arch: {arch}() returned an object of type {type(network).__name__}, not an nn.Module"
        )
    return network


def _layout_of(network: "nn.Module") -> "Layout":
    from store import Layout

    state = network.state_dict()
    return Layout.of({name: t.shape for name, t in state.items() if t.is_floating_point()})


def _score(function: "Callable[..., object]", like: "NetworkSet") -> "ScoreOfVector":
    """Return the user's function as one of weight vectors. Counters, which these lack, are those of the
    first training network."""
    import torch

    from gangan_cli.interchange.state_dicts import read_everything

    first = read_everything(like.folder / like.files[0])
    counters = {name: tensor for name, tensor in first.items() if not tensor.is_floating_point()}

    def score(vector: "Matrix", name: str) -> float:
        tensors = {
            key: torch.from_numpy(array.copy()) for key, array in like.layout.split(vector).items()
        }
        state = {key: tensors.get(key, counters.get(key)) for key in first}
        try:
            value = float(function(state))  # type: ignore[arg-type]
        except Exception as error:
            raise WorkFailed(f"--score failed on {name}: {said(error)}") from error
        if not math.isfinite(value):
            raise WorkFailed(f"--score is {value} for {name}: return a finite number")
        return value

    return score


def _show(audit: "NetworkAudit") -> None:
    from gangan_cli.audit.network_records import VERDICTS

    row = audit.generated
    output.text(f"{VERDICTS[row.verdict or 'undecided']}: {row.why}")
    same = [other.label for other in audit.rows if other.verdict == row.verdict and other is not row]
    output.text(
        f"the same verdict: {'; '.join(same)}"
        if same
        else "no trivial way to make networks gets this verdict"
    )
    for note in audit.notes:
        output.text(f"note: {note}")
    output.text("")
    columns, rows = _table(audit)
    output.table(columns, rows, right=range(1, len(columns) - 1))
    output.text(_legend(audit))
    if row.suspects:
        output.text("")
        output.table(
            ["named", "is a", "of", "distance", "chance"],
            [
                [
                    one.file,
                    one.kind,
                    " and ".join(one.of),
                    f"{one.distance:.2f}",
                    f"{max(one.chance, 1e-6):.1g}",
                ]
                for one in row.suspects[:NAMED]
            ],
            right=(3, 4),
        )
        if len(row.suspects) > NAMED:
            output.text(f"and {len(row.suspects) - NAMED} others: --json names all")


def _table(audit: "NetworkAudit") -> tuple[list[str], list[list[str]]]:
    """Return the columns and rows of all sets; columns that no row has are left out."""
    columns = ["networks", "n", "distance", "Z_U [95%]", "if new", "if copies", "plain Z_U (floor)"]
    columns += ["near", "mixtures", "spread", "score [95%]", "verdict"]
    rows = [_line(row) for row in audit.rows]
    used = [place for place in range(len(columns)) if any(row[place] != "–" for row in rows)]
    return [columns[place] for place in used], [[row[place] for place in used] for row in rows]


def _line(row: "NetworkRow") -> list[str]:
    from gangan_cli.audit.network_records import VERDICTS

    near, scores = row.nearness, row.scores
    mixed = min((one.residual for one in row.mixing), default=None)
    return [
        row.label,
        str(row.count),
        "–" if near is None else f"{near.distance:.2f}",
        "–" if near is None else _interval(near.z_u, 1),
        "–" if near is None else f"{near.z_u_low:.1f} to {near.z_u_high:.1f}",
        "–" if near is None else f"{near.z_u_floor:.1f}",
        "–" if near is None else f"{near.plain_z_u:.1f} ({near.plain_z_u_floor:.1f})",
        "–" if near is None else f"{near.copies.estimate:.0%}",
        "–" if mixed is None else f"{mixed:.2f}",
        "–" if row.dispersion is None else f"{row.dispersion.estimate:.2f}",
        "–" if scores is None else _interval(scores.median, 3),
        "–" if row.verdict is None else VERDICTS[row.verdict],
    ]


def _interval(of: "Interval", digits: int) -> str:
    return f"{of.estimate:.{digits}f} [{of.low:.{digits}f}, {of.high:.{digits}f}]"


def _legend(audit: "NetworkAudit") -> str:
    units = sum(audit.units.values())
    layers = f"{len(audit.units)} layer" + "s" * (len(audit.units) > 1)
    matched = f"after {units:,} hidden units of {layers} were matched" if units else "as they are"
    if audit.scaled:
        matched += ", and their scales balanced"
    lines = [
        f"\n{audit.training} training networks ({audit.training_files} files) of {audit.parameters:,} "
        f"numbers, {audit.held_out} held out; weights are compared {matched}",
        "spread: mean distance of two, over that of two training networks",
    ]
    if audit.held_out_distance is not None:
        lines += [
            "distance: median distance to the nearest training network, over that of held-out ones "
            f"({audit.held_out_distance:.3g})",
            "Z_U (Meehan et al. 2020) within tenths of training: what new networks have in 95 of 100 "
            "cases, and what copies have; plain: of all files, as published figures are",
            "near: share nearer than the nearest 1 % of held-out ones",
            "mixtures: median distance to the nearest mixture of 2, 4 or 8 training networks, over that "
            "of held-out ones",
        ]
    if any(row.scores for row in audit.rows):
        lines.append("score: median of what --score returns, as it is: more may be better, or worse")
    return "\n".join(lines)
