"""What the threads tell the app."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.message import Message

from gangan_cli.summaries.losses import LossHistory
from gangan_cli.tui.feed import RunView
from gangan_cli.tui.pictures import Answer
from gangan_cli.tui.system import Machine


@dataclass
class RunsRead(Message):
    """The store as it is now, or its first runs; `problem` says why it cannot be read."""

    runs: Sequence[RunView]
    problem: str = ""
    whole: bool = True

    def can_replace(self, message: Message) -> bool:
        """Only the last reading counts."""
        return isinstance(message, RunsRead)


@dataclass
class LossesRead(Message):
    """The losses of the runs that are followed, by name."""

    histories: Mapping[str, LossHistory]


@dataclass
class MachineRead(Message):
    """The machine as it is now."""

    machine: Machine

    def can_replace(self, message: Message) -> bool:
        """Only the last reading counts."""
        return isinstance(message, MachineRead)


@dataclass
class PictureAnswered(Message):
    """The painter process answered."""

    answer: Answer


@dataclass
class Broken(Message):
    """The watcher met what it should not: a bug, which ends the app with a sentence."""

    error: Exception


@dataclass
class Done(Message):
    """A job that was asked for is done, or failed with `problem`."""

    said: str
    problem: str = ""
