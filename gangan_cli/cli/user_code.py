"""Functions of the user's own files, named as FILE.py:NAME: they are run as they are."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.paths import expanded


def function_of(named: str, option: str) -> Callable[..., Any]:
    """Return the function that FILE.py:NAME names, after running the file. It can import what lies
    beside it. `option` is for messages.

    Raises:
        ConfigurationError: there is no such file, or no such function in it.
        WorkFailed: the file raises an error.
    """
    file, colon, name = named.rpartition(":")
    path = expanded(Path(file))
    if not colon or not name.isidentifier() or path.suffix != ".py":
        raise ConfigurationError(f"{option} is {named!r}: give it as FILE.py:FUNCTION")
    if not path.is_file():
        raise ConfigurationError(f"{option}: there is no file {path}")
    spec = importlib.util.spec_from_file_location(f"_user_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # as dataclasses and pickles in it need
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise WorkFailed(f"{option}: {path} failed: {said(error)}") from error
    finally:
        sys.path.pop(0)
    found = getattr(module, name, None)
    if not callable(found):
        raise ConfigurationError(f"{option}: {path} has no function {name}")
    function: Callable[..., Any] = found
    return function


def said(error: Exception) -> str:
    """Return an error as one line: its type, and what it says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
