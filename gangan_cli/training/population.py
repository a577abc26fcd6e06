"""The engine: trains the GANs of a chunk side by side, each as if it were alone.

The parameters of the GANs are stacked, and a phase's loss is mapped over the stack (update.py), so a
GPU trains all in the time of a few. A GAN's initial weights, shuffles and noise come from
(seed, gan, epoch) alone; so it does not matter which process trains it, or whether it was resumed.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gangan_cli.data.examples import Examples
from gangan_cli.models.family import Family
from gangan_cli.training.execution import PLAIN, Execution
from gangan_cli.training.randomness import noise_of, stream
from gangan_cli.training.runners import Shape, runner
from gangan_cli.training.schedules import blurs, learning_rates, shares
from gangan_cli.training.settings import Epoch, Kept, Settings
from gangan_cli.training.update import Parameters, adam_rates

Fetch = Callable[[], NDArray[np.float32]]
"""Waits for a tensor on its way from the device, and gives it."""


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
    steps = settings.steps(len(examples))
    for epoch in range(done + 1, settings.epochs + 1):
        streams = [stream(settings.seed, gan, epoch, device) for gan in gans]
        shuffled = torch.stack(
            [torch.randperm(len(examples), generator=s, device=device) for s in streams]
        )
        batches = shuffled[:, : steps * batch_size].split(batch_size, dim=1)
        before = (epoch - 1) * steps
        progress = shares(before, steps, settings.epochs * steps)
        noises = noise_of(family, batch_size, streams, blurs(family, progress))
        rates = learning_rates(family, settings.learning_rate, progress)
        paces = torch.from_numpy(
            np.column_stack([adam_rates(rates, family.betas, before), progress]).astype(np.float32)
        )
        total = last = torch.zeros(len(family.phases), len(gans), device=device)
        for batch, noise, pace in zip(batches, noises, paces.to(device), strict=True):
            last = population.step(examples.batch(batch), noise, pace)
            total = total + last
            if stop():
                return
        losses = torch.stack([total / steps, last], dim=-1).transpose(0, 1)
        yield epoch, [_leaving(losses), *map(_leaving, population.copies())]


def _late(items: Iterable[tuple[int, list[Fetch]]], by: int) -> Iterator[tuple[int, list[Fetch]]]:
    """Yield each of `items` when `by` more have come, and the last ones at the end."""
    waiting: deque[tuple[int, list[Fetch]]] = deque()
    for item in items:
        waiting.append(item)
        if len(waiting) > by:
            yield waiting.popleft()
    yield from waiting


def _leaving(tensor: Tensor) -> Fetch:
    """Begin to copy a tensor that is not changed any more to the processor's memory."""
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
    """The stacked networks of n GANs, with Adam's moments and the moving averages of weights."""

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
        shared = settings.init == "shared"
        newborn = [self._initial(settings.seed, 0 if shared else gan) for gan in gans]
        self._parameters: dict[str, Parameters] = {
            network: {
                name: torch.stack(
                    [modules[network].get_parameter(name).detach() for modules in newborn]
                ).to(device)
                for name, _ in module.named_parameters()
            }
            for network, module in newborn[0].items()
        }
        self._first, self._second = self._zeros(), self._zeros()
        self._averages: dict[str, Parameters] = {
            network: {name: p.clone() for name, p in self._parameters[network].items()}
            for network in family.averages
        }
        self._updates = [
            runner(
                phase,
                Shape(family, len(gans), settings.batch_size, device),
                (
                    self._parameters[phase.learns],
                    self._first[phase.learns],
                    self._second[phase.learns],
                    {name: self._parameters[name] for name in newborn[0] if name != phase.learns},
                ),
                execution,
                compiling,
            )
            for phase in family.phases
        ]

    def _initial(self, seed: int, gan: int) -> Mapping[str, torch.nn.Module]:
        # PyTorch's initialisers draw from the global stream; leave it as it was found.
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(stream(seed, gan, 0, "cpu").get_state())
            return self.family.networks()

    def _zeros(self) -> dict[str, Parameters]:
        return {
            network: {name: torch.zeros_like(p) for name, p in parameters.items()}
            for network, parameters in self._parameters.items()
        }

    def step(self, examples: Tensor, noise: Tensor, pace: Tensor) -> Tensor:
        """Do the family's updates once, in order, in every GAN; return their losses (phases, n).

        `examples` (n, B, D) hold a batch per GAN, `noise` (phases, n, B, L), or L + D where
        the family blurs them, one per phase as well. `pace` (3,) is as in update.py.
        """
        losses = [
            update(examples, own_noise, pace)
            for update, own_noise in zip(self._updates, noise, strict=True)
        ]
        for network, keep in self.family.averages.items():
            torch._foreach_lerp_(
                list(self._averages[network].values()),
                list(self._parameters[network].values()),
                1 - keep,
            )
        return torch.stack(losses)

    def copies(self) -> tuple[Tensor, Tensor]:
        """Return copies of the snapshots (n, P), in the family's layout and averaged where it says so,
        and of all that training depends on (n, R): weights, Adam's two moments, averages."""
        snapshots = [self._averages.get(network, own) for network, own in self._parameters.items()]
        return _flat(snapshots), _flat(self._resume_parts())

    def restore(self, states: NDArray[np.float32]) -> None:
        """Go back to the (n, R) resume states that were left after an epoch.

        Raises:
            ValueError: they are of another population.
        """
        tensors = [tensor for part in self._resume_parts() for tensor in part.values()]
        sizes = [tensor[0].numel() for tensor in tensors]
        if states.shape != (len(tensors[0]), sum(sizes)):
            raise ValueError(f"resume states of shape {states.shape}, not (n, {sum(sizes)})")
        for tensor, values in zip(tensors, torch.from_numpy(states).split(sizes, dim=1), strict=True):
            tensor.copy_(values.reshape(tensor.shape))

    def _resume_parts(self) -> list[Parameters]:
        moments = [
            moment[network] for network in self._parameters for moment in (self._first, self._second)
        ]
        return [*self._parameters.values(), *moments, *self._averages.values()]


def _flat(parts: Sequence[Parameters]) -> Tensor:
    return torch.cat([tensor.flatten(1) for part in parts for tensor in part.values()], dim=1)
