"""Parts of a GAN's noise with a meaning (classes, codes), as the latent page's slider sets them. Plain
values only."""

from dataclasses import dataclass

from gangan_cli.errors import ConfigurationError
from gangan_cli.models.latent_codes import Categorical, LatentCode

STEPS = 40
"""Steps of the slider along a continuous code, from -1 to 1."""


@dataclass(frozen=True)
class CodeSlider:
    """A class or a continuous code, and its value. With None the noise decides: a code is as drawn, and
    the classes take turns from picture to picture."""

    code: LatentCode
    value: float | None = None

    @property
    def steps(self) -> int:
        """The last place of the slider. At the first, 0, the noise decides."""
        return self.code.count if isinstance(self.code, Categorical) else STEPS + 1

    @property
    def place(self) -> int:
        """The slider's place."""
        if self.value is None:
            return 0
        if isinstance(self.code, Categorical):
            return int(self.value) + 1
        return round((self.value + 1) / 2 * STEPS) + 1

    def at(self, place: int) -> "CodeSlider":
        """Return the knob at `place` of the slider, clipped to its ends."""
        place = min(max(place, 0), self.steps) - 1
        if place < 0:
            return CodeSlider(self.code)
        if isinstance(self.code, Categorical):
            return CodeSlider(self.code, place)
        return CodeSlider(self.code, round(2 * place / STEPS - 1, 9))

    def typed(self, number: float, text: str) -> "CodeSlider":
        """Return the knob at a typed `number`; `text` is what was typed.

        Raises:
            ConfigurationError: the code has no such value.
        """
        if isinstance(self.code, Categorical):
            if number not in range(self.code.count):
                last = self.code.count - 1
                raise ConfigurationError(f"{text}: {self.code.name} goes from 0 to {last}")
        elif not abs(number) <= 1:
            raise ConfigurationError(f"{text}: {self.code.name} goes from -1 to 1")
        return CodeSlider(self.code, number)

    def reading(self) -> str:
        """Return the value as text."""
        if isinstance(self.code, Categorical):
            return "each in turn" if self.value is None else f"{self.value:g}"
        return "as drawn" if self.value is None else f"{self.value:+.2f}"
