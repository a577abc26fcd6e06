"""Measurements that further audits need again, kept in the user's cache folder: those of samplers over a
population do not depend on which GAN-GAN is audited."""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gangan_cli import caches
from gangan_cli.documents import from_document, to_document

T = TypeVar("T")


class ResultCache:
    """Results as JSON files, named by a hash of all that they depend on. If the folder cannot be
    written, nothing is kept."""

    def __init__(self, **of: Any) -> None:
        """`of` is what all results here depend on: plain values."""
        self._of = of

    def result(self, kind: type[T], of: Mapping[str, Any], compute: Callable[[], T]) -> T:
        """Return the result of a dataclass `kind` that depends on the plain values `of`: a kept one, or
        else a computed one, which is kept."""
        file = self._file({"kind": kind.__name__, **of})
        if file and (document := _read(file)) is not None:
            with contextlib.suppress(KeyError, TypeError, ValueError):
                return from_document(kind, document)
        found = compute()
        if file:
            _write(file, to_document(found))
        return found

    def _file(self, of: Mapping[str, Any]) -> Path | None:
        named = json.dumps({**self._of, **of}, sort_keys=True)
        try:
            return caches.folder("audits") / f"{hashlib.sha256(named.encode()).hexdigest()[:32]}.json"
        except caches.CacheUnwritable:
            return None


def digest(*arrays: NDArray[Any]) -> str:
    """Return a hash of arrays."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:32]


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError):
        return None


def _write(file: Path, document: Any) -> None:
    written = file.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        written.write_text(json.dumps(document))
        written.replace(file)
