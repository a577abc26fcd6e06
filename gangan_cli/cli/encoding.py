"""What is written for letters that a stream's encoding lacks: ASCII that looks alike."""

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
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="alike")


def alike(error: UnicodeError) -> tuple[bytes, int]:
    """Return what stands for the letters that could not be written, and where to go on. A byte of a name
    that is no letter stays that byte, so that a path can be used by who reads it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return b"".join(map(_bytes, letters)), error.end


def _bytes(letter: str) -> bytes:
    if 0xDC80 <= ord(letter) <= 0xDCFF:  # how Python holds such a byte ("surrogateescape")
        return bytes([ord(letter) - 0xDC00])
    return (ALIKE.get(letter) or _plain(letter)).encode()


def _plain(letter: str) -> str:
    """Return a letter without its accent, or a question mark."""
    bare = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return bare[:1] or "?"
