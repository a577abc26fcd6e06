"""The engine: trains a stack of GANs, each as if it were alone.

The parameters of the GANs are stacked, and a phase's loss is vmapped over the stack (update.py), so that
a GPU trains many GANs in the time of a few. A GAN's initial weights, shuffles and noise come from (seed,
gan, epoch) alone, so it does not matter which process trains it, or whether it was resumed.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gangan_cli.models.family import Family, batches_per_step, losses
from gangan_cli.rng import stream
from gangan_cli.training.examples import Examples
from gangan_cli.training.execution import PLAIN, Execution
from gangan_cli.training.randomness import noise_of
from gangan_cli.training.runners import Shape, runner, state_of
from gangan_cli.training.schedules import paces_of, shares
from gangan_cli.training.settings import Epoch, Kept, Settings
from gangan_cli.training.update import Parameters

Fetch = Callable[[], NDArray[np.float32]]
"""Waits for a tensor that is being copied from the device, and returns it."""


def train(
    family: Family,
    examples: Examples,
    settings: Settings,
    gans: Sequence[int],
    *,
    device: str = "cpu",
    execution: Execution = PLAIN,
    start: tuple[int, NDArray[np.float32]] | None = None,
    stop: Callable[[], bool] = lambda: False,
    ahead: int | None = None,
    keep_every: float = 0.0,
    compiling: Callable[[], None] = lambda: None,
) -> Iterator[Epoch | Kept]:
    """Train `gans` together; yield after each epoch.

    `start` is an epoch and the (n, R) resume states left after it; without it, training begins
    anew. `stop` is asked after every step; when it says yes, the unfinished epoch is dropped.
    An epoch is handed over when `ahead` more are trained: by default one on a GPU, which so goes on
    while results are stored, else none. Epochs within `keep_every` seconds of one that had a resume
    state are told of without, and the last one's follows. `compiling` is called before a compilation.

    Raises:
        CannotCompile: `execution` wants it, and it cannot be done here.
    """
    population = Population(family, settings, gans, device, execution, compiling)
    if ahead is None:
        ahead = int(device.startswith("cuda"))
    done = 0
    if start:
        done = start[0]
        population.restore(start[1])
    sound = list(gans)
    last_kept, unkept = time.monotonic(), None
    for epoch, fetches in _late(_epochs(population, examples, settings, gans, done, stop), ahead):
        losses, vectors, resume = (fetch() for fetch in fetches)
        sane = [
            np.isfinite(one).all() and np.isfinite(other).all()
            for one, other in zip(losses, vectors, strict=True)
        ]
        rows = [row for row, gan in enumerate(gans) if gan in sound and sane[row]]
        lost = [gan for row, gan in enumerate(gans) if gan in sound and not sane[row]]
        sound = [gans[row] for row in rows]
        unkept = Kept(epoch, list(sound), resume[rows])
        keep = time.monotonic() - last_kept >= keep_every or epoch == settings.epochs
        yield Epoch(
            epoch=epoch,
            gans=list(sound),
            losses=losses[rows].astype(np.float64),
            vectors=vectors[rows] if settings.saves(epoch) else None,
            resume=unkept.resume if keep else None,
            diverged=lost,
        )
        if keep:
            last_kept, unkept = time.monotonic(), None
        if not sound:
            return
    if unkept:
        yield unkept


def _epochs(
    population: "Population",
    examples: Examples,
    settings: Settings,
    gans: Sequence[int],
    done: int,
    stop: Callable[[], bool],
) -> Iterator[tuple[int, list[Fetch]]]:
    """Train epoch after epoch (Algorithm 1 of the paper, inner loop).

    Each leaves its number, and how to fetch losses (n, L, 2), snapshots and resume states.
    """
    family, device, batch_size = population.family, population.device, settings.batch_size
    taken = batches_per_step(family) * batch_size
    steps = settings.steps(len(examples), batches_per_step(family))
    for epoch in range(done + 1, settings.epochs + 1):
        streams = [stream(settings.seed, gan, epoch, device) for gan in gans]
        shuffled = torch.stack(
            [torch.randperm(len(examples), generator=s, device=device) for s in streams]
        )
        batches = shuffled[:, : steps * taken].split(taken, dim=1)
        before = (epoch - 1) * steps
        progress = shares(before, steps, settings.epochs * steps)
        noises = noise_of(family, batch_size, streams, progress)
        paces = torch.from_numpy(paces_of(family, settings.learning_rate, before, progress))
        total = last = torch.zeros(len(gans), len(losses(family)), device=device)
        for batch, noise, pace in zip(batches, noises, paces.to(device), strict=True):
            last = population.step(examples.batch(batch), noise, pace)
            total = total + last
            if stop():
                return
        means = torch.stack([total / steps, last], dim=-1)
        yield epoch, [_leaving(means), *map(_leaving, population.copies())]


def _late(items: Iterable[tuple[int, list[Fetch]]], by: int) -> Iterator[tuple[int, list[Fetch]]]:
    """Yield each of `items` once `by` more have come; yield the last ones at the end."""
    waiting: deque[tuple[int, list[Fetch]]] = deque()
    for item in items:
        waiting.append(item)
        if len(waiting) > by:
            yield waiting.popleft()
    yield from waiting


def _leaving(tensor: Tensor) -> Fetch:
    """Start copying a tensor to host memory; it must not be changed afterwards."""
    if tensor.device.type != "cuda":
        there = tensor.cpu().numpy()
        return lambda: there
    here = torch.empty(tensor.shape, pin_memory=True)
    here.copy_(tensor, non_blocking=True)
    copied = torch.cuda.Event()
    copied.record()

    def fetch() -> NDArray[np.float32]:
        copied.synchronize()
        return here.numpy()

    return fetch


class Population:
    """A stack of n GANs, with the optimisers' moments and the moving averages of weights."""

    def __init__(
        self,
        family: Family,
        settings: Settings,
        gans: Sequence[int],
        device: str,
        execution: Execution = PLAIN,
        compiling: Callable[[], None] = lambda: None,
    ) -> None:
        self.family, self.device = family, device
        self.shape = Shape(family, len(gans), settings.batch_size, device)
        shared = settings.init == "shared"
        newborn = [self._initial(settings.seed, 0 if shared else gan) for gan in gans]
        self._parameters: dict[str, Parameters] = {}
        self._statistics: dict[str, Parameters] = {}
        self._weights: dict[str, Parameters] = {}
        """The tensors of a snapshot, in its order."""
        self._memories: dict[str, Parameters] = {}
        """Buffers that belong to a checkpoint, but not to a snapshot."""
        for network, module in newborn[0].items():
            alike = [modules[network] for modules in newborn]
            own = {
                name: torch.stack([one.get_parameter(name).detach() for one in alike]).to(device)
                for name, _ in module.named_parameters()
            }
            seen = {
                name: torch.stack([one.get_buffer(name) for one in alike]).to(device)
                for name, _ in module.named_buffers()
            }
            self._parameters[network], self._statistics[network] = own, seen
            self._weights[network] = {name: {**own, **seen}[name] for name in module.state_dict()}
            self._memories[network] = {
                name: value for name, value in seen.items() if name not in module.state_dict()
            }
        self._averages: dict[str, Parameters] = {
            network: {name: p.clone() for name, p in self._parameters[network].items()}
            for network in family.ema_decay
        }
        self._states = [state_of(phase, self._parameters, self._statistics) for phase in family.phases]
        self._updates = [
            runner(phase, self.shape, state, execution, compiling)
            for phase, state in zip(family.phases, self._states, strict=True)
        ]

    def _initial(self, seed: int, gan: int) -> Mapping[str, torch.nn.Module]:
        # PyTorch's initialisers draw from the global stream; leave it as it was found.
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(stream(seed, gan, 0, "cpu").get_state())
            return self.family.networks()

    def step(self, examples: Tensor, noise: Tensor, paces: Tensor) -> Tensor:
        """Do the family's updates, in order, in every GAN; return their losses (n, K), means over a
        phase's updates.

        `examples` (n, batches · B, D) hold the batches of each GAN, `noise` (updates, n, B, L + C) that
        of each update, and `paces` (updates, 3) are as in update.py.
        """
        means, one = [], 0
        batches = examples.split(self.shape.batch_size, dim=1)
        for phase, update in zip(self.family.phases, self._updates, strict=True):
            found = []
            for batch in batches[: phase.n_updates]:
                found.append(update(batch, noise[one], paces[one]))
                one += 1
            means.append(torch.stack(found).mean(dim=0) if len(found) > 1 else found[0])
        for network, keep in self.family.ema_decay.items():
            torch._foreach_lerp_(
                list(self._averages[network].values()),
                list(self._parameters[network].values()),
                1 - keep,
            )
        return torch.cat(means, dim=1)

    def copies(self) -> tuple[Tensor, Tensor]:
        """Return copies of the snapshots (n, P), in the family's layout and averaged where it says so,
        and of all that training depends on (n, R): weights, the optimisers' moments, averages."""
        snapshots = [
            {**own, **self._averages.get(network, {})} for network, own in self._weights.items()
        ]
        return _flat(snapshots), _flat(self._resume_parts())

    def restore(self, states: NDArray[np.float32]) -> None:
        """Go back to the (n, R) resume states that were left after an epoch.

        Raises:
            ValueError: they have another size.
        """
        tensors = [tensor for part in self._resume_parts() for tensor in part.values()]
        sizes = [tensor[0].numel() for tensor in tensors]
        if states.shape != (len(tensors[0]), sum(sizes)):
            raise ValueError(f"resume states of shape {states.shape}, not (n, {sum(sizes)})")
        for tensor, values in zip(tensors, torch.from_numpy(states).split(sizes, dim=1), strict=True):
            tensor.copy_(values.reshape(tensor.shape))

    def _resume_parts(self) -> list[Parameters]:
        moments = [
            moment
            for network in self._parameters
            for state in self._states
            for moment in state.moments.get(network, [])
        ]
        weights, memories = self._weights.values(), self._memories.values()
        return [*weights, *moments, *self._averages.values(), *memories]


def _flat(parts: Sequence[Parameters]) -> Tensor:
    return torch.cat([tensor.flatten(1) for part in parts for tensor in part.values()], dim=1)
