"""The engine: trains the GANs of a chunk side by side, each as if it were alone.

The parameters of the GANs are stacked, and a phase's loss is mapped over the stack (torch.func), so
a GPU trains all in the time of a few. A GAN's initial weights, shuffles and noise come from
(seed, gan, epoch) alone; so it does not matter which process trains it, or whether it was resumed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import functional_call, vmap
from torch.utils._pytree import tree_map

from gangan_cli.data.examples import Examples
from gangan_cli.models.family import Family, Networks, Phase
from gangan_cli.training.settings import Epoch, Settings

Parameters = dict[str, Tensor]
"""The stacked parameters (n, ...) of one network by name."""


def train(
    family: Family,
    examples: Examples,
    settings: Settings,
    gans: Sequence[int],
    *,
    device: str = "cpu",
    start: tuple[int, NDArray[np.float32]] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Epoch]:
    """Train `gans` together; yield after each epoch (Algorithm 1 of the paper, inner loop).

    `start` is an epoch and the (n, R) resume states left after it; without it, training begins
    anew. `stop` is asked after every step; when it says yes, the unfinished epoch is dropped.
    """
    population = Population(family, settings, gans, device)
    done = population.restore(*start, len(examples)) if start else 0
    sound = list(gans)
    steps = len(examples) // settings.batch_size  # the last, incomplete batch is dropped

    for epoch in range(done + 1, settings.epochs + 1):
        streams = [stream(settings.seed, gan, epoch, device) for gan in gans]
        shuffled = torch.stack(
            [torch.randperm(len(examples), generator=s, device=device) for s in streams]
        )
        total = last = torch.zeros(len(family.phases), len(gans), device=device)
        for batch in shuffled[:, : steps * settings.batch_size].split(settings.batch_size, dim=1):
            real = examples.batch(batch)
            losses = []
            for phase in family.phases:
                noise = torch.stack([family.noise((settings.batch_size,), s) for s in streams])
                losses.append(population.step(phase, real, noise))
            population.average()
            last = torch.stack(losses)
            total = total + last
            if stop():
                return

        means = torch.stack([total / steps, last], dim=-1).transpose(0, 1).double().cpu().numpy()
        vectors = population.snapshots()
        finite = np.isfinite(means).all((1, 2)) & np.isfinite(vectors).all(1)
        rows = [row for row, gan in enumerate(gans) if gan in sound and finite[row]]
        lost = [gan for row, gan in enumerate(gans) if gan in sound and not finite[row]]
        sound = [gans[row] for row in rows]
        yield Epoch(
            epoch=epoch,
            gans=list(sound),
            losses=means[rows],
            vectors=vectors[rows] if settings.saves(epoch) else None,
            resume=population.resume_states()[rows],
            diverged=lost,
        )
        if not sound:
            return


def stream(seed: int, gan: int, epoch: int, device: str) -> torch.Generator:
    """Return the source of all randomness of one GAN in one epoch (epoch 0: its initial weights)."""
    number = int(np.random.SeedSequence([seed, gan, epoch]).generate_state(1, np.uint64)[0])
    return torch.Generator(device).manual_seed(number)


class Population:
    """The stacked networks of n GANs, with Adam's moments and the moving averages of weights."""

    def __init__(self, family: Family, settings: Settings, gans: Sequence[int], device: str) -> None:
        newborn = [self._initial(family, settings.seed, gan) for gan in gans]
        self._modules = newborn[0]
        self._parameters: dict[str, Parameters] = {
            network: {
                name: torch.stack([modules[network].get_parameter(name).detach() for modules in newborn])
                .to(device)
                .requires_grad_()
                for name, _ in module.named_parameters()
            }
            for network, module in self._modules.items()
        }
        self._optimisers = {
            network: torch.optim.Adam(
                parameters.values(), lr=settings.learning_rate, betas=family.betas, fused=True
            )
            for network, parameters in self._parameters.items()
        }
        self._keep = family.averages
        self._averages: dict[str, Parameters] = {
            network: {name: p.detach().clone() for name, p in self._parameters[network].items()}
            for network in self._keep
        }
        self._batch_size = settings.batch_size
        self._count = len(gans)

    @staticmethod
    def _initial(family: Family, seed: int, gan: int) -> Mapping[str, torch.nn.Module]:
        # PyTorch's initialisers draw from the global stream; leave it as it was found.
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(stream(seed, gan, 0, "cpu").get_state())
            return family.networks()

    def step(self, phase: Phase, examples: Tensor, noise: Tensor) -> Tensor:
        """Update the network that learns in `phase` once, in every GAN.

        `examples` (n, B, D) and `noise` (n, B, L) hold a batch per GAN. Returns the n losses.
        """
        learning = self._parameters[phase.learns]
        # The other networks are constants here: their gradients would be computed for nothing.
        fixed = {
            network: {name: parameter.detach() for name, parameter in parameters.items()}
            for network, parameters in self._parameters.items()
            if network != phase.learns
        }

        def loss(own: Parameters, others: dict[str, Parameters], x: Tensor, z: Tensor) -> Tensor:
            return phase.loss(bind(self._modules, {**others, phase.learns: own}), x, z)

        losses = self._map(loss)(learning, fixed, examples, noise)
        # A GAN's loss depends on its own parameters only, so the sum's gradient holds each one's.
        # backward() rather than autograd.grad: it lays a gradient out as its parameter is, which
        # the fused Adam takes for granted.
        self._optimisers[phase.learns].zero_grad()
        losses.sum().backward(inputs=list(learning.values()))
        self._optimisers[phase.learns].step()
        return losses.detach()

    def _map(self, loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """Map a loss of one GAN over the stack."""
        if self._count > 1:
            return vmap(loss)
        # A stack of one is passed through as views: its matrices need no batched product. That
        # makes a step of the GAN-GAN over raw weights (8.3 million parameters) 1.2 to 1.4 times as fast.
        return lambda *stacks: loss(*tree_map(lambda tensor: tensor.squeeze(0), stacks)).unsqueeze(0)

    def average(self) -> None:
        """Move the averaged weights a step towards the present ones."""
        for network, keep in self._keep.items():
            torch._foreach_lerp_(
                list(self._averages[network].values()),
                [parameter.detach() for parameter in self._parameters[network].values()],
                1 - keep,
            )

    def snapshots(self) -> NDArray[np.float32]:
        """Return the weights (n, P) in the family's layout, averaged where the family says so."""
        return _flat([*(self._averages.get(network, own) for network, own in self._parameters.items())])

    def resume_states(self) -> NDArray[np.float32]:
        """Return all that training depends on, (n, R): weights, Adam's two moments, averages."""
        return _flat(self._resume_parts())

    def restore(self, epoch: int, states: NDArray[np.float32], examples: int) -> int:
        """Go back to the (n, R) `states` left after `epoch` epochs over `examples`; return `epoch`."""
        steps = float(epoch * (examples // self._batch_size))
        for optimiser in self._optimisers.values():
            for parameter in optimiser.param_groups[0]["params"]:
                optimiser.state[parameter] = {
                    "step": torch.tensor(steps, device=parameter.device),
                    "exp_avg": torch.zeros_like(parameter),
                    "exp_avg_sq": torch.zeros_like(parameter),
                }
        tensors = [tensor for part in self._resume_parts() for tensor in part.values()]
        sizes = [tensor[0].numel() for tensor in tensors]
        if states.shape != (len(tensors[0]), sum(sizes)):
            raise ValueError(f"resume states of shape {states.shape}, not (n, {sum(sizes)})")
        with torch.no_grad():
            for tensor, values in zip(
                tensors, torch.from_numpy(states).split(sizes, dim=1), strict=True
            ):
                tensor.copy_(values.reshape(tensor.shape))
        return epoch

    def _resume_parts(self) -> list[Parameters]:
        moments = [
            {name: self._optimisers[network].state[p][moment] for name, p in parameters.items()}
            for network, parameters in self._parameters.items()
            for moment in ("exp_avg", "exp_avg_sq")
        ]
        return [*self._parameters.values(), *moments, *self._averages.values()]


def bind(
    modules: Mapping[str, torch.nn.Module], parameters: Mapping[str, Mapping[str, Tensor]]
) -> Networks:
    """Return the networks of one GAN as functions of a batch, with `parameters` in place."""
    return {
        network: partial(functional_call, module, dict(parameters[network]))
        for network, module in modules.items()
    }


def _flat(parts: Sequence[Parameters]) -> NDArray[np.float32]:
    rows = [tensor.detach().flatten(1) for part in parts for tensor in part.values()]
    return torch.cat(rows, dim=1).cpu().numpy()
