"""Workers on the nodes of a Ray cluster: the same chunks, messages and bytes as processes here give.

The command stays the only writer of its run: results come to it through Ray's object store, at most a
few from each actor before they are taken. An actor that is lost with its node costs what its chunk did
since its last checkpoint.
"""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Self

from gangan_cli.errors import WorkFailed
from gangan_cli.training.execution import Execution, ExecutionRequest
from gangan_cli.training.jobs import Chunk, Message, TrainJob
from gangan_cli.training.messages import (
    Checkpoint,
    ChunkPlaced,
    EpochResult,
    ExecutionChosen,
    WorkerLost,
)
from gangan_cli.training.placement import Placement
from gangan_cli.training.ray_cluster import Cluster
from gangan_cli.training.ray_trainer import NodeInfo, RayTrainer
from store import StoreError

TICK = 0.2
"""Seconds after which a wait for results ends, to see whether training should stop."""

LOOK_EVERY = 5.0
"""Seconds between two looks at the cluster: for nodes that joined, that are to leave, and for its
head."""

UNTAKEN = 2
"""Messages of an actor in the object store that wait to be taken; then it stops training."""

MOST_LOSSES = 3
"""Times that a chunk may be lost without having got further: then it is what kills its workers."""


@dataclass
class _Actor:
    """An actor; `at` is known once it has started."""

    handle: Any
    at: NodeInfo = NodeInfo("", "", "", {})
    leaving: bool = False
    """Its node is to be taken from the cluster."""


@dataclass
class _Task:
    """A chunk, from its last checkpoint on, and how often it was lost since its last epoch."""

    chunk: Chunk
    finished: bool = False
    losses: int = 0

    def take(self, message: Message, epochs: int) -> None:
        """Take note of a message about the chunk."""
        if not isinstance(message, EpochResult | Checkpoint):
            return
        self.losses = 0
        self.finished = message.epoch == epochs or not message.gans
        if message.checkpoints is not None and message.gans:
            states = dict(zip(message.gans, message.checkpoints, strict=True))
            self.chunk = Chunk.after(self.chunk.gans, message.epoch, states)


class RayWorkers:
    """Actors that train chunks, as many as the cluster has processors or GPUs for. A context manager:
    leaving the block ends them."""

    def __init__(self, job: TrainJob, placement: Placement, cluster: Cluster) -> None:
        import ray

        self._ray: Any = ray
        self._cluster, self._placement = cluster, placement
        self._epochs = job.settings.epochs
        self._job = ray.put(job)  # nodes fetch it, with the dataset, once each
        self._starting: dict[Any, _Actor] = {}
        self._idle: list[_Actor] = []
        self._working: dict[Any, tuple[_Actor, _Task]] = {}
        self._looked = time.monotonic()
        self._failed_starts = 0
        """Workers that died as they started, since one lived."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for actor in [*self._actors()]:
            self._ray.kill(actor.handle)

    def run(
        self,
        chunks: Sequence[Chunk],
        execution: Execution | ExecutionRequest,
        stopping: Callable[[], bool],
    ) -> Iterator[Message | None]:
        """As `Workers.run`. Raises WorkFailed too if the head of the cluster has gone."""
        waiting = deque(_Task(chunk) for chunk in chunks)
        self._start(len(waiting))
        while not self._idle and not stopping():
            yield from self._started()
        if isinstance(execution, ExecutionRequest) and waiting and not stopping():
            execution = yield from self._choose(execution)
        stopped = False
        while self._working or waiting:
            if stopping() and not stopped:
                stopped = True
                waiting.clear()
                self._stop([actor for actor, _ in self._working.values()])
            while waiting and self._idle:
                actor, task = self._idle.pop(), waiting.popleft()
                self._working[self._stream(actor.handle.train, task.chunk, execution)] = actor, task
                yield ChunkPlaced(actor.at.node, task.chunk.gans, actor.at.fingerprint)
            self._look(len(waiting) + len(self._working), stopped)
            yield from self._started()
            for stream in self._ready(list(self._working)):
                yield from self._taken(stream, waiting, stopped)

    def _taken(self, stream: Any, waiting: deque[_Task], stopped: bool) -> Iterator[Message]:
        """Yield the next message of a stream, if it has not ended."""
        actor, task = self._working[stream]
        try:
            message = self._ray.get(next(stream))
        except StopIteration:
            del self._working[stream]
            if not (task.finished or stopped):  # it was told to leave its node
                waiting.append(task)
            if actor.leaving:
                self._ray.kill(actor.handle)
            else:
                self._idle.append(actor)
            return
        except self._ray.exceptions.RayError as error:
            del self._working[stream]
            self._check(error)
            task.losses += 1
            if task.losses > MOST_LOSSES:
                raise WorkFailed(
                    f"the workers of GAN {task.chunk.gans[0]} died {task.losses} times without "
                    "finishing an epoch, perhaps for want of memory: the same command goes on"
                ) from error
            epoch = task.chunk.start[0] if task.chunk.start else 0
            yield WorkerLost(actor.at.node, task.chunk.gans, epoch)
            if not stopped:
                waiting.append(task)
                self._start(len(waiting) + len(self._working))
            return
        task.take(message, self._epochs)
        yield message

    def _choose(self, request: ExecutionRequest) -> Generator[Message | None, None, Execution]:
        """Let an actor choose the execution."""
        stream = self._stream(self._idle[0].handle.choose, request)
        while True:
            if not self._ready([stream]):
                yield None
                continue
            try:
                message = self._ray.get(next(stream))
            except self._ray.exceptions.RayError as error:
                self._check(error)
                raise WorkFailed(
                    f"a worker on {self._idle[0].at.node} died as training began: give the same command "
                    "again"
                ) from error
            yield message
            if isinstance(message, ExecutionChosen):
                return message.execution

    # ------------------------------------------------------------------ actors

    def _actors(self) -> Iterator[_Actor]:
        yield from self._starting.values()
        yield from self._idle
        yield from (actor for actor, _ in self._working.values())

    def _start(self, tasks: int) -> None:
        """Start as many actors as there are tasks, and as the cluster has room for."""
        gpu = self._placement.devices[0] != "cpu"
        room = self._cluster.gpus if gpu else self._cluster.cpus // self._placement.threads
        wanted = min(tasks, max(room, 1), self._placement.most or room or 1)
        needs = {"num_gpus": 1, "num_cpus": 0} if gpu else {"num_cpus": self._placement.threads}
        kind = self._ray.remote(max_concurrency=2, max_restarts=0, **needs)(RayTrainer)
        for _ in range(wanted - len(list(self._actors()))):
            handle = kind.remote(self._job, "cuda:0" if gpu else "cpu")
            self._starting[handle.about.remote()] = _Actor(handle)

    def _started(self) -> Iterator[None]:
        """Take the actors that have started among the idle ones; yield None if none has."""
        found = self._ready(list(self._starting), wait=not self._working)
        for reference in found:
            actor = self._starting.pop(reference)
            try:
                actor.at = self._ray.get(reference)
            except self._ray.exceptions.RayError as error:
                self._check(error)
                self._failed_starts += 1
                if "creation task" in str(error) or self._failed_starts > MOST_LOSSES:
                    raise WorkFailed(f"a worker could not start: {_last_line(error)}") from error
                continue
            self._failed_starts = 0
            if actor.at.version != (here := version("gangan")):
                raise WorkFailed(
                    f"node {actor.at.node} has gangan {actor.at.version}, and this machine {here}: "
                    "install the same on both"
                )
            self._idle.append(actor)
        if not found:
            yield None

    def _stop(self, actors: Sequence[_Actor]) -> None:
        for actor in actors:
            actor.handle.stop.remote()

    def _look(self, tasks: int, stopped: bool) -> None:
        """Look at the cluster from time to time.

        Raises:
            WorkFailed: its head has gone.
        """
        if time.monotonic() - self._looked < LOOK_EVERY:
            return
        self._looked = time.monotonic()
        if not self._cluster.alive:
            raise WorkFailed(
                f"the head of the Ray cluster at {self._cluster.address} has gone: every finished epoch "
                "is kept; give the same command again, with another --ray or without, to go on"
            )
        if stopped:
            return
        to_leave = self._cluster.nodes_to_leave()
        self._idle = [actor for actor in self._idle if actor.at.id not in to_leave]
        for actor, _ in self._working.values():
            if actor.at.id in to_leave and not actor.leaving:
                actor.leaving = True
                self._stop([actor])
        self._start(tasks)

    # ------------------------------------------------------------------ messages

    def _stream(self, method: Any, *given: Any) -> Any:
        """Call a generator method of an actor; return the stream of its messages."""
        options = {"num_returns": "streaming", "_generator_backpressure_num_objects": UNTAKEN}
        return method.options(**options).remote(*given)

    def _ready(self, waited: list[Any], wait: bool = True) -> list[Any]:
        """Return what of streams and references has something; wait a moment for it."""
        if not waited:
            if wait:
                time.sleep(TICK)
            return []
        return list(self._ray.wait(waited, num_returns=1, timeout=TICK if wait else 0)[0])

    def _check(self, error: Exception) -> None:
        """Raise what an error of an actor's work, not of its node, means to the command."""
        exceptions = self._ray.exceptions
        if isinstance(error, exceptions.RayTaskError):
            cause = error.cause
            if isinstance(cause, WorkFailed | StoreError):
                raise cause from error
            raise WorkFailed(f"{type(cause).__name__}: {cause}") from error
        if isinstance(error, exceptions.ObjectStoreFullError | exceptions.OutOfDiskError):
            raise WorkFailed(f"the object store of a node is full: {_last_line(error)}") from error


def _last_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(error).__name__
