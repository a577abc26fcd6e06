"""An actor of a Ray cluster that trains chunks of GANs, on whichever node Ray puts it."""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from queue import Queue
from typing import Any

from gangan_cli.training.chunk_trainer import ChunkTrainer
from gangan_cli.training.devices import numerics_fingerprint
from gangan_cli.training.execution import Execution, ExecutionRequest
from gangan_cli.training.forkserver import prepare_compiler_cache
from gangan_cli.training.jobs import Chunk, Message, TrainJob
from gangan_cli.training.messages import CompileStarted

AHEAD = 1
"""Messages that wait to be sent: an actor whose results are not taken stops training, and a slow disk
does not fill memory."""


@dataclass(frozen=True)
class NodeInfo:
    """A node: the name of its host, its id in the cluster, the version of gangan there, and what
    determines how results round (devices.py)."""

    node: str
    id: str
    version: str
    fingerprint: dict[str, Any]


class RayTrainer:
    """Trains chunks of a job, one after the other. `ray_workers.py` makes it an actor with threads for
    two calls: one that trains, and `stop`."""

    def __init__(self, job: TrainJob, device: str) -> None:
        prepare_compiler_cache()
        self._device, self._stopped = device, threading.Event()
        # A thread of its own, which lives as long as the actor: PyTorch has settings by thread.
        self._thread = ThreadPoolExecutor(1)
        self._trainer = self._thread.submit(ChunkTrainer, job, device).result()

    def about(self) -> NodeInfo:
        """Return where it is, and what there is there."""
        from ray import get_runtime_context

        id = get_runtime_context().get_node_id()
        return NodeInfo(socket.gethostname(), id, version("gangan"), numerics_fingerprint(self._device))

    def choose(self, request: ExecutionRequest) -> Iterator[Message]:
        """Yield messages, the last of which is the execution that is chosen here."""
        yield from self._messages(lambda compiling: iter([self._trainer.choose(request, compiling)]))

    def train(self, chunk: Chunk, execution: Execution) -> Iterator[Message]:
        """Train a chunk, and yield the messages of `Workers.run`."""
        self._stopped.clear()

        def results(compiling: Callable[[], None]) -> Iterator[Message]:
            return self._trainer.train(chunk, execution, self._stopped.is_set, compiling)

        yield from self._messages(results)

    def stop(self) -> None:
        """Stop training after the current step."""
        self._stopped.set()

    def _messages(self, work: Callable[[Callable[[], None]], Iterator[Message]]) -> Iterator[Message]:
        queue: Queue[Message | Exception | None] = Queue(AHEAD)

        @cache
        def compiling() -> None:
            queue.put(CompileStarted())

        def fill() -> None:
            try:
                for message in work(compiling):
                    queue.put(message)
                queue.put(None)
            except Exception as error:
                queue.put(error)

        self._thread.submit(fill)
        while (message := queue.get()) is not None:
            if isinstance(message, Exception):
                raise message
            yield message
