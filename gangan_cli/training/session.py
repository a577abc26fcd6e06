"""Runs the training of a run until it is complete or interrupted: sends chunks of GANs to workers,
commits their results, handles signals.

This is the only writer of a run. An epoch is on disk before it is reported.
"""

import contextlib
import dataclasses
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np

from gangan_cli import signals
from gangan_cli.training.devices import circumstances
from gangan_cli.training.events import Ended, EpochFinished, Event, GanDiverged, Moved, Started
from gangan_cli.training.execution import Chosen, Compiling, Execution, Wish
from gangan_cli.training.settings import Epoch, Kept
from gangan_cli.training.workers import Chunk, Plan, Task, Workers
from store import Run, StoreError
from store.state import BEAT_EVERY, Status

ECHO = 0.3
"""Seconds within which a second signal counts as the first: timeout(1) sends each signal twice."""


def train_run(run: Run, task: Task, plan: Plan, steps: int, compile: bool | None) -> Iterator[Event]:
    """Train what is missing in `run`; yield events.

    `steps` is how many the whole run takes, all GANs together. `compile` says whether updates are
    compiled; None goes on as the run began, and compiles a new one where that pays.

    A first signal of `signals.ENDING` finishes the step, drops the unfinished epoch and ends the
    sitting as interrupted; a second one leaves at once.

    Raises:
        InUse: another process trains the run.
        WorkFailed: a worker failed; what was reported is kept.
        StoreFull: the disk is full; what was reported is kept.
    """
    with _heeding() as received:  # until the end is told: timeout(1) sends each signal twice
        yield from _sitting(run, task, plan, steps, compile, received)


def _sitting(
    run: Run, task: Task, plan: Plan, steps: int, compile: bool | None, received: Sequence[int]
) -> Iterator[Event]:
    """Train until the run is complete or a signal was `received`."""
    began = time.monotonic()
    run.acquire()
    status: Status = "interrupted"
    trained = 0
    try:
        chunks, done = remaining(run, plan.chunks)
        devices = plan.devices[: len(chunks)]
        total = run.manifest.gans * run.manifest.epochs
        yield Started(run.name, total, done, len(devices), plan.devices[0])
        here = circumstances(plan.devices[0])
        how = _execution(run, steps, plan.threads, compile)
        if changed := _changed(run.state().execution, here, how):
            yield Moved(run.name, changed)
        beaten = time.monotonic()
        with Workers(task, devices) as workers:
            for message in workers.run(chunks, how, stopping=lambda: bool(received)):
                if isinstance(message, Epoch):
                    for event in _commit(run, message):
                        trained += isinstance(event, EpochFinished)
                        yield event
                elif isinstance(message, Kept):
                    run.save_checkpoint(message.epoch, message.gans, message.resume)
                elif isinstance(message, Compiling):
                    yield message
                elif isinstance(message, Chosen):
                    run.record_execution({**dataclasses.asdict(message.execution), **here})
                    yield message
                elif time.monotonic() - beaten > BEAT_EVERY:
                    run.heartbeat()
                    beaten = time.monotonic()
        if not remaining(run, plan.chunks)[0]:
            status = "diverged" if run.state().diverged else "complete"
    except BaseException:
        with contextlib.suppress(StoreError):  # a disk that is full, or a run that was taken over
            run.release("interrupted")
        raise
    run.release(status)
    yield Ended(
        run=run.name,
        state=status,
        snapshots=len(run.keys()),
        trained=trained,
        seconds=time.monotonic() - began,
        diverged=run.state().diverged,
        signal=received[0] if status == "interrupted" else None,
    )


def _execution(run: Run, steps: int, threads: int, compile: bool | None) -> Execution | Wish:
    """Return how `run` was begun, unless it is new or `compile` asks for another way; with no more
    `threads` than there are."""
    if known := run.state().execution:
        execution = Execution(known["compiled"], known["matmul"], min(known.get("threads", 1), threads))
        if compile is None or compile == execution.compiled:
            return execution
    return Wish(compile, steps, threads)


def _changed(
    there: Mapping[str, Any], here: Mapping[str, Any], how: Execution | Wish
) -> dict[str, tuple[Any, Any]]:
    """Return how the numerics of this machine differ from those that the run was started with, as
    (before, now)."""
    if isinstance(how, Execution):
        here = {**here, "threads": how.threads}
    return {n: (there[n], here[n]) for n in here if n in there and there[n] != here[n]}


def remaining(run: Run, chunks: list[list[int]]) -> tuple[list[Chunk], int]:
    """Return the unfinished chunks with their checkpoints, and the number of finished GAN-epochs."""
    lost: Mapping[int, int] = run.state().diverged
    unfinished, done = [], 0
    for gans in chunks:
        points = {gan: run.checkpoint(gan) for gan in gans if gan not in lost}
        epochs = {epoch for epoch, _ in points.values()}
        # A chunk is committed as one; should its GANs have come apart, the same bytes come again
        # from its beginning.
        epoch = epochs.pop() if len(epochs) == 1 else 0
        done += len(points) * epoch + sum(run.manifest.epochs for gan in gans if gan in lost)
        if points and epoch < run.manifest.epochs:
            states = {gan: state for gan, (_, state) in points.items() if state is not None}
            if epoch:
                # A diverged GAN keeps its place in the stack, so that the others' bytes stay.
                blank = np.full_like(next(iter(states.values())), np.nan)
                start = epoch, np.stack([states.get(gan, blank) for gan in gans])
                unfinished.append(Chunk(gans, start))
            else:
                unfinished.append(Chunk(gans, None))
    return unfinished, done


def _commit(run: Run, epoch: Epoch) -> Iterator[Event]:
    lost = run.state().diverged if epoch.diverged else {}
    for gan in epoch.diverged:
        if gan not in lost:
            run.diverged(gan, epoch.epoch)
            yield GanDiverged(run.name, gan, epoch.epoch)
    if epoch.gans:
        run.commit(epoch.epoch, epoch.gans, epoch.losses, epoch.vectors, epoch.resume)
    for gan, losses in zip(epoch.gans, epoch.losses, strict=True):
        means = dict(zip(run.manifest.losses, losses[:, 0].tolist(), strict=True))
        yield EpochFinished(run.name, gan, epoch.epoch, means)


@contextmanager
def _heeding() -> Iterator[list[int]]:
    """Catch signals that end training; the number of the first one is appended to the list."""
    received: list[int] = []
    first = 0.0

    def heed(number: int, frame: FrameType | None) -> None:
        nonlocal first
        if not received:
            received.append(number)
            first = time.monotonic()
        elif time.monotonic() - first > ECHO and number != signal.SIGXCPU:  # which comes each second
            os._exit(128 + number)  # every worker dies with us; the store has only whole commits

    if threading.current_thread() is not threading.main_thread():
        yield received  # Python hands signals to the main thread only
        return
    with signals.heeded(heed):
        yield received
