"""Texts for people: sizes, ages, durations, and names with unusual bytes."""

from datetime import UTC, datetime


def plain(text: str, keep: str = "") -> str:
    """Return `text` as it can be shown anywhere: \\xNN for each byte of a name that is not UTF-8, and a
    question mark for each character that does something to a terminal, unless it is one of `keep`."""
    return text if text.isascii() and text.isprintable() else "".join(_plain(c, keep) for c in text)


def _plain(character: str, keep: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python holds such a byte ("surrogateescape")
        return f"\\x{code - 0xDC00:02x}"
    controls = code < 32 or 127 <= code < 160 or 0xD800 <= code <= 0xDFFF
    return "?" if controls and character not in keep else character


def size(count: float) -> str:
    """Return a number of bytes as in "12.3 MB"."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def age(created: str) -> str:
    """Return the time since the ISO date `created`, as in "3 h"."""
    seconds: float = (datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds()
    return duration(seconds)


def duration(seconds: float) -> str:
    """Return a duration in its largest unit, as in "3 h"."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"
