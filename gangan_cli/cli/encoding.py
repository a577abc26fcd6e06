"""An error handler for output streams: characters that the encoding lacks become similar ASCII."""

import codecs
import unicodedata

ASCII_FALLBACK = "alike"
"""Name of the error handler, for the argument `errors` of a stream."""

LETTERS = dict(zip("×–…·±▁▂▃▄▅▆▇█▀─━│├└●▸›↑↓≤≥", 'x-.-~__..--=="--||`*>>^v<>', strict=True))
"""One character for each, so that columns stay aligned."""


def register() -> None:
    """Register the error handler ALIKE."""
    codecs.register_error(ASCII_FALLBACK, ascii_fallback)


def ascii_fallback(error: UnicodeError) -> tuple[bytes, int]:
    """Return the replacement of the characters that cannot be encoded, and the index after them. Bytes
    of a path that are not UTF-8 are written unchanged, so that the reader can use the path."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return b"".join(map(_bytes, letters)), error.end


def _bytes(letter: str) -> bytes:
    if 0xDC80 <= ord(letter) <= 0xDCFF:  # a byte that is not UTF-8 ("surrogateescape")
        return bytes([ord(letter) - 0xDC00])
    return (LETTERS.get(letter) or _plain(letter)).encode()


def _plain(letter: str) -> str:
    """Return a letter without its accent, or a question mark."""
    bare = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return bare[:1] or "?"
