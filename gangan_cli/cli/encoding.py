"""What is written where the locale is not UTF-8: letters that it lacks, as ASCII that looks alike."""

import codecs
import sys
import unicodedata
from io import TextIOWrapper

ALIKE = dict(zip("×–…·±▁▂▃▄▅▆▇█▀─━│├└●▸›↑↓≤≥", 'x-.-~__..--=="--||`*>>^v<>', strict=True))
"""One letter for each, so that columns stay where they are."""


def settle() -> None:
    """Have stdout and stderr write all text, whatever the locale or PYTHONIOENCODING makes of them."""
    codecs.register_error("alike", alike)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and not stream.encoding.lower().startswith("utf"):
            stream.reconfigure(errors="alike")


def alike(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for the letters that could not be written, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(ALIKE.get(letter) or _plain(letter) for letter in letters), error.end


def _plain(letter: str) -> str:
    """Return a letter without its accent, or a question mark."""
    bare = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return bare[:1] or "?"
