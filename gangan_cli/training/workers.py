"""Worker processes: one per core or per GPU, each training one chunk of GANs at a time.

Workers compute and report through a pipe; they never write the run. Chunks depend on the run and the
kind of device only, never on the number of workers, so the bytes do not depend on it either.
"""

import contextlib
import ctypes
import math
import multiprocessing as mp
import os
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection, wait
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli import limits
from gangan_cli.errors import WorkFailed
from gangan_cli.models import build
from gangan_cli.signals import ENDING
from gangan_cli.training.autotune import choose, use
from gangan_cli.training.examples import Source
from gangan_cli.training.execution import Chosen, Compiling, Execution, Wish
from gangan_cli.training.nursery import CONTEXT, get_ready
from gangan_cli.training.settings import Epoch, Kept, Settings
from store import StoreError


@dataclass(frozen=True)
class Task:
    """What a worker must know about a run; it can be pickled."""

    family: str
    sizes: dict[str, Any]
    source: Source
    settings: Settings


@dataclass(frozen=True)
class Chunk:
    """GANs to train together, and where to start: an epoch and checkpoints (n, R), or None."""

    gans: list[int]
    start: tuple[int, NDArray[np.float32]] | None


@dataclass(frozen=True)
class _Order:
    chunk: Chunk
    execution: Execution


@dataclass(frozen=True)
class Plan:
    """The placement of a run's GANs on this machine; `threads` is the number of threads per worker."""

    devices: list[str]
    chunks: list[list[int]]
    threads: int


def plan(gans: int, device: str, workers: int | None) -> Plan:
    """Return the placement of `gans` GANs on `device`.

    `device` is auto, cpu, cuda, cuda:N or mps; `workers` bounds the processes (default: one per
    core that may be used, or one per GPU), and the environment's OMP_NUM_THREADS the threads of each.

    Raises:
        ConfigurationError: there is no such device here.
    """
    from gangan_cli.training.devices import find

    found = find(device)
    if found != ["cpu"]:
        side_by_side = math.ceil(gans / len(found))
        chunks = _split(gans, side_by_side)
        return Plan(found[: min(len(chunks), workers or len(found))], chunks, threads=1)
    # One GAN after the other on each core: its weights and moments stay in the core's cache, and
    # its bytes do not depend on how many others there are.
    cores = limits.cores()
    chunks = _split(gans, 1)
    processes = min(gans, workers or cores)
    return Plan(["cpu"] * processes, chunks, min(cores // min(gans, cores), _allowed()))


def _allowed() -> int:
    """Return how many threads the environment allows a process. Two that share a step spin while they
    wait for each other: where others have the cores they take twenty times as long, and one does not."""
    said = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    return int(said) if said.isdecimal() and int(said) else sys.maxsize


def _split(gans: int, size: int) -> list[list[int]]:
    return [list(range(first, min(first + size, gans))) for first in range(0, gans, size)]


KEEP_EVERY = 10.0
"""Minimum seconds between two checkpoints: what a kill may cost, and what comes again with the same
bytes.

A checkpoint of a GAN-GAN over raw weights takes 100 MB: written after each epoch of four seconds, it
took a seventh of the time. On a GPU, where training again may not give the same bytes, every epoch has
its checkpoint.
"""

TICK = 0.2
"""Seconds after which a parent that waits for reports checks whether it should stop."""


class Workers:
    """Processes that train chunks. A context manager: leaving the block ends them."""

    def __init__(self, task: Task, devices: Sequence[str]) -> None:
        get_ready()
        self._pipes: dict[Connection, mp.process.BaseProcess] = {}
        for device in devices:
            ours, theirs = CONTEXT.Pipe()
            process = CONTEXT.Process(target=_work, args=(theirs, task, device), daemon=True)
            process.start()
            theirs.close()
            self._pipes[ours] = process

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        for pipe, process in self._pipes.items():
            pipe.close()
            process.kill()  # it holds nothing that could be lost
            process.join()

    def run(
        self, chunks: Sequence[Chunk], how: Execution | Wish, stopping: Callable[[], bool]
    ) -> Iterator[Epoch | Kept | Compiling | Chosen | None]:
        """Train `chunks`; yield each epoch as it is reported, and None when a while passes without.

        If `how` is a wish, the first worker chooses the execution for all; what it says comes first.
        When `stopping` says yes, every worker stops after its present step.

        Raises:
            WorkFailed: a worker raised or died.
            StoreError: the run that a worker reads is damaged.
        """
        if not chunks:
            return
        if isinstance(how, Wish):
            chosen = yield from self._choose(how, stopping)
            if chosen is None:
                return
            how = chosen
        orders = [_Order(chunk, how) for chunk in chunks]
        waiting: list[_Order | None] = [*orders, *([None] * len(self._pipes))]
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
                if isinstance(message, Epoch | Kept | Compiling):
                    yield message
                elif message == "done":
                    busy.remove(pipe)
                elif not stopped:
                    self._send(pipe, waiting.pop(0))

    def _choose(
        self, wish: Wish, stopping: Callable[[], bool]
    ) -> Generator[Compiling | Chosen | None, None, Execution | None]:
        """Let the first worker choose the execution; return None if training is to stop before that."""
        pipe = next(iter(self._pipes))
        self._send(pipe, wish)
        while not stopping():
            if not wait([pipe], timeout=TICK):
                yield None
                continue
            message = self._receive(pipe)
            assert isinstance(message, Compiling | Chosen)
            yield message
            if isinstance(message, Chosen):
                return message.execution
        return None

    @staticmethod
    def _send(pipe: Connection, order: _Order | Wish | None) -> None:
        with contextlib.suppress(BrokenPipeError):  # a dead worker is noticed when it is read
            pipe.send(order)

    def _receive(self, pipe: Connection) -> object:
        try:
            message = pipe.recv()
        except (EOFError, ConnectionResetError):
            self._pipes[pipe].join()
            code = self._pipes[pipe].exitcode or 0
            how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            hint = f", perhaps {_why_killed()}" if code == -signal.SIGKILL else ""
            raise WorkFailed(
                f"a training process died ({how}{hint}): give the same command again to go on"
            ) from None
        if isinstance(message, _Failure):
            raise message.kind(message.summary) from RuntimeError(message.trace)
        return message


def _why_killed() -> str:
    if resource.getrlimit(resource.RLIMIT_CPU)[1] != resource.RLIM_INFINITY:
        return "for want of time on the processor (ulimit -t) or of memory"
    return "for want of memory"


@dataclass(frozen=True)
class _Failure:
    kind: type[Exception]
    summary: str
    trace: str


def _work(pipe: Connection, task: Task, device: str) -> None:
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    _pass_on_the_end_of_time()
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _keep_freed_memory()
    try:
        import torch

        from gangan_cli.training.population import train

        torch.set_num_threads(1)
        # Numbers below 1e-38 become 0. Templates that are never chosen have such gradients: processors
        # take two hundred times as long over them, and the default GAN-GAN's steps became 3 to 6 times
        # as slow as it trained.
        torch.set_flush_denormal(True)
        if device.startswith("cuda"):
            torch.cuda.set_device(device)  # a graph is captured on the present one
        family = build(task.family, task.sizes)
        examples = task.source.load(device)

        @cache
        def compiling() -> None:  # once, though there is an update for every phase
            pipe.send(Compiling())

        while order := pipe.recv():
            if isinstance(order, Wish):
                pipe.send(choose(family, task.settings, device, order, compiling))
                continue
            torch.set_num_threads(order.execution.threads)
            use(order.execution.matmul)
            for epoch in train(
                family,
                examples,
                task.settings,
                order.chunk.gans,
                device=device,
                execution=order.execution,
                start=order.chunk.start,
                stop=pipe.poll,  # while a chunk is trained, only the word to stop is sent
                keep_every=KEEP_EVERY if device == "cpu" else 0.0,
                compiling=compiling,
            ):
                pipe.send(epoch)
            pipe.send("next")
        pipe.send("done")
    except (EOFError, ConnectionError):  # the command has ended
        return
    except (WorkFailed, StoreError) as error:
        pipe.send(_Failure(type(error), str(error), traceback.format_exc()))
    except Exception as error:
        summary = f"{type(error).__name__}: {error}"
        pipe.send(_Failure(WorkFailed, summary, traceback.format_exc()))


def _keep_freed_memory() -> None:
    """Let glibc keep freed memory, instead of requesting zeroed pages for gradients at each step.

    Saves 15 to 25 % of a step of the GAN-GAN over raw weights, whose gradients take 29 MB.
    """
    mmap_max, trim_threshold = -4, -1  # <malloc.h>
    with contextlib.suppress(OSError, AttributeError):  # another libc has no mallopt
        libc = ctypes.CDLL(None)
        libc.mallopt(mmap_max, 0)
        libc.mallopt(trim_threshold, 2**31 - 1)


def _pass_on_the_end_of_time() -> None:
    """Tell the parent when this process has used the processor for as long as it may (`ulimit -St`): it
    trains, and so comes to its limit before the parent."""
    parent = mp.parent_process()
    assert parent is not None and parent.pid is not None
    whom = parent.pid
    signal.signal(signal.SIGXCPU, lambda *_: os.kill(whom, signal.SIGXCPU))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGXCPU])


def _die_with_parent() -> None:
    parent = mp.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
