"""Shows the progress of training: a bar on a terminal, otherwise lines; JSON lines on request."""

import os
import shlex
import sys
import time
from types import FrameType
from typing import TYPE_CHECKING, Any

from gangan_cli import signals
from gangan_cli.cli import diagnostics, output
from gangan_cli.cli.configuration import as_mapping, as_toml
from gangan_cli.cli.progress_bars import LINE_EVERY

if TYPE_CHECKING:
    from gangan_cli.training.events import EpochResult, Event, TrainingEnded, TrainingStarted


def print_configuration(command: str, configuration: Any, environment: Any, *, as_json: bool) -> None:
    """Print what `--dry-run` does."""
    if as_json:
        output.document(as_mapping(configuration, environment))
    else:
        output.text(as_toml(command, configuration, environment))


class TrainingDisplay:
    """Shows the events of one training. A context manager: leaving the block removes the bar."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._resume = shlex.join(["gangan", *sys.argv[1:]])
        self._started: TrainingStarted | None = None
        self._ended: TrainingEnded | None = None
        self._progress: _Bar | _Lines | None = None

    def __enter__(self) -> "TrainingDisplay":
        signals.heed(self._interrupted_early)
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress:
            self._progress.close()

    def _interrupted_early(self, number: int, frame: FrameType | None) -> None:
        """Exit at a signal that comes before training installs its own handlers; nothing is lost. After
        training has ended, ignore signals."""
        if self._ended:
            return
        diagnostics.say(f"interrupted before training began. To go on:\n  {self._resume}")
        os._exit(128 + number)  # a running import may turn an exception into another

    def report(self, event: "Event") -> None:
        """Show an event."""
        from gangan_cli.training import events

        if self._as_json:
            self._print(event)
        match event:
            case events.TrainingStarted():
                self._started = event
                self._progress = _Bar(event) if sys.stderr.isatty() else _Lines(event)
            case events.EpochResult():
                for gan, losses in self._losses(event):
                    shown = "  ".join(f"{name} {value:.2f}" for name, value in losses.items())
                    assert self._progress
                    self._progress.advance(f"GAN {gan} epoch {event.epoch}  {shown}")
            case events.TrainingEnded():
                self._ended = event
            case events.DatasetRead():
                for remark in event.remarks:
                    diagnostics.say(f"{event.run}: {remark}")
                for warning in event.warnings:
                    diagnostics.warn(f"{event.run}: {warning}")
            case events.EncodingStarted():
                diagnostics.say(
                    f"{event.run}: encoding the snapshots (PCA and autoencoder), a minute for some "
                    "thousand …"
                )
            case events.CompileStarted():
                diagnostics.say("compiling the training step: 30 to 120 s, once for such GANs …")
            case events.ExecutionChosen():
                if event.note:
                    diagnostics.warn(event.note)
            case events.WorkerLost():
                gans = ", ".join(map(str, event.gans))
                diagnostics.warn(
                    f"a worker on node {event.node} has gone: GAN {gans} goes on elsewhere, from epoch "
                    f"{event.epoch}"
                )
            case events.EnvironmentChanged():
                pairs = event.changed.items()
                changes = ", ".join(f"{name}: {before} → {now}" for name, (before, now) in pairs)
                diagnostics.warn(
                    f"{event.run} was started under other conditions ({changes}): results round "
                    "differently"
                )
            case events.TooFewSteps():
                diagnostics.warn(
                    f"{event.run} has only {event.steps:,} training steps ({event.usual:,} are usual): "
                    f"try --repeat {event.repeat}"
                )
            case events.GanDiverged():
                diagnostics.warn(
                    f"GAN {event.gan} of {event.run} was stopped in epoch {event.epoch}: its losses or "
                    "weights are no longer finite; its earlier snapshots are kept"
                )

    def end_command(self) -> None:
        """Say how training ended and, if it was interrupted, how to resume; leave with the exit code."""
        assert self._ended
        _conclude(self._ended, self._resume)

    def _losses(self, epoch: "EpochResult") -> list[tuple[int, dict[str, float]]]:
        """Return the mean losses of each GAN, by name."""
        assert self._started
        names = self._started.losses
        means = epoch.losses[:, :, 0].tolist()
        return [
            (gan, dict(sorted(zip(names, one, strict=True))))
            for gan, one in zip(epoch.gans, means, strict=True)
        ]

    def _print(self, event: "Event") -> None:
        """Print an event as lines of JSON, if it is one that scripts read."""
        from gangan_cli.training.events import EpochResult, GanDiverged, TrainingEnded

        if isinstance(event, EpochResult):
            assert self._started
            place = {"event": "epoch", "run": self._started.run}
            for gan, losses in self._losses(event):
                output.line({**place, "gan": gan, "epoch": event.epoch, **losses})
        elif isinstance(event, GanDiverged):
            output.line({"event": "diverged", "run": event.run, "gan": event.gan, "epoch": event.epoch})
        elif isinstance(event, TrainingEnded):
            output.line(
                {
                    "event": "interrupted" if event.signal is not None else "done",
                    "run": event.run,
                    "snapshots": event.snapshots,
                    "state": event.state,
                    "trained": event.trained,
                    "seconds": round(event.seconds, 3),
                }
            )


def _conclude(ended: "TrainingEnded", resume: str) -> None:
    if ended.signal is not None:
        diagnostics.say(f"{ended.run}: interrupted; every finished epoch is kept. To go on:\n  {resume}")
        diagnostics.leave(128 + ended.signal)
    if ended.state == "diverged":
        gans = ", ".join(f"GAN {gan} in epoch {epoch}" for gan, epoch in ended.diverged.items())
        diagnostics.say(
            f"error: {ended.run}: {ended.snapshots} snapshots, but some GANs diverged ({gans}): "
            "try a lower --lr under another --run name"
        )
        diagnostics.leave(diagnostics.FAILED)
    done = (
        f"{ended.trained} GAN-epochs in {ended.seconds:.0f} s" if ended.trained else "nothing left to do"
    )
    diagnostics.say(f"{ended.run}: complete, {ended.snapshots} snapshots ({done})")


class _Bar:
    def __init__(self, started: "TrainingStarted") -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            ProgressColumn,
            Task,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.text import Text

        class Rate(ProgressColumn):
            def render(self, task: Task) -> Text:
                return Text(f"{task.speed:.2f} GAN-epochs/s" if task.speed else "")

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            Rate(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[last]}", style="dim", markup=False),
            console=Console(stderr=True),
            speed_estimate_period=60,
        )
        self._task = self._progress.add_task(
            started.run, total=started.total, completed=started.done, last=""
        )
        diagnostics.say(_opening(started))
        self._progress.start()

    def advance(self, last: str) -> None:
        self._progress.update(self._task, advance=1, last=last)

    def close(self) -> None:
        self._progress.stop()


class _Lines:
    def __init__(self, started: "TrainingStarted") -> None:
        self._run, self._total, self._done = started.run, started.total, started.done
        self._first, self._began, self._told = started.done, 0.0, 0.0
        diagnostics.say(_opening(started))

    def advance(self, last: str) -> None:
        self._done += 1
        now = time.monotonic()
        if not self._began:  # the time before the first epoch includes imports and compilation
            self._first, self._began, self._told = self._done, now, now
        elif now - self._told >= LINE_EVERY:
            self._told = now
            rate = (self._done - self._first) / (now - self._began)
            left = (self._total - self._done) / rate
            diagnostics.say(
                f"{self._run}: {self._done}/{self._total} GAN-epochs, {rate:.2f}/s, "
                f"{left:.0f} s left; {last}"
            )

    def close(self) -> None:
        """Do nothing: lines need no clean-up."""


def _opening(started: "TrainingStarted") -> str:
    there = f", {started.done} of them done" if started.done else ""
    processes = f"{started.workers} process{'es' if started.workers != 1 else ''}"
    return f"{started.run}: {started.total} GAN-epochs{there}, on {started.device} with {processes}"
