"""The engine: trains a stack of GANs, each as if it were alone.

The parameters of the GANs are stacked, and a phase's loss is vmapped over the stack (train_step.py), so
that a GPU trains many GANs in the time of a few. A GAN's initial weights, shuffles and noise come from
(seed, gan, epoch) alone, so it does not matter which process trains it, or whether it was resumed.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gangan_cli.config import EngineSettings
from gangan_cli.models.family import Family, FromExamples, batches_per_step, losses
from gangan_cli.rng import stream
from gangan_cli.training.backends import StepShape, initial_state_of, update_function
from gangan_cli.training.examples import Examples, mean_of
from gangan_cli.training.execution import EAGER, Execution
from gangan_cli.training.messages import Checkpoint, EpochResult, InitialWeights
from gangan_cli.training.noise import step_noise
from gangan_cli.training.schedules import progress_of_steps, step_scalars
from gangan_cli.training.train_step import Parameters

Fetch = Callable[[], NDArray[np.float32]]
"""Waits for a tensor that is being copied from the device, and returns it."""


def train(
    family: Family,
    examples: Examples,
    settings: EngineSettings,
    gans: Sequence[int],
    *,
    device: str = "cpu",
    execution: Execution = EAGER,
    start: tuple[int, NDArray[np.float32]] | None = None,
    stop: Callable[[], bool] = lambda: False,
    ahead: int | None = None,
    checkpoint_every: float = 0.0,
    compiling: Callable[[], None] = lambda: None,
) -> Iterator[EpochResult | Checkpoint | InitialWeights]:
    """Train `gans` together (Algorithm 1 of the paper); yield after each epoch.

    `start` is an epoch and the checkpoints (n, R) that it left; without it, training begins anew. `stop`
    is called after every step; if it returns True, the unfinished epoch is dropped. An epoch is yielded
    when `ahead` more are trained: by default one on a GPU, which so goes on while results are stored,
    else none. At most one checkpoint per `checkpoint_every` seconds is attached to an epoch; the last
    one always follows. `compiling` is called before a compilation.

    Raises:
        CannotCompile: `execution` requires compiling, and that is not possible here.
    """
    population = Population(family, settings, gans, device, execution, compiling, examples)
    if ahead is None:
        ahead = int(device.startswith("cuda"))
    done = 0
    if start:
        done = start[0]
        population.restore(start[1])
    elif settings.keep_initial:
        yield InitialWeights(list(gans), population.copies()[0].cpu().numpy())
    finite = list(gans)
    last_checkpoint, pending = time.monotonic(), None
    for epoch, fetches in _delay_by(_epochs(population, examples, settings, gans, done, stop), ahead):
        losses, snapshots, checkpoints, *of_steps = (fetch() for fetch in fetches)
        is_finite = [
            np.isfinite(one).all() and np.isfinite(other).all()
            for one, other in zip(losses, snapshots, strict=True)
        ]
        rows = [row for row, gan in enumerate(gans) if gan in finite and is_finite[row]]
        lost = [gan for row, gan in enumerate(gans) if gan in finite and not is_finite[row]]
        finite = [gans[row] for row in rows]
        pending = Checkpoint(epoch, list(finite), checkpoints[rows])
        attach = time.monotonic() - last_checkpoint >= checkpoint_every or epoch == settings.epochs
        yield EpochResult(
            epoch=epoch,
            gans=list(finite),
            losses=losses[rows].astype(np.float64),
            snapshots=snapshots[rows] if settings.saves(epoch) else None,
            checkpoints=pending.checkpoints if attach else None,
            diverged=lost,
            step_losses=of_steps[0][rows] if of_steps else None,
        )
        if attach:
            last_checkpoint, pending = time.monotonic(), None
        if not finite:
            return
    if pending:
        yield pending


def _epochs(
    population: "Population",
    examples: Examples,
    settings: EngineSettings,
    gans: Sequence[int],
    done: int,
    stop: Callable[[], bool],
) -> Iterator[tuple[int, list[Fetch]]]:
    """Train epoch after epoch; yield each with functions that fetch its losses (n, L, 2), snapshots,
    checkpoints, and if they are kept the losses of steps (n, steps, L).
    """
    family, device, batch_size = population.family, population.device, settings.batch_size
    per_step = batches_per_step(family) * batch_size
    steps = settings.steps(len(examples), batches_per_step(family))
    for epoch in range(done + 1, settings.epochs + 1):
        streams = [stream(*settings.origin(gan), epoch, device) for gan in gans]
        drawn = torch.stack([_shuffled(len(examples), steps * per_step, s) for s in streams])
        batches = drawn.split(per_step, dim=1)
        before = (epoch - 1) * steps
        progress = progress_of_steps(before, steps, settings.epochs * steps)
        noises = step_noise(family, batch_size, streams, progress)
        scalars = torch.from_numpy(step_scalars(family, settings.learning_rate, before, progress))
        of_steps: list[Tensor] = []
        total = last = torch.zeros(len(gans), len(losses(family)), device=device)
        for batch, noise, of_step in zip(batches, noises, scalars.to(device), strict=True):
            last = population.step(examples.batch(batch), noise, of_step)
            total = total + last
            if settings.keep_step_losses:
                of_steps.append(last)
            if stop():
                return
        means = torch.stack([total / steps, last], dim=-1)
        tensors = [means, *population.copies()]
        if settings.keep_step_losses:
            tensors.append(torch.stack(of_steps, dim=1))
        yield epoch, [_copy_to_host_async(tensor) for tensor in tensors]


def _shuffled(examples: int, count: int, source: torch.Generator) -> Tensor:
    """Return `count` indices of examples: the first of a shuffle, and of as many more as it takes."""
    passes = max(1, -(-count // examples))
    return torch.cat(
        [torch.randperm(examples, generator=source, device=source.device) for _ in range(passes)]
    )[:count]


def _delay_by(items: Iterable[tuple[int, list[Fetch]]], by: int) -> Iterator[tuple[int, list[Fetch]]]:
    """Yield each item when `by` more have come; yield the last ones at the end."""
    waiting: deque[tuple[int, list[Fetch]]] = deque()
    for item in items:
        waiting.append(item)
        if len(waiting) > by:
            yield waiting.popleft()
    yield from waiting


def _copy_to_host_async(tensor: Tensor) -> Fetch:
    """Start copying a tensor to host memory; return a function that waits for the copy. The tensor must
    not be changed afterwards."""
    if tensor.device.type != "cuda":
        array = tensor.cpu().numpy()
        return lambda: array
    host = torch.empty(tensor.shape, pin_memory=True)
    host.copy_(tensor, non_blocking=True)
    copied = torch.cuda.Event()
    copied.record()

    def fetch() -> NDArray[np.float32]:
        copied.synchronize()
        return host.numpy()

    return fetch


class Population:
    """A stack of n GANs, with the optimisers' moments and the moving averages of weights."""

    def __init__(
        self,
        family: Family,
        settings: EngineSettings,
        gans: Sequence[int],
        device: str,
        execution: Execution = EAGER,
        compiling: Callable[[], None] = lambda: None,
        examples: Examples | None = None,
    ) -> None:
        """`examples` are those that initial weights follow from, in families that have such."""
        self.family, self.device = family, device
        self.shape = StepShape(family, len(gans), settings.batch_size, device)
        shared = settings.init == "shared"
        initial = [self._initial(*settings.origin(0 if shared else gan)) for gan in gans]
        if examples is not None and isinstance(family, FromExamples):
            mean = mean_of(examples, device)
            for networks in initial:
                family.initialise(networks, mean)
        self._parameters: dict[str, Parameters] = {}
        self._statistics: dict[str, Parameters] = {}
        self._weights: dict[str, Parameters] = {}
        """The tensors of a snapshot, in its order."""
        self._other_buffers: dict[str, Parameters] = {}
        """Non-persistent buffers: in checkpoints, but not in snapshots."""
        for network, module in initial[0].items():
            of_gans = [modules[network] for modules in initial]
            own = {
                name: torch.stack([one.get_parameter(name).detach() for one in of_gans]).to(device)
                for name, _ in module.named_parameters()
            }
            buffers = {
                name: torch.stack([one.get_buffer(name) for one in of_gans]).to(device)
                for name, _ in module.named_buffers()
            }
            self._parameters[network], self._statistics[network] = own, buffers
            self._weights[network] = {name: {**own, **buffers}[name] for name in module.state_dict()}
            self._other_buffers[network] = {
                name: value for name, value in buffers.items() if name not in module.state_dict()
            }
        self._averages: dict[str, Parameters] = {
            network: {name: p.clone() for name, p in self._parameters[network].items()}
            for network in family.ema_decays
        }
        self._states = [
            initial_state_of(phase, self._parameters, self._statistics) for phase in family.phases
        ]
        self._updates = [
            update_function(phase, self.shape, state, execution, compiling)
            for phase, state in zip(family.phases, self._states, strict=True)
        ]

    def _initial(self, seed: int, gan: int) -> Mapping[str, torch.nn.Module]:
        # PyTorch's initialisers draw from the global generator, which is left as it was.
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(stream(seed, gan, 0, "cpu").get_state())
            return self.family.networks()

    def step(self, examples: Tensor, noise: Tensor, scalars: Tensor) -> Tensor:
        """Do the updates of one step, phase by phase, in every GAN; return their losses (n, K), means
        over a phase's updates.

        `examples` (n, batches · B, D) holds the batches of each GAN, `noise` (updates, n, B, L + C) the
        noise of each update, and `scalars` (updates, 3) is described in train_step.py.
        """
        means, number = [], 0
        batches = examples.split(self.shape.batch_size, dim=1)
        for phase, update in zip(self.family.phases, self._updates, strict=True):
            losses = []
            for batch in batches[: phase.n_updates]:
                losses.append(update(batch, noise[number], scalars[number]))
                number += 1
            means.append(torch.stack(losses).mean(dim=0) if len(losses) > 1 else losses[0])
        for network, decay in self.family.ema_decays.items():
            torch._foreach_lerp_(
                list(self._averages[network].values()),
                list(self._parameters[network].values()),
                1 - decay,
            )
        return torch.cat(means, dim=1)

    def copies(self) -> tuple[Tensor, Tensor]:
        """Return copies of the snapshots (n, P), in the family's layout, with averaged weights where the
        family averages them, and of the checkpoints (n, R): weights, the optimisers' moments, averages,
        other buffers."""
        snapshots = [
            {**own, **self._averages.get(network, {})} for network, own in self._weights.items()
        ]
        return _flat(snapshots), _flat(self._checkpoint_parts())

    def restore(self, states: NDArray[np.float32]) -> None:
        """Restore the checkpoints (n, R) that an epoch left.

        Raises:
            ValueError: they have another size.
        """
        tensors = [tensor for part in self._checkpoint_parts() for tensor in part.values()]
        sizes = [tensor[0].numel() for tensor in tensors]
        if states.shape != (len(tensors[0]), sum(sizes)):
            raise ValueError(f"checkpoints of shape {states.shape}, not (n, {sum(sizes)})")
        for tensor, values in zip(tensors, torch.from_numpy(states).split(sizes, dim=1), strict=True):
            tensor.copy_(values.reshape(tensor.shape))

    def _checkpoint_parts(self) -> list[Parameters]:
        moments = [
            moment
            for network in self._parameters
            for state in self._states
            for moment in state.moments.get(network, [])
        ]
        weights, others = self._weights.values(), self._other_buffers.values()
        return [*weights, *moments, *self._averages.values(), *others]


def _flat(parts: Sequence[Parameters]) -> Tensor:
    return torch.cat([tensor.flatten(1) for part in parts for tensor in part.values()], dim=1)
