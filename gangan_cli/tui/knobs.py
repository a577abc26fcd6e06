"""What of a GAN's noise can be chosen, as the latent page's slider goes along it. Plain values only."""

from dataclasses import dataclass

from gangan_cli.errors import ConfigurationError
from gangan_cli.models.controls import Choice, Control

STEPS = 40
"""Places of the slider along a code, from -1 to 1."""


@dataclass(frozen=True)
class Knob:
    """A class or a code, at a value, or as the noise has it (None): of classes each in turn."""

    control: Control
    value: float | None = None

    @property
    def steps(self) -> int:
        """The last place of the slider; at the first the noise decides."""
        return self.control.count if isinstance(self.control, Choice) else STEPS + 1

    @property
    def place(self) -> int:
        """Where the slider is."""
        if self.value is None:
            return 0
        if isinstance(self.control, Choice):
            return int(self.value) + 1
        return round((self.value + 1) / 2 * STEPS) + 1

    def at(self, place: int) -> "Knob":
        """Return it at a place of the slider, or at its end."""
        place = min(max(place, 0), self.steps) - 1
        if place < 0:
            return Knob(self.control)
        if isinstance(self.control, Choice):
            return Knob(self.control, place)
        return Knob(self.control, round(2 * place / STEPS - 1, 9))

    def typed(self, number: float, text: str) -> "Knob":
        """Return it at a number that was typed, as `text`.

        Raises:
            ConfigurationError: it is no value of the control.
        """
        if isinstance(self.control, Choice):
            if number not in range(self.control.count):
                last = self.control.count - 1
                raise ConfigurationError(f"{text}: {self.control.name} goes from 0 to {last}")
        elif not abs(number) <= 1:
            raise ConfigurationError(f"{text}: {self.control.name} goes from -1 to 1")
        return Knob(self.control, number)

    def reading(self) -> str:
        """Return where it is, in words."""
        if isinstance(self.control, Choice):
            return "each in turn" if self.value is None else f"{self.value:g}"
        return "as drawn" if self.value is None else f"{self.value:+.2f}"
