"""The state of the TUI that is restored at its next start, per store: a small JSON file, harmless to
lose."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from gangan_cli import caches
from gangan_cli.caches import CacheUnwritable


@dataclass
class Session:
    """The page, the run and the settings of the view at the last exit."""

    screen: str = "runs"
    run: str = ""
    sort: str = "name"
    theme: str = "gangan-dark"
    preview: bool = False
    detail: bool = True

    @classmethod
    def recall(cls, store: Path) -> "Session":
        """Return the stored state for `store`; defaults for what is missing or invalid."""
        session = cls()
        known = _read().get(str(store.resolve()))
        if isinstance(known, dict):
            for field in fields(cls):
                if isinstance(known.get(field.name), type(field.default)):
                    setattr(session, field.name, known[field.name])
        return session

    def keep(self, store: Path) -> None:
        """Store this state for `store`; errors of the disk are ignored."""
        with contextlib.suppress(OSError, CacheUnwritable):
            path = _path()
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = path.with_suffix(f".{os.getpid()}")
            aside.write_text(json.dumps({**_read(), str(store.resolve()): asdict(self)}, indent=1))
            aside.replace(path)


def _path() -> Path:
    return caches.state() / "tui.json"


def _read() -> dict[str, object]:
    try:
        known = json.loads(_path().read_text())
    except (OSError, ValueError, CacheUnwritable):
        return {}
    return known if isinstance(known, dict) else {}
