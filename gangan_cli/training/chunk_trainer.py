"""Trains chunks of GANs in this process: what all workers do, wherever they run."""

from collections.abc import Callable, Iterator

from gangan_cli.memory import keep_freed_memory
from gangan_cli.models.registry import build
from gangan_cli.training.autotune import choose, use
from gangan_cli.training.execution import Execution, ExecutionRequest
from gangan_cli.training.jobs import Chunk, TrainJob
from gangan_cli.training.messages import Checkpoint, EpochResult, ExecutionChosen, InitialWeights

CHECKPOINT_EVERY = 10.0
"""Minimum seconds between two checkpoints: as much work as a kill may cost, which is then done again
with the same bytes.

A checkpoint of a GAN-GAN over raw weights takes 100 MB: written after each epoch of four seconds, it
took a seventh of the time. On a GPU, where training again may not give the same bytes, every epoch has
its checkpoint.
"""


class ChunkTrainer:
    """Trains chunks of a job on a device, in the thread that made it: PyTorch has settings by thread."""

    def __init__(self, job: TrainJob, device: str) -> None:
        keep_freed_memory()
        import torch

        torch.set_num_threads(1)
        # Round numbers below 1e-38 to 0. Templates that are never chosen have such gradients, which take
        # processors two hundred times as long: steps of the default GAN-GAN became 3 to 6 times as slow
        # in the course of training.
        torch.set_flush_denormal(True)
        if device.startswith("cuda"):
            torch.cuda.set_device(device)  # CUDA graphs are captured on the current device
        self._settings, self._device = job.settings, device
        self._family = build(job.family, job.hparams)
        self._examples = job.source.load(device)

    def choose(self, request: ExecutionRequest, compiling: Callable[[], None]) -> ExecutionChosen:
        """Choose how the job's updates are executed here. Raises as `autotune.choose`."""
        return choose(self._family, self._settings, self._device, request, compiling)

    def train(
        self,
        chunk: Chunk,
        execution: Execution,
        stop: Callable[[], bool],
        compiling: Callable[[], None],
    ) -> Iterator[EpochResult | Checkpoint | InitialWeights]:
        """Train a chunk; yield what it leaves. `stop` and `compiling` are those of `engine.train`."""
        import torch

        from gangan_cli.training.engine import train

        torch.set_num_threads(execution.threads)
        use(execution.matmul)
        return train(
            self._family,
            self._examples,
            self._settings,
            chunk.gans,
            device=self._device,
            execution=execution,
            start=chunk.start,
            stop=stop,
            checkpoint_every=CHECKPOINT_EVERY if self._device == "cpu" else 0.0,
            compiling=compiling,
        )
