"""Where a run comes from: its id, date, command and versions."""

import platform
import shlex
import sys
import uuid
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gangan_cli import formatting
from gangan_cli.config import RunEnvironment


def provenance(environment: RunEnvironment | None = None) -> dict[str, Any]:
    """Return the manifest's provenance: id, date, command, versions, and `environment` (None for an
    import)."""
    return {
        "machine": {
            "data_dir": str(environment.data_dir.resolve()) if environment.data_dir else None,
            "device": environment.device,
            "workers": environment.workers,
            "compile": environment.compile,
            **({"ray": environment.ray} if environment.ray else {}),
            **({"force": True} if environment.force else {}),
        }
        if environment
        else {},
        "id": uuid.uuid4().hex,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": formatting.plain(shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])),
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("gangan", "torch", "numpy")},
        },
    }
