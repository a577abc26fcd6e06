"""The position of the latent page: a latent and an axis through it, or an epoch of a GAN.

Plain values and arithmetic; the page draws them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from gangan_cli.errors import ConfigurationError
from gangan_cli.models.latent_codes import latent_codes_of
from gangan_cli.tui.code_sliders import CodeSlider
from gangan_cli.tui.listing import along
from gangan_cli.tui.run_index import RunView
from gangan_cli.weightspace.conditions import Condition

STEP = 0.05
"""Step of the slider along a latent, in standard deviations."""

REACH = 3.0
"""The slider goes from -REACH to REACH; 99.7 % of a normal distribution lie within."""


@dataclass(frozen=True)
class Scrub:
    """A position. With `by_epoch`, as always for a run on images, the slider selects an epoch of `gan`.

    Otherwise it moves a latent along an axis: the point is origin + value · direction, with `origin` and
    `direction` (L,). `dimension` is the index of the axis, None for a random direction. A GAN-GAN with a
    condition has it in `condition`; the last of the L numbers is then the condition, scaled to [-1, 1].
    `noise` is the seed of the pictures' noise.
    """

    gan: int
    epoch: int
    gans: tuple[int, ...]
    epochs: tuple[int, ...]
    origin: tuple[float, ...] = ()
    direction: tuple[float, ...] = ()
    dimension: int | None = 0
    value: float = 0.0
    by_epoch: bool = True
    noise: int = 0
    condition: Condition | None = None
    knobs: tuple[CodeSlider, ...] = ()
    turning: int | None = None
    """Index of the knob that the slider turns; None if it moves along the epochs or a latent."""

    @classmethod
    def start(cls, run: RunView) -> Self | None:
        """Return the position at the last snapshot of `run`'s first GAN that has any: at a typical
        latent, with a condition in the middle of its range.

        None if there is no snapshot yet.
        """
        if run.manifest is None or not run.gans:
            return None
        gans = tuple(gan for gan in run.gans if epochs_of(run, gan))
        if not gans:
            return None
        epochs = epochs_of(run, gans[0])
        here = cls(gans[0], epochs[-1], gans, epochs)
        if run.manifest.parent is None:
            codes = latent_codes_of(run.manifest.family, run.manifest.hparams)
            return replace(here, knobs=tuple(CodeSlider(code) for code in codes))
        size = int(run.manifest.hparams["latent_dim"])
        middle = (0.0,) * size
        there = replace(here, origin=middle, direction=middle, by_epoch=False, condition=run.condition)
        there = there.along(there.first)
        # In several dimensions the origin is unlike any sample, and its pictures are blurred.
        there = there if size == 1 else there.sampled(np.random.default_rng(0))
        return there.at(there.steps // 2) if there.moves_condition else there

    @property
    def has_latent(self) -> bool:
        """Whether the run is a GAN-GAN, each latent of which generates a GAN."""
        return bool(self.origin)

    @property
    def first(self) -> int:
        """The first dimension to choose as the axis: the condition if there is one, else 0."""
        return 0 if self.condition is None else len(self.origin) - 1

    @property
    def moves_condition(self) -> bool:
        """Whether the slider moves along the condition."""
        return not self.by_epoch and self.condition is not None and self.dimension == self.first

    @property
    def condition_text(self) -> str:
        """The condition's value in its own units; "" without a condition, or with `by_epoch`."""
        latent = self.latent
        if self.condition is None or latent is None:
            return ""
        return _plain(float(self.condition.decode(np.array(latent[-1:]))[0]))

    @property
    def latent(self) -> tuple[float, ...] | None:
        """The point on the axis, (L,); None with `by_epoch`."""
        if self.by_epoch:
            return None
        return tuple(o + self.value * d for o, d in zip(self.origin, self.direction, strict=True))

    @property
    def knob(self) -> CodeSlider | None:
        """The knob that the slider turns; None if it moves along the epochs or a latent."""
        return None if self.turning is None else self.knobs[self.turning]

    def _turned_to(self, knob: CodeSlider) -> Self:
        assert self.turning is not None
        knobs = *self.knobs[: self.turning], knob, *self.knobs[self.turning + 1 :]
        return replace(self, knobs=knobs)

    def next_knob(self, by: int) -> Self:
        """Return the position with the slider `by` places on in the ring of epochs and knobs."""
        places = [None, *range(len(self.knobs))]
        return replace(self, turning=places[(places.index(self.turning) + by) % len(places)])

    @property
    def steps(self) -> int:
        """The last place of the slider; the first is 0."""
        if self.knob:
            return self.knob.steps
        if self.by_epoch:
            return max(1, len(self.epochs) - 1)
        return (
            _condition_steps(self.condition)
            if self.condition and self.moves_condition
            else round(2 * REACH / STEP)
        )

    @property
    def place(self) -> int:
        """The slider's place nearest to this position."""
        if self.knob:
            return self.knob.place
        if self.by_epoch:
            return self.epochs.index(self.epoch)
        return min(max(round((self.value + self._reach) / self._step), 0), self.steps)

    def at(self, place: int) -> Self:
        """Return the position at `place` of the slider, clipped to its ends."""
        if self.knob:
            return self._turned_to(self.knob.at(place))
        place = min(max(place, 0), self.steps)
        if self.by_epoch:
            return replace(self, epoch=self.epochs[min(place, len(self.epochs) - 1)])
        return replace(self, value=round(place * self._step - self._reach, 9))

    @property
    def _reach(self) -> float:
        return 1.0 if self.moves_condition else REACH

    @property
    def _step(self) -> float:
        return 2 * self._reach / self.steps

    def typed(self, text: str) -> Self:
        """Return the position at a typed value: of a latent, a condition, a knob, or an epoch.

        Raises:
            ConfigurationError: it is no value on the slider.
        """
        try:
            number = float(text)
        except ValueError:
            raise ConfigurationError(f"{text!r} is not a number") from None
        if self.knob:
            return self._turned_to(self.knob.typed(number, text))
        if self.by_epoch:
            if number not in self.epochs:
                raise ConfigurationError(
                    f"no snapshot at epoch {text}: "
                    f"GAN {self.gan} has {self.epochs[0]} to {self.epochs[-1]}"
                )
            return replace(self, epoch=int(number))
        if self.condition and self.moves_condition:
            low, high = _plain(self.condition.low), _plain(self.condition.high)
            if not float(low) <= number <= float(high):
                raise ConfigurationError(
                    f"{text}: the slider goes from {self.condition.title} {low} to {high}"
                )
            # The ends are shown rounded, so a typed one may lie just outside.
            number = min(max(number, self.condition.low), self.condition.high)
            return replace(self, value=float(self.condition.encode(np.array([number]))[0]))
        if not abs(number) <= REACH:
            raise ConfigurationError(f"{text}: the slider goes from {-REACH:g} to {REACH:g}")
        return replace(self, value=number)

    def along(self, dimension: int) -> Self:
        """Return the same point, with the axis along `dimension` modulo L."""
        point = self.latent or self.origin
        dimension %= len(point)
        unit = tuple(float(k == dimension) for k in range(len(point)))
        rest = tuple(0.0 if k == dimension else z for k, z in enumerate(point))
        return replace(self, origin=rest, direction=unit, dimension=dimension, value=point[dimension])

    def random_axis(self, random: np.random.Generator) -> Self:
        """Return the same point, with the axis along a random direction that leaves the condition as it
        is."""
        point = self.latent or self.origin
        direction = random.standard_normal(len(point))
        if self.condition is not None:
            direction[-1] = 0
        direction /= np.linalg.norm(direction)
        return replace(
            self, origin=point, direction=tuple(direction.tolist()), dimension=None, value=0.0
        )

    def sampled(self, random: np.random.Generator) -> Self:
        """Return a point drawn from the latent's distribution, with the axis along the same dimension or
        random direction."""
        point = np.clip(random.standard_normal(len(self.origin)), -REACH, REACH).round(3)
        if self.condition is not None:  # uniform over the slider's places: an epoch is a whole number
            steps = _condition_steps(self.condition)
            point[-1] = 2 * random.integers(steps + 1) / steps - 1
        there = replace(self, origin=tuple(point.tolist()), value=0.0)
        if self.dimension is None:
            return there
        return replace(there, direction=(0.0,) * len(point)).along(self.dimension)

    def other_gan(self, by: int, run: RunView) -> Self:
        """Return the position `by` GANs on, at the epoch nearest to the present one."""
        gan = along(self.gans, self.gan, by)
        epochs = epochs_of(run, gan)
        return replace(self, gan=gan, epochs=epochs, epoch=_nearest(epochs, self.epoch))

    def refreshed(self, run: RunView) -> Self:
        """Return the position with the GANs and epochs that `run` has now. A position at the last epoch
        moves on to the new last epoch."""
        gans = tuple(gan for gan in run.gans if epochs_of(run, gan))
        epochs = epochs_of(run, self.gan)
        if not epochs or (gans, epochs) == (self.gans, self.epochs):
            return self
        epoch = epochs[-1] if self.epoch == self.epochs[-1] else _nearest(epochs, self.epoch)
        return replace(self, gans=gans, epochs=epochs, epoch=epoch)

    def axis(self) -> str:
        """Return the label of the slider's axis."""
        if self.knob:
            return self.knob.code.name
        if self.by_epoch:
            return f"GAN {self.gan}, epoch"
        if self.condition and self.moves_condition:
            return f"requested {self.condition.title}"
        if self.dimension is None:
            return "along a random direction, t"
        free = len(self.free)
        return "latent z" if free == 1 else f"z{self.dimension + 1} of {free}"

    @property
    def free(self) -> tuple[float, ...]:
        """The latent without the condition."""
        return (self.latent or ())[: len(self.origin) - (self.condition is not None)]

    def reading(self) -> str:
        """Return the slider's value as text, in its units."""
        if self.knob:
            return self.knob.reading()
        if self.by_epoch:
            return str(self.epoch)
        return self.condition_text if self.moves_condition else f"{self.value:+.2f}"


def epochs_of(run: RunView, gan: int) -> tuple[int, ...]:
    """Return the epochs of which `run` has a snapshot of `gan`; the first is 0 if it keeps initial
    weights."""
    assert run.manifest is not None
    if gan not in run.gans:
        return ()
    initial = (0,) if run.manifest.keeps_initial else ()
    done, _ = run.gans[gan]
    return initial + tuple(epoch for epoch in range(1, done + 1) if run.manifest.saves(epoch))


def _nearest(epochs: Sequence[int], epoch: int) -> int:
    return min(epochs, key=lambda one: abs(one - epoch))


def _condition_steps(condition: Condition) -> int:
    """Return the last place of a slider along a condition: with one place per epoch, or for a Fréchet
    distance as many as along a latent."""
    return (
        round(condition.high - condition.low) if condition.what == "epoch" else round(2 * REACH / STEP)
    )


def _plain(value: float) -> str:
    return f"{round(value, 1):g}"
