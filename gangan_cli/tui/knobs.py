"""What of a GAN's noise can be chosen, as the latent page's slider goes along it. Plain values only."""

from dataclasses import dataclass

from gangan_cli.errors import ConfigurationError
from gangan_cli.models.latent_codes import Categorical, LatentCode

STEPS = 40
"""Places of the slider along a code, from -1 to 1."""


@dataclass(frozen=True)
class Knob:
    """A class or a code, at a value, or as the noise has it (None): of classes each in turn."""

    code: LatentCode
    value: float | None = None

    @property
    def steps(self) -> int:
        """The last place of the slider; at the first the noise decides."""
        return self.code.count if isinstance(self.code, Categorical) else STEPS + 1

    @property
    def place(self) -> int:
        """Where the slider is."""
        if self.value is None:
            return 0
        if isinstance(self.code, Categorical):
            return int(self.value) + 1
        return round((self.value + 1) / 2 * STEPS) + 1

    def at(self, place: int) -> "Knob":
        """Return it at a place of the slider, or at its end."""
        place = min(max(place, 0), self.steps) - 1
        if place < 0:
            return Knob(self.code)
        if isinstance(self.code, Categorical):
            return Knob(self.code, place)
        return Knob(self.code, round(2 * place / STEPS - 1, 9))

    def typed(self, number: float, text: str) -> "Knob":
        """Return it at a number that was typed, as `text`.

        Raises:
            ConfigurationError: it is no value of the code.
        """
        if isinstance(self.code, Categorical):
            if number not in range(self.code.count):
                last = self.code.count - 1
                raise ConfigurationError(f"{text}: {self.code.name} goes from 0 to {last}")
        elif not abs(number) <= 1:
            raise ConfigurationError(f"{text}: {self.code.name} goes from -1 to 1")
        return Knob(self.code, number)

    def reading(self) -> str:
        """Return where it is, in words."""
        if isinstance(self.code, Categorical):
            return "each in turn" if self.value is None else f"{self.value:g}"
        return "as drawn" if self.value is None else f"{self.value:+.2f}"
