"""Writes settings as a table of a TOML file, which --config reads."""

import codecs
import json
from collections.abc import Mapping
from typing import Any


def table(name: str, settings: Mapping[str, Any]) -> str:
    """Return settings as the table `name`, without those that are None. Bytes of a path that are not
    UTF-8 are surrogate escapes, as in Python's str.
    """
    lines = [f"[{name}]"]
    for setting, value in settings.items():
        if value is not None:
            written = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
            lines.append(f"{setting.replace('_', '-')} = {written}")
    return "\n".join(lines)


def decoded(content: bytes) -> str:
    """Return the text of a file, without a byte order mark. Bytes that are not UTF-8 become surrogate
    escapes, since they are part of paths.

    Raises:
        ValueError: it is UTF-16 or UTF-32.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content:
        raise ValueError("it is written as UTF-16, or is not text: save it as UTF-8")
    return content.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
