"""Dataclasses as documents of plain values, as strict JSON allows them, and back.

Arrays become lists, and NaN becomes None. Reading follows the type hints of the fields: a field that a
document lacks keeps its default, and one that the class does not have is ignored.
"""

import dataclasses
import math
import types
import typing
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")


def to_document(value: Any) -> Any:
    """Return a value as plain values. Arrays must not hold NaN."""
    if dataclasses.is_dataclass(value):
        return {f.name: to_document(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {name: to_document(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [to_document(part) for part in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def from_document(cls: type[T], document: Mapping[str, Any]) -> T:
    """Return the dataclass that `to_document` wrote.

    Raises:
        TypeError, ValueError: a field without a default is missing, or a value does not fit its field.
    """
    return cls(
        **{name: _read(hint, document[name]) for name, hint in _hints(cls).items() if name in document}  # type: ignore[arg-type]
    )


@cache
def _hints(cls: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def _read(hint: Any, value: Any) -> Any:
    """Return a plain value as one of the type `hint`."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):  # always with None here
        [hint] = [argument for argument in arguments if argument is not type(None)]
        return None if value is None else _read(hint, value)
    if value is None:
        return math.nan if hint is float else None
    if dataclasses.is_dataclass(hint):
        return from_document(hint, value)  # type: ignore[arg-type]
    if origin is np.ndarray:
        return np.array(value, typing.get_args(arguments[1])[0])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {name: _read(arguments[1], part) for name, part in value.items()}
    if isinstance(origin, type) and issubclass(origin, Sequence):
        if arguments[0] in (int, str):
            return list(value)
        return [_read(arguments[0], part) for part in value]
    return hint(value) if hint in (int, float) else value
