"""Worker processes: one per core or per GPU, each training one chunk of GANs at a time.

Workers compute and report through a pipe; they never write the run.
"""

import contextlib
import multiprocessing as mp
import os
import resource
import signal
import threading
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection, wait

from gangan_cli.errors import WorkFailed
from gangan_cli.signals import ENDING
from gangan_cli.training.chunk_trainer import ChunkTrainer
from gangan_cli.training.execution import Execution, ExecutionRequest
from gangan_cli.training.forkserver import CONTEXT, warm_up
from gangan_cli.training.jobs import Chunk, Message, TrainJob
from gangan_cli.training.messages import (
    Checkpoint,
    CompileStarted,
    EpochResult,
    ExecutionChosen,
    InitialWeights,
    receive,
)
from store import StoreError


@dataclass(frozen=True)
class _Assignment:
    chunk: Chunk
    execution: Execution


TICK = 0.2
"""Seconds after which a parent that waits for reports checks whether it should stop."""


class LocalWorkers:
    """Processes that train chunks. A context manager: leaving the block ends them."""

    def __init__(self, job: TrainJob, devices: Sequence[str]) -> None:
        warm_up()
        self._pipes: dict[Connection, mp.process.BaseProcess] = {}
        for device in devices:
            ours, theirs = CONTEXT.Pipe()
            process = CONTEXT.Process(target=_work, args=(theirs, job, device), daemon=True)
            process.start()
            theirs.close()
            self._pipes[ours] = process

    def __enter__(self) -> "LocalWorkers":
        return self

    def __exit__(self, *_: object) -> None:
        for pipe, process in self._pipes.items():
            pipe.close()
            process.kill()  # it holds nothing that could be lost
            process.join()

    def run(
        self,
        chunks: Sequence[Chunk],
        execution: Execution | ExecutionRequest,
        stopping: Callable[[], bool],
    ) -> Iterator[Message | None]:
        """As `Workers.run`. Raises WorkFailed too if a worker died."""
        if not chunks:
            return
        if isinstance(execution, ExecutionRequest):
            chosen = yield from self._choose(execution, stopping)
            if chosen is None:
                return
            execution = chosen
        assignments = [_Assignment(chunk, execution) for chunk in chunks]
        waiting: list[_Assignment | None] = [*assignments, *([None] * len(self._pipes))]
        busy, stopped = list(self._pipes), False
        for pipe in busy:
            self._send(pipe, waiting.pop(0))
        while busy:
            if stopping() and not stopped:
                stopped = True
                for pipe in busy:
                    self._send(pipe, None)
            ready = wait(busy, timeout=TICK)
            if not ready:
                yield None
            for pipe in [pipe for pipe in busy if pipe in ready]:
                message = self._receive(pipe)
                if isinstance(message, EpochResult | Checkpoint | InitialWeights | CompileStarted):
                    yield message
                elif message == "done":
                    busy.remove(pipe)
                elif not stopped:
                    self._send(pipe, waiting.pop(0))

    def _choose(
        self, request: ExecutionRequest, stopping: Callable[[], bool]
    ) -> Generator[CompileStarted | ExecutionChosen | None, None, Execution | None]:
        """Let the first worker choose the execution; return None if training is to stop before that."""
        pipe = next(iter(self._pipes))
        self._send(pipe, request)
        while not stopping():
            if not wait([pipe], timeout=TICK):
                yield None
                continue
            message = self._receive(pipe)
            assert isinstance(message, CompileStarted | ExecutionChosen)
            yield message
            if isinstance(message, ExecutionChosen):
                return message.execution
        return None

    @staticmethod
    def _send(pipe: Connection, message: _Assignment | ExecutionRequest | None) -> None:
        with contextlib.suppress(BrokenPipeError):  # the next read reports a dead worker
            pipe.send(message)

    def _receive(self, pipe: Connection) -> object:
        try:
            message = receive(pipe)
        except EOFError:
            self._pipes[pipe].join()
            code = self._pipes[pipe].exitcode or 0
            how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            hint = f", perhaps {_likely_cause()}" if code == -signal.SIGKILL else ""
            raise WorkFailed(
                f"a training process died ({how}{hint}): give the same command again to go on"
            ) from None
        if isinstance(message, _Failure):
            raise message.kind(message.summary) from RuntimeError(message.trace)
        return message


def _likely_cause() -> str:
    if resource.getrlimit(resource.RLIMIT_CPU)[1] != resource.RLIM_INFINITY:
        return "for want of time on the processor (ulimit -t) or of memory"
    return "for want of memory"


@dataclass(frozen=True)
class _Failure:
    kind: type[Exception]
    summary: str
    trace: str


def _work(pipe: Connection, job: TrainJob, device: str) -> None:
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    _forward_cpu_limit()
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        trainer = ChunkTrainer(job, device)

        @cache
        def compiling() -> None:  # once, though there is an update for every phase
            pipe.send(CompileStarted())

        while message := receive(pipe):
            if isinstance(message, ExecutionRequest):
                pipe.send(trainer.choose(message, compiling))
                continue
            # While a chunk is trained, only the request to stop is sent.
            for result in trainer.train(message.chunk, message.execution, pipe.poll, compiling):
                pipe.send(result)
            pipe.send("next")
        pipe.send("done")
    except (EOFError, ConnectionError):  # the command has ended
        return
    except (WorkFailed, StoreError) as error:
        pipe.send(_Failure(type(error), str(error), traceback.format_exc()))
    except Exception as error:
        summary = f"{type(error).__name__}: {error}"
        pipe.send(_Failure(WorkFailed, summary, traceback.format_exc()))


def _forward_cpu_limit() -> None:
    """Forward SIGXCPU (`ulimit -St`) to the parent: this process trains, and so reaches its limit of
    processor time before the parent does."""
    parent = mp.parent_process()
    assert parent is not None and parent.pid is not None
    pid = parent.pid
    signal.signal(signal.SIGXCPU, lambda *_: os.kill(pid, signal.SIGXCPU))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGXCPU])


def _die_with_parent() -> None:
    parent = mp.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
