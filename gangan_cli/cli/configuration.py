"""Where settings come from: typed flag > environment GANGAN_* > --config file > default.

Typer has put flags and environment together; what it leaves as None was given by neither.
"""

import dataclasses
import difflib
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gangan_cli import toml
from gangan_cli.errors import ConfigurationError
from gangan_cli.paths import expanded
from gangan_cli.settings import RENAMED


def gather(
    command: str,
    given: Mapping[str, Any],
    file: Path | None,
    classes: list[type],
    earlier: Mapping[str, type] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return the settings of `command`: what was `given`, then what the file's table says.

    `classes` are the dataclasses whose fields the settings are; defaults stay theirs to fill in.
    `earlier` settings, which these have no longer, may stand in the file too.

    Raises:
        ConfigurationError: the file cannot be read, or holds what is not a setting.
    """
    settings = _read(file, command, classes, earlier) if file else {}
    return {**settings, **{name: value for name, value in given.items() if value is not None}}


def fields_of(cls: type, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of `settings` that are fields of the dataclass `cls`."""
    names = {field.name for field in dataclasses.fields(cls)}
    return {name: value for name, value in settings.items() if name in names}


def as_toml(command: str, *configurations: Any) -> str:
    """Return resolved configurations as a table that --config reads back."""
    return toml.table(command, as_mapping(*configurations))


def as_mapping(*configurations: Any) -> dict[str, Any]:
    """Return resolved configurations as plain values by name."""
    merged: dict[str, Any] = {}
    for configuration in configurations:
        merged |= dataclasses.asdict(configuration)
    return {name: str(value) if isinstance(value, Path) else value for name, value in merged.items()}


def _read(file: Path, command: str, classes: list[type], earlier: Mapping[str, type]) -> dict[str, Any]:
    try:
        document = tomllib.loads(toml.decoded(file.read_bytes()))
    except OSError as error:
        raise ConfigurationError(f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"{file} is not TOML: {error}") from error
    table = document.get(command, {})
    everywhere = os.environ.get("GANGAN_CONFIG") == str(file)  # so it may be for other commands only
    if not isinstance(table, dict) or (not table and document and not everywhere):
        tables = ", ".join(f"[{name}]" for name in document)
        raise ConfigurationError(f"{file} has no table [{command}]: it has {tables}")
    known: dict[str, Any] = dict(earlier)
    for cls in classes:
        known |= typing.get_type_hints(cls)
    settings = {}
    for written, value in table.items():
        name = written.replace("-", "_")
        name = RENAMED.get(name, name)
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f": did you mean {near[0].replace('_', '-')}?" if near else ""
            raise ConfigurationError(f"{file}, [{command}]: no setting {written!r}{hint}")
        settings[name] = _fit(value, known[name], f"{file}, [{command}]: {written}")
    return settings


def _fit(value: Any, wanted: Any, where: str) -> Any:
    kinds = typing.get_args(wanted) if isinstance(wanted, types.UnionType) else (wanted,)
    for kind in kinds:
        if kind is Path and isinstance(value, str):
            return expanded(value)
        if kind is float and type(value) is int:
            return float(value)
        if type(value) is kind:
            return value
    names = " or ".join(kind.__name__ for kind in kinds if kind is not type(None))
    raise ConfigurationError(f"{where} is {value!r}: give a {names.replace('Path', 'path')}")
