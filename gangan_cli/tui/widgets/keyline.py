"""The line of keys at the bottom. A click on the word beside a key has the effect of the key.

Not Textual's Footer: its widgets, one per key, took 50 ms of a start of 0.8 s.
"""

from collections.abc import Iterable

from rich.style import Style
from rich.text import Text
from textual.widgets import Static


class KeyLine(Static):
    """Shows keys and their effects, as many as fit: (key, word, action)."""

    def __init__(self, keys: Iterable[tuple[str, str, str]], id: str | None = None) -> None:
        super().__init__(id=id)
        self._keys = list(keys)

    def render(self) -> Text:
        """Return the line in the theme's colours."""
        colour = self.app.theme_variables.get("accent", "")
        text = Text(no_wrap=True, overflow="ellipsis")
        for key, word, action in self._keys:
            click = Style(meta={"@click": action})
            text.append(f" {key}", f"bold {colour}").append(f" {word} ", click)
        return text
