"""A slider over whole numbers. The mouse drags it; the keys that move it are the page's."""

from rich.text import Text
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class Slider(Widget):
    """A `place` from 0 to `steps`, drawn as a line with a knob."""

    place: reactive[int] = reactive(0)
    steps: reactive[int] = reactive(1)

    class Moved(Message):
        """The mouse moved the knob to `place`."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def render(self) -> Text:
        width = max(2, self.size.width)
        knob = round((width - 1) * self.place / max(1, self.steps))
        colour = self.app.theme_variables.get("primary", "")
        return Text.assemble(
            ("━" * knob, colour), ("●", f"bold {colour}"), ("─" * (width - 1 - knob), "dim")
        )

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Grab the knob, and move it to the mouse."""
        self.capture_mouse()
        self._move(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the knob if it is grabbed."""
        if self.app.mouse_captured is self:
            self._move(event.x)

    def on_mouse_up(self) -> None:
        self.release_mouse()

    def _move(self, x: int) -> None:
        place = round(self.steps * min(1.0, max(0.0, x / max(1, self.size.width - 1))))
        if place != self.place:
            self.place = place
            self.post_message(self.Moved(place))
