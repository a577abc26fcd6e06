"""Shared by all figures: style, ticks, saving, and the JSON file beside each that says what it shows."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, floor, log10
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from gangan_cli.documents import to_document
from gangan_cli.errors import WorkFailed
from store import Run

FORMATS = ("png", "pdf", "svg")

LOOK: dict[Any, Any] = {
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "figure.constrained_layout.use": True,
    "text.parse_math": False,  # names of runs may contain dollar signs
    "svg.hashsalt": "gangan",  # so that the same figure has the same bytes
    "pdf.fonttype": 42,
}

BLUE, VERMILLION, GREEN, PINK, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9"
LOSS_COLOURS = (BLUE, VERMILLION, GREEN, PINK, SKY)
"""Okabe and Ito's palette, which can be distinguished with any colour vision."""

DARK, GREY, FAINT = "#333333", "#767676", "#BFBFBF"
"""For text, and for marks in the background; GREY is still legible on white."""


@dataclass(frozen=True)
class Output:
    """Folder, formats and resolution of figures; `seed` is that of the noise in them."""

    folder: Path
    formats: Sequence[str]
    dpi: int
    seed: int


house_look = rc_context(LOOK)
"""Decorator for functions that draw: texts take their style from the settings when they are created."""


def new_figure(
    width: float,
    height: float,
    rows: int = 1,
    columns: int = 1,
    heights: Sequence[float] | None = None,
) -> tuple[Figure, Any]:
    """Return a figure of `width` by `height` inches in the common style, and its (rows, columns) array
    of axes; `heights` are the relative heights of the rows."""
    with rc_context(LOOK):
        figure = Figure(figsize=(width, height))
        return figure, figure.subplots(rows, columns, squeeze=False, height_ratios=heights)


STEPS: Sequence[Sequence[float]] = (
    (1,),
    (1, 3),
    (1, 2, 5),
    (1, 1.5, 2, 3, 4, 5, 7),
    *(np.arange(1, 10, size).round(2).tolist() for size in (0.5, 0.2, 0.1, 0.05, 0.02, 0.01)),
)
"""Sets of round numbers within one power of ten, from sparse to dense."""

ENOUGH = 4
"""Minimum number of ticks, for an axis to be readable."""


def plain_ticks(axis: Axis, lowest: float, highest: float) -> None:
    """Set a few round ticks on a logarithmic axis, with labels that are not powers of ten."""
    powers = range(floor(log10(lowest)), ceil(log10(highest)) + 1)
    ticks: list[float] = []
    for steps in STEPS:
        ticks = [step * 10.0**power for power in powers for step in steps]
        ticks = [tick for tick in ticks if lowest <= tick <= highest]
        if len(ticks) >= ENOUGH:
            break
    axis.set_ticks(ticks)
    axis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axis.set_minor_formatter(NullFormatter())


def whole_ticks(axis: Axis) -> None:
    """Set ticks at whole numbers only."""
    axis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 2.5, 5, 10], integer=True, min_n_ticks=1))


def save(figure: Figure, name: str, run: Run, output: Output, **facts: Any) -> list[Path]:
    """Write a figure of a run in all formats of `output`, and its JSON; return the paths of the images.

    Raises:
        WorkFailed: the folder cannot be written.
    """
    with _writable(output):
        paths = _written(figure, name, run.name, output)
        describe(name, run, output, paths, **facts)
    return paths


def save_study(figure: Figure, name: str, study: str, found: Any, output: Output) -> list[Path]:
    """Write a figure of a study likewise; its JSON has the study's result `found`, a dataclass.

    Raises:
        WorkFailed: the folder cannot be written.
    """
    return save_apart(figure, name, STUDIES, output, study=study, result=to_document(found))


def save_apart(figure: Figure, name: str, folder: str, output: Output, **facts: Any) -> list[Path]:
    """Write a figure that is of no run likewise, into a folder beside those of runs.

    Raises:
        WorkFailed: the folder cannot be written.
    """
    with _writable(output):
        paths = _written(figure, name, folder, output)
        _describe(name, folder, output, paths, facts)
    return paths


STUDIES = "studies"
"""The folder of the figures of studies."""


@contextmanager
def _writable(output: Output) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WorkFailed(f"cannot write figures to {output.folder}: {error.strerror}") from error


def _written(figure: Figure, name: str, folder: str, output: Output) -> list[Path]:
    paths = [output.folder / folder / f"{name}.{form}" for form in output.formats]
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    with rc_context(LOOK):
        for path in paths:
            metadata = (
                {}
                if path.suffix == ".png"
                else {"Date" if path.suffix == ".svg" else "CreationDate": None}
            )
            figure.savefig(path, dpi=output.dpi, metadata=metadata)
    return paths


def describe(name: str, run: Run, output: Output, files: Sequence[Path], **facts: Any) -> None:
    """Write the JSON beside a figure: its run, family, seed, versions, command, and other `facts`."""
    manifest = run.manifest
    of_run = {
        "run": run.name,
        "id": manifest.id,
        "family": manifest.family,
        "parent": manifest.parent.name if manifest.parent else None,
        "seed": output.seed,
        "versions": dict(manifest.versions),
        "command": manifest.command,
    }
    _describe(name, run.name, output, files, of_run | facts)


def _describe(
    name: str, folder: str, output: Output, files: Sequence[Path], facts: Mapping[str, Any]
) -> None:
    document = {
        "figure": name,
        "files": [path.name for path in files],
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        **{key: _plain(value) for key, value in facts.items()},
    }
    path = output.folder / folder / f"{name}.json"
    path.write_text(json.dumps(document, indent=2) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    return value
