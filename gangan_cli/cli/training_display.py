"""Shows the progress of training: a bar on a terminal, otherwise lines; JSON lines on request."""

import os
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any

from gangan_cli import signals
from gangan_cli.cli import diagnostics, output
from gangan_cli.cli.configuration import as_mapping, as_toml
from gangan_cli.cli.progress_bars import LINE_EVERY

if TYPE_CHECKING:
    from gangan_cli.training.events import Event, TrainingEnded, TrainingStarted


def train(
    work: Callable[[Any, Any], Iterable["Event"]],
    configuration: Any,
    environment: Any,
    *,
    command: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Run `work` and report its events; with `dry_run`, only print the configuration."""
    if not dry_run:
        resume, ends = same_command(), list["TrainingEnded"]()
        _heed_signals(resume, ends)
        follow(work(configuration, environment), ends, as_json=as_json)
        for ended in ends:
            _conclude(ended, resume)
    elif as_json:
        output.document(as_mapping(configuration, environment))
    else:
        output.text(as_toml(command, configuration, environment))


def _heed_signals(resume: str, ends: Sequence["TrainingEnded"]) -> None:
    """Exit at a signal that comes before training installs its own handlers, and say how to resume;
    nothing is lost. After training has ended, ignore signals."""

    def heed(number: int, frame: FrameType | None) -> None:
        if ends:
            return
        diagnostics.say(f"interrupted before training began. To go on:\n  {resume}")
        os._exit(128 + number)  # a running import may turn an exception into another

    signals.heed(heed)


def follow(events: Iterable["Event"], ends: list["TrainingEnded"], *, as_json: bool) -> None:
    """Report events until training ends, and append each TrainingEnded event to `ends`."""
    from gangan_cli.training.events import (
        CompileStarted,
        DatasetRead,
        EncodingStarted,
        EnvironmentChanged,
        EpochFinished,
        ExecutionChosen,
        GanDiverged,
        TooFewSteps,
        TrainingEnded,
        TrainingStarted,
    )

    display: _Bar | _Lines | None = None
    try:
        for event in events:
            if as_json and (told := _as_json(event)):
                output.line(told)
            if isinstance(event, TrainingStarted):
                display = _Bar(event) if sys.stderr.isatty() else _Lines(event)
            elif isinstance(event, DatasetRead):
                for remark in event.remarks:
                    diagnostics.say(f"{event.run}: {remark}")
                for warning in event.warnings:
                    diagnostics.warn(f"{event.run}: {warning}")
            elif isinstance(event, EncodingStarted):
                diagnostics.say(
                    f"{event.run}: encoding the snapshots (PCA and autoencoder), a minute for some "
                    "thousand …"
                )
            elif isinstance(event, CompileStarted):
                diagnostics.say("compiling the training step: 30 to 120 s, once for such GANs …")
            elif isinstance(event, EnvironmentChanged):
                pairs = event.changed.items()
                changes = ", ".join(f"{name}: {before} → {now}" for name, (before, now) in pairs)
                diagnostics.warn(
                    f"{event.run} was started under other conditions ({changes}): results round "
                    "differently"
                )
            elif isinstance(event, TooFewSteps):
                diagnostics.warn(
                    f"{event.run} has only {event.steps:,} training steps ({event.usual:,} are usual): "
                    f"try --repeat {event.repeat}"
                )
            elif isinstance(event, ExecutionChosen) and event.note:
                diagnostics.warn(event.note)
            elif isinstance(event, EpochFinished) and display:
                losses = "  ".join(f"{name} {value:.2f}" for name, value in sorted(event.losses.items()))
                display.advance(f"GAN {event.gan} epoch {event.epoch}  {losses}")
            elif isinstance(event, GanDiverged):
                diagnostics.warn(
                    f"GAN {event.gan} of {event.run} was stopped in epoch {event.epoch}: its losses or "
                    "weights are no longer finite; its earlier snapshots are kept"
                )
            elif isinstance(event, TrainingEnded):
                ends.append(event)
    finally:
        if display:
            display.close()


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


def _as_json(event: "Event") -> dict[str, Any] | None:
    from gangan_cli.training.events import EpochFinished, GanDiverged, TrainingEnded

    if isinstance(event, EpochFinished):
        losses = {name: event.losses[name] for name in sorted(event.losses)}
        return {"event": "epoch", "run": event.run, "gan": event.gan, "epoch": event.epoch, **losses}
    if isinstance(event, GanDiverged):
        return {"event": "diverged", "run": event.run, "gan": event.gan, "epoch": event.epoch}
    if isinstance(event, TrainingEnded):
        return {
            "event": "interrupted" if event.signal is not None else "done",
            "run": event.run,
            "snapshots": event.snapshots,
            "state": event.state,
            "trained": event.trained,
            "seconds": round(event.seconds, 3),
        }
    return None


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


def same_command() -> str:
    """Return the command line as it was typed."""
    return shlex.join(["gangan", *sys.argv[1:]])
