"""Trains a run until it is complete or interrupted: sends chunks of GANs to workers, commits their
results, handles signals.

This is the only writer of a run.
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

from gangan_cli import signals
from gangan_cli.training.devices import numerics_fingerprint
from gangan_cli.training.events import (
    EnvironmentChanged,
    GanDiverged,
    Report,
    TrainingEnded,
    TrainingStarted,
)
from gangan_cli.training.execution import Execution, ExecutionRequest
from gangan_cli.training.jobs import Chunk, TrainJob, Workers
from gangan_cli.training.local_workers import LocalWorkers
from gangan_cli.training.messages import (
    Checkpoint,
    ChunkPlaced,
    CompileStarted,
    EpochResult,
    ExecutionChosen,
    InitialWeights,
    WorkerLost,
)
from gangan_cli.training.placement import Placement
from gangan_cli.training.ray_workers import RayWorkers
from store import Run, StoreError
from store.state import BEAT_EVERY, Status

ECHO = 0.3
"""Seconds within which a second signal counts as the first: timeout(1) sends each signal twice."""


def train_run(
    run: Run, job: TrainJob, placement: Placement, steps: int, compile: bool | None, report: Report
) -> None:
    """Train what is missing in `run`. `report` is called with each event, an epoch's result once
    the epoch is on disk.

    `steps` is the number of steps of the whole run, of all GANs together. `compile` says whether updates
    are compiled; None resumes a run as it was started, and compiles a new one where that pays.

    A first signal of `signals.ENDING` finishes the step, drops the unfinished epoch and ends training as
    interrupted; a second one exits at once.

    Raises:
        InUse: another process trains the run.
        WorkFailed: a worker failed; what was reported is kept.
        StoreFull: the disk is full; what was reported is kept.
    """
    with _signals_caught() as received:  # also while the end is reported: timeout(1) sends each twice
        _train_until_done(run, job, placement, steps, compile, report, received)


def _train_until_done(
    run: Run,
    job: TrainJob,
    placement: Placement,
    steps: int,
    compile: bool | None,
    report: Report,
    received: Sequence[int],
) -> None:
    """Train until the run is complete or a signal was `received`."""
    began = time.monotonic()
    run.acquire()
    status: Status = "interrupted"
    trained = 0
    try:
        chunks, done = remaining(run, placement.chunks)
        devices = placement.devices[: len(chunks)]
        total = run.manifest.gans * run.manifest.epochs
        report(
            TrainingStarted(
                run.name, run.manifest.losses, total, done, len(devices), placement.devices[0]
            )
        )
        fingerprint = numerics_fingerprint(placement.devices[0])
        execution = _execution(run, steps, placement, compile)
        if changed := _changed(run.state().execution, fingerprint, execution):
            report(EnvironmentChanged(run.name, changed))
        last_heartbeat = time.monotonic()
        placed = _Placed(run, fingerprint, report)
        with _workers(job, placement, devices) as workers:
            for message in workers.run(chunks, execution, stopping=lambda: bool(received)):
                if isinstance(message, EpochResult):
                    _commit(run, message, report)
                    trained += len(message.gans)
                elif isinstance(message, InitialWeights):
                    run.commit_initial(message.gans, message.snapshots)
                elif isinstance(message, Checkpoint):
                    run.save_checkpoint(message.epoch, message.gans, message.checkpoints)
                elif isinstance(message, CompileStarted | WorkerLost):
                    report(message)
                elif isinstance(message, ChunkPlaced):
                    placed.record(message)
                elif isinstance(message, ExecutionChosen):
                    run.record_execution({**dataclasses.asdict(message.execution), **fingerprint})
                    report(message)
                elif time.monotonic() - last_heartbeat > BEAT_EVERY:
                    run.heartbeat()
                    last_heartbeat = time.monotonic()
        if not remaining(run, placement.chunks)[0]:
            status = "diverged" if run.state().diverged else "complete"
    except BaseException:
        with contextlib.suppress(StoreError):  # a disk that is full, or a run that was taken over
            run.release("interrupted")
        raise
    run.release(status)
    report(
        TrainingEnded(
            run=run.name,
            state=status,
            snapshots=len(run.keys()),
            trained=trained,
            seconds=time.monotonic() - began,
            diverged=run.state().diverged,
            signal=received[0] if status == "interrupted" else None,
        )
    )


def _workers(job: TrainJob, placement: Placement, devices: Sequence[str]) -> Workers:
    if placement.cluster is None:
        return LocalWorkers(job, devices)
    return RayWorkers(job, placement, placement.cluster)


class _Placed:
    """Records on which machine each GAN is trained, and warns of those that round differently."""

    def __init__(self, run: Run, fingerprint: Mapping[str, Any], report: Report) -> None:
        self._run, self._fingerprint, self._report = run, fingerprint, report
        self._warned: set[str] = set()

    def record(self, message: ChunkPlaced) -> None:
        where = {"node": message.node, **message.fingerprint}
        self._run.add_results({f"numerics/{gan}": where for gan in message.gans})
        changed = _changed(self._fingerprint, message.fingerprint, ExecutionRequest(None, 0))
        if changed and message.node not in self._warned:
            self._warned.add(message.node)
            on_node = {f"{name} on {message.node}": values for name, values in changed.items()}
            self._report(EnvironmentChanged(self._run.name, on_node))


def _execution(
    run: Run, steps: int, placement: Placement, compile: bool | None
) -> Execution | ExecutionRequest:
    """Return the execution that `run` was started with, with no more threads than its `placement`
    allows; a request for a new run, or if `compile` asks for another one."""
    if stored := run.state().execution:
        execution = Execution(
            stored["compiled"], stored["matmul"], min(stored.get("threads", 1), placement.threads)
        )
        if compile is None or compile == execution.compiled:
            return execution
    return ExecutionRequest(compile, steps, placement.threads, stack=len(placement.chunks[0]))


def _changed(
    stored: Mapping[str, Any], current: Mapping[str, Any], execution: Execution | ExecutionRequest
) -> dict[str, tuple[Any, Any]]:
    """Return how the numerics of this machine differ from those that the run was started with, as
    (before, now)."""
    if isinstance(execution, Execution):
        current = {**current, "threads": execution.threads}
    common = stored.keys() & current.keys()
    return {
        name: (stored[name], current[name])
        for name in current
        if name in common and stored[name] != current[name]
    }


def remaining(run: Run, chunks: list[list[int]]) -> tuple[list[Chunk], int]:
    """Return the unfinished chunks with their checkpoints, and the number of finished GAN-epochs."""
    diverged: Mapping[int, int] = run.state().diverged
    unfinished, done = [], 0
    for gans in chunks:
        checkpoints = {gan: run.checkpoint(gan) for gan in gans if gan not in diverged}
        epochs = {epoch for epoch, _ in checkpoints.values()}
        # A chunk is committed as one. If its GANs are at different epochs, it is trained again from the
        # start, which gives the same bytes.
        epoch = epochs.pop() if len(epochs) == 1 else 0
        done += len(checkpoints) * epoch + sum(run.manifest.epochs for gan in gans if gan in diverged)
        if checkpoints and epoch < run.manifest.epochs:
            states = {gan: state for gan, (_, state) in checkpoints.items() if state is not None}
            unfinished.append(Chunk.after(gans, epoch, states) if epoch else Chunk(gans, None))
    return unfinished, done


def _commit(run: Run, epoch: EpochResult, report: Report) -> None:
    known = run.state().diverged if epoch.diverged else {}
    for gan in epoch.diverged:
        if gan not in known:
            run.diverged(gan, epoch.epoch)
            report(GanDiverged(run.name, gan, epoch.epoch))
    if epoch.gans:
        run.commit(
            epoch.epoch, epoch.gans, epoch.losses, epoch.snapshots, epoch.checkpoints, epoch.step_losses
        )
        report(epoch)


@contextmanager
def _signals_caught() -> Iterator[list[int]]:
    """Catch signals that end training; the number of the first one is appended to the list."""
    received: list[int] = []
    first = 0.0

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal first
        if not received:
            received.append(number)
            first = time.monotonic()
        elif time.monotonic() - first > ECHO and number != signal.SIGXCPU:  # which comes each second
            os._exit(128 + number)  # every worker dies with us; the store has only whole commits

    if threading.current_thread() is not threading.main_thread():
        yield received  # Python hands signals to the main thread only
        return
    with signals.heeded(handle):
        yield received
