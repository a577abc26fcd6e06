"""An app that runs without a terminal, seen as text: what tests/tui/terminal.py is to a real one."""

import html
import re
from collections import defaultdict
from collections.abc import Callable

from tests.tui.waiting import until

PIECE = re.compile(r'<text class="[^"]*" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>')

WIDTH = 12.2
"""Of a cell, in the picture."""


class Screen:
    """The screen of an app that `pilot` drives."""

    def __init__(self, pilot) -> None:
        self._pilot = pilot

    def __str__(self) -> str:
        lines: dict[float, str] = defaultdict(str)
        for x, y, text in PIECE.findall(self._pilot.app.export_screenshot(simplify=True)):
            before = lines[float(y)].ljust(round(float(x) / WIDTH))  # blanks may be left out
            lines[float(y)] = before + html.unescape(text).replace("\N{NO-BREAK SPACE}", " ")
        return "\n".join(lines[y].rstrip() for y in sorted(lines))

    async def keys(self, *names: str) -> None:
        """Press keys, each by Textual's name."""
        await self._pilot.press(*names)

    async def type(self, text: str) -> None:
        """Type text."""
        await self._pilot.press(*({" ": "space"}.get(letter, letter) for letter in text))

    async def wait_for(self, *wanted: str | Callable[[str], object]) -> str:
        """Return the screen once it shows all texts, and all functions of it are true."""

        def reached() -> bool:
            screen = str(self)
            return all(one in screen if isinstance(one, str) else one(screen) for one in wanted)

        try:
            await until(self._pilot, reached)
        except AssertionError:
            raise AssertionError(f"{wanted} never came on the screen:\n{self}") from None
        return str(self)
