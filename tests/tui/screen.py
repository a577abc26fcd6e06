"""An app that runs without a terminal, seen as text: what tests/tui/terminal.py is to a real one."""

from collections.abc import Callable
from unittest.mock import patch

from rich.console import Console

from tests.tui.waiting import until


class Screen:
    """The screen of an app that `pilot` drives."""

    def __init__(self, pilot) -> None:
        self._pilot = pilot

    def __str__(self) -> str:
        # As text, where Textual would make a picture of it, which takes a tenth of a second.
        with patch.object(Console, "export_svg", lambda console, **_: console.export_text()):
            text = self._pilot.app.export_screenshot(simplify=True)
        return "\n".join(line.rstrip() for line in text.splitlines())

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
