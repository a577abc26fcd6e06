"""Messages that the threads post to the app."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.message import Message

from gangan_cli.summaries.losses import LossHistory
from gangan_cli.tui.render_client import Answer
from gangan_cli.tui.run_index import RunView
from gangan_cli.tui.system import Machine


@dataclass
class RunsRead(Message):
    """The runs of the store now, or only the first of them if not `whole`; `problem` says why the store
    cannot be read."""

    runs: Sequence[RunView]
    problem: str = ""
    whole: bool = True

    def can_replace(self, message: Message) -> bool:
        """Return whether `message` may replace this one while both are queued: any later reading may."""
        return isinstance(message, RunsRead)


@dataclass
class LossesRead(Message):
    """All losses of the followed runs that have new ones, by run."""

    histories: Mapping[str, LossHistory]


@dataclass
class MachineRead(Message):
    """The machine's current load."""

    machine: Machine

    def can_replace(self, message: Message) -> bool:
        """Return whether `message` may replace this one while both are queued: any later reading may."""
        return isinstance(message, MachineRead)


@dataclass
class PictureAnswered(Message):
    """The render process answered."""

    answer: Answer


@dataclass
class Broken(Message):
    """The watcher failed with an unexpected error: a bug, which ends the app with one sentence."""

    error: Exception


@dataclass
class Done(Message):
    """A requested job is done, as `said` reports, or failed with `problem`."""

    said: str
    problem: str = ""
