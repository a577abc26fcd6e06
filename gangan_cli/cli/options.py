"""The options of commands: those of settings are made from config.py, the others are defined here
once."""

import dataclasses
import inspect
import typing
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from gangan_cli.config import GanGanConfig, RunEnvironment
from gangan_cli.errors import ConfigurationError
from gangan_cli.paths import expanded
from gangan_cli.presets import PRESETS

if TYPE_CHECKING:
    from store import Catalog

Command = TypeVar("Command", bound=Callable[..., None])


def setting(*names: str, default: str | None = None, help: str = "", **more: Any) -> Any:
    """Return an option whose help shows `default`.

    The function's own default is None, which tells "not given" from any value. Help shows an
    environment variable only if several commands share it; the others follow from the command's name.
    """
    shown = f"{help} [default: {default}]".lstrip() if default else help
    return typer.Option(*names, help=shown, show_envvar="envvar" in more, **more)


def path_given(path: Path | None) -> Path | None:
    """Expand `~`, which shells leave alone after `=`: every path of the command line passes here."""
    return path and expanded(path)


def of_settings(*configurations: type) -> Callable[[Command], Command]:
    """Give a command an option for each setting of the dataclasses `configurations`, before its own.

    The command takes them as `**given`, None for those that were not given. One that may be repeated has
    the name of its option, so that its environment variable has it too.
    """

    def decorate(command: Command) -> Command:
        made = (
            _parameter(configuration, field)
            for configuration in configurations
            for field in dataclasses.fields(configuration)
            if field.metadata.get("option", True)
        )
        parameters = {parameter.name: parameter for parameter in made}
        for own in inspect.signature(command, eval_str=True).parameters.values():
            if own.kind is not inspect.Parameter.VAR_KEYWORD:
                parameters[own.name] = own.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        # Typer reads the signature and the annotations.
        command.__signature__ = inspect.Signature(list(parameters.values()))  # type: ignore[attr-defined]
        command.__annotations__ = {name: one.annotation for name, one in parameters.items()}
        return command

    return decorate


def _parameter(configuration: type, field: "dataclasses.Field[Any]") -> inspect.Parameter:
    repeated = "metavar" in field.metadata
    kind: Any = list[str] if repeated else typing.get_type_hints(configuration)[field.name]
    annotation: Any = Annotated[kind | None, option(configuration, field.name)]
    name = field.metadata["names"][0].strip("-").replace("-", "_") if repeated else field.name
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def option(configuration: type, name: str) -> Any:
    """Return the option for the setting `name` of a dataclass."""
    [field] = [one for one in dataclasses.fields(configuration) if one.name == name]
    about, more = field.metadata, dict[str, Any]()
    if "metavar" in about:
        more["metavar"] = about["metavar"]
    if "environment" in about:
        more["envvar"] = about["environment"]
    if field.type in (Path, Path | None):
        more["callback"] = path_given
    names = about.get("names", ())
    return setting(*names, help=about["help"], default=_default(configuration, field), **more)


def _default(configuration: type, field: "dataclasses.Field[Any]") -> str | None:
    """Return the default in words, and those of presets where they differ."""
    about = field.metadata
    absent = field.default is dataclasses.MISSING or field.default is False or field.default == ""
    if absent and "shown" not in about:
        return None
    default = about.get("shown") or _written(field.default)
    if "also" in about:
        return f"{default}, {about['also']}"
    by_value: dict[str, list[str]] = {}
    if configuration is GanGanConfig:
        for preset, changes in PRESETS.items():
            # `released` is `paper` but for what is its own.
            same = preset == "released" and changes.get(field.name) == PRESETS["paper"].get(field.name)
            if field.name in changes and not same:
                by_value.setdefault(_written(changes[field.name]), []).append(preset)
    others = [f"{', '.join(presets)}: {value}" for value, presets in by_value.items()]
    return "; ".join([default, ", ".join(others)] if others else [default])


def _written(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


Store = Annotated[Path | None, option(RunEnvironment, "store")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="Name of a run.")]
RunOrImages = Annotated[
    str, typer.Argument(metavar="RUN|images:PATH", help="Name of a run, or a path of images.")
]
Json = Annotated[bool, setting("--json", help="Write JSON to stdout.")]

DataDir = Annotated[Path | None, option(RunEnvironment, "data_dir")]
Force = Annotated[bool | None, option(RunEnvironment, "force")]
Config = Annotated[
    Path | None,
    setting(
        envvar="GANGAN_CONFIG",
        help="TOML file with a table named after the command.",
        callback=path_given,
    ),
]
DryRun = Annotated[
    bool,
    setting("--dry-run", help="Print the resolved configuration as TOML, and train nothing."),
]

FigureFolder = Annotated[Path, setting("--out", help="Folder to write figures to.", callback=path_given)]
FigureFormat = Annotated[str, setting("--format", help="png, pdf, svg, or several: png,pdf.")]
FigureDpi = Annotated[int, setting("--dpi", min=30, max=1200)]


def figure_formats(given: str) -> list[str]:
    """Return the formats of figures that an option FigureFormat names.

    Raises:
        ConfigurationError: there is no such format.
    """
    from gangan_cli.figures.style import FORMATS

    wanted = [form.strip().lower() for form in given.split(",")]
    if unknown := [form for form in wanted if form not in FORMATS]:
        raise ConfigurationError(f"no format {unknown[0]!r}: choose from {', '.join(FORMATS)}")
    return wanted


def catalog(store: Path | None, force: bool | None = None) -> "Catalog":
    """Return the catalog of the given store, or of the default one."""
    from store import Catalog

    return Catalog(store or RunEnvironment.store, force=bool(force))


def catalog_with(run: str, store: Path | None, force: bool | None = None) -> "Catalog":
    """Return the same, after checking that `run` can be read: so a wrong name is reported at once, and
    not after the seconds that it takes to import what works on runs.

    Raises:
        StoreError: it is not there, or cannot be read.
    """
    found = catalog(store, force)
    found.open(run).close()
    return found
