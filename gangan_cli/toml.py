"""Settings as a table of a TOML file that --config reads back."""

import json
from collections.abc import Mapping
from typing import Any


def table(name: str, settings: Mapping[str, Any]) -> str:
    """Return plain settings as the table `name`; what is None is left out."""
    lines = [f"[{name}]"]
    for setting, value in settings.items():
        if value is not None:
            lines.append(f"{setting.replace('_', '-')} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines)
