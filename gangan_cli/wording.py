"""Sizes, ages and durations as people read them."""

from datetime import UTC, datetime


def plain(text: str) -> str:
    """Return `text` with a question mark for each character that would do something to a terminal."""
    return "".join("?" if ord(c) < 32 or 127 <= ord(c) < 160 else c for c in text)


def size(count: float) -> str:
    """Return bytes as "12.3 MB"."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def age(created: str) -> str:
    """Return how long ago the ISO date `created` is, as "3 h"."""
    seconds: float = (datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds()
    return duration(seconds)


def duration(seconds: float) -> str:
    """Return a time in its largest unit, as "3 h"."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"
