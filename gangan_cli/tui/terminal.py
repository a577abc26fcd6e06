"""Checks of the terminal: whether the TUI can run in it, and which graphics it supports."""

import os
import re
import select
import shutil
import struct
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from gangan_cli.errors import ConfigurationError
from gangan_cli.tui import answers

Images = Literal["auto", "sixel", "kitty", "half", "ascii"]
IMAGES: tuple[Images, ...] = ("auto", "sixel", "kitty", "half", "ascii")

SMALLEST = (60, 15)
"""Smallest usable window: columns, lines."""

PATIENCE = 0.25
"""Seconds to wait for the terminal's answer; most answer at once, some never."""


@dataclass(frozen=True)
class Graphics:
    """How pictures are drawn: with sixel or kitty graphics once they no longer change, or only as text.
    `cell` is the size of a cell in pixels (width, height)."""

    images: Literal["sixel", "kitty", "half", "ascii"]
    cell: tuple[int, int] = (10, 20)


def check() -> None:
    """Check that the TUI can run in this terminal.

    Raises:
        ConfigurationError: there is no terminal, or it is too simple, not UTF-8, or too small.
    """
    # stderr too: Textual draws on it.
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise ConfigurationError(
            "gangan tui needs a terminal: over SSH use ssh -t, or see the runs with "
            "gangan tui --once or gangan runs list --json"
        )
    kind = os.environ.get("TERM", "")
    if kind in ("", "dumb", "unknown"):
        raise ConfigurationError(
            f"TERM is {kind!r}, a terminal that cannot place text: set TERM to what yours is "
            "(xterm-256color, tmux-256color …), or see the runs with gangan tui --once"
        )
    encoding = sys.stderr.encoding
    if not encoding.lower().startswith("utf"):
        raise ConfigurationError(
            f"text is written here as {encoding} (LC_ALL, LC_CTYPE, LANG or PYTHONIOENCODING say so), "
            "which lacks what the TUI draws with: set LC_ALL to a locale of UTF-8 (locale -a lists "
            "them), or see the runs with gangan tui --once"
        )
    columns, lines = shutil.get_terminal_size()
    if columns < SMALLEST[0] or lines < SMALLEST[1]:
        raise ConfigurationError(
            f"the window is {columns}×{lines}: gangan tui needs {SMALLEST[0]}×{SMALLEST[1]} or more; "
            "enlarge it, or see the runs with gangan tui --once"
        )


def graphics(images: Images) -> Graphics:
    """Return how to draw pictures; query the terminal unless `images` is one of the text modes.

    Must be called before the app starts, which then reads all of the terminal's input.
    """
    if images in ("half", "ascii"):
        return Graphics(images)
    answer = _ask(b"\x1b_Gi=4207,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[16t\x1b[c")
    cell = _cell_size()
    if found := re.search(rb"\x1b\[6;(\d+);(\d+)t", answer):
        cell = int(found[2]) or cell[0], int(found[1]) or cell[1]
    if images != "auto":
        return Graphics(images, cell)
    attributes = re.search(rb"\x1b\[\?([\d;]*)c", answer)
    # Sixel first: terminals with both often lack the Unicode placeholders that kitty graphics need.
    if attributes and b"4" in attributes[1].split(b";"):
        return Graphics("sixel", cell)
    if b"\x1b_Gi=4207;OK" in answer:
        return Graphics("kitty", cell)
    return Graphics("half")


def _cell_size() -> tuple[int, int]:
    """Return the width and height of a cell in pixels as the kernel reports it, else a VT340's."""
    import fcntl
    import termios

    with suppress(OSError):
        packed = fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, bytes(8))
        lines, columns, width, height = struct.unpack("HHHH", packed)
        if lines and columns and width and height:
            return width // columns, height // lines
    return 10, 20


def _ask(question: bytes) -> bytes:
    """Return the terminal's answer to `question`, as far as it comes in time.

    `question` must end with the request for device attributes, which every terminal answers: that
    answer ends the wait.
    """
    import termios
    import tty

    stdin = sys.stdin.fileno()
    before = termios.tcgetattr(stdin)
    answer = b""
    try:
        tty.setcbreak(stdin, termios.TCSANOW)
        os.write(sys.stdout.fileno(), question)
        asked = time.monotonic()
        while not re.search(rb"\x1b\[\?[\d;]*c", answer):
            # Wait longer for an answer that has begun: its rest alone would be taken for keys.
            begun = answers.INCOMPLETE.search(answer.decode("latin-1"))
            until = asked + (answers.PATIENCE if begun else PATIENCE)
            ready, _, _ = select.select([stdin], [], [], max(0, until - time.monotonic()))
            if not ready:
                break
            answer += os.read(stdin, 1024)
    finally:
        termios.tcsetattr(stdin, termios.TCSANOW, before)
    return answer
