"""Ranges of numbers as text: "0,3-7" or "50-"."""

from gangan_cli.errors import ConfigurationError


def parsed(text: str, what: str) -> list[tuple[int, int | None]]:
    """Return the first and last number of each range of `text`; None for a range without end.

    Raises:
        ConfigurationError: it cannot be read, or a range is empty; the message names the numbers `what`.
    """
    ranges: list[tuple[int, int | None]] = []
    for part in text.split(","):
        first, dash, end = part.strip().partition("-")
        try:
            low = int(first)
            high = (int(end) if end else None) if dash else low
        except ValueError:
            raise ConfigurationError(
                f"{what} {text!r}: give numbers and ranges, as in 0,3-7 or 50-"
            ) from None
        if high is not None and high < low:
            raise ConfigurationError(f"{what} {text!r}: the range {part} is empty")
        ranges.append((low, high))
    return ranges
