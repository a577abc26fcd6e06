"""What is written for letters that a stream's encoding lacks: ASCII that looks alike."""

import codecs
import unicodedata

ALIKE = "alike"
"""What a stream takes as its `errors`."""

LETTERS = dict(zip("×–…·±▁▂▃▄▅▆▇█▀─━│├└●▸›↑↓≤≥", 'x-.-~__..--=="--||`*>>^v<>', strict=True))
"""One letter for each, so that columns stay where they are."""


def register() -> None:
    """Make ALIKE known to Python."""
    codecs.register_error(ALIKE, alike)


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
    return (LETTERS.get(letter) or _plain(letter)).encode()


def _plain(letter: str) -> str:
    """Return a letter without its accent, or a question mark."""
    bare = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return bare[:1] or "?"
