"""A step of each family, recorded and replayed as gangan does, and as autograd and torch.optim do it."""

import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from gangan_cli.config import EngineSettings
from gangan_cli.memory import keep_freed_memory
from gangan_cli.models.family import Family, ImageSpec, unrolled_phases
from gangan_cli.models.functional import bind_weights
from gangan_cli.models.optimizers import RMSProp
from gangan_cli.models.registry import FAMILIES, build, hparams_for
from gangan_cli.training.engine import Population
from tests.bench.measure import Figure, in_turn, ratios

MNIST = ImageSpec(28, 28)
IMAGES = 60_000


def bench_families(rounds: int = 3) -> Iterator[Figure]:
    """Seconds of a GAN-epoch on MNIST, one thread, not compiled."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    keep_freed_memory()  # all three as in a worker
    for name, entry in FAMILIES.items():
        if not entry.of_images:
            continue
        family = build(name, hparams_for(name, MNIST))
        settings = EngineSettings(1, entry.defaults.get("batch_size", 100), 2e-4, 0, 1)
        population = Population(family, settings, [0], "cpu")
        step = meaningful(*population.shape.step())
        eager = eagerly(family, *step)
        ours, plain = in_turn(
            rounds, lambda run=population, step=step: taken(lambda: run.step(*step)),
            lambda eager=eager: taken(eager),
        )  # fmt: skip
        steps = settings.steps(IMAGES, step[0].shape[1] // settings.batch_size)
        yield Figure(f"{name}: gangan", "s per GAN-epoch", [steps * one for one in ours])
        yield Figure(f"{name}: eager / gangan", "×", ratios(plain, ours))


def meaningful(examples: Tensor, noise: Tensor, paces: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return random numbers of these shapes, and a usual pace: zeros may be multiplied faster."""
    random = torch.Generator().manual_seed(0)
    examples, noise = (torch.rand(one.shape, generator=random) for one in (examples, noise))
    return examples, noise, torch.tensor([2e-4, 1.0, 0.1]).expand_as(paces)


def eagerly(family: Family, examples: Tensor, noise: Tensor, paces: Tensor) -> Callable[[], None]:
    """Return a step of one GAN by autograd and torch.optim; batches are as `StepShape.step` gives
    them."""
    modules = family.networks()
    optimizers = {}
    for phase in family.phases:
        weights = [p for name in phase.learns for p in modules[name].parameters()]
        kind = torch.optim.RMSprop if isinstance(phase.optimizer, RMSProp) else torch.optim.Adam
        optimizers[phase.called] = kind(weights, lr=2e-4)
    batch = examples[0, : noise.shape[2]]

    def step() -> None:
        for phase, own in zip(unrolled_phases(family), noise[:, 0], strict=True):
            weights = {name: dict(module.state_dict(keep_vars=True)) for name, module in modules.items()}
            for name in modules.keys() - set(phase.learns):
                weights[name] = {part: weight.detach() for part, weight in weights[name].items()}
            if phase.before:
                with torch.no_grad():
                    phase.before(weights)
            networks = bind_weights(modules, weights)
            optimizers[phase.called].zero_grad()
            sum(phase.losses(networks, batch, own, paces[0, 2])).backward()
            optimizers[phase.called].step()

    return step


def taken(step: Callable[[], object]) -> float:
    """Return the seconds of a step: the median of some, after a first that prepares."""
    step()
    times = []
    while len(times) < 3 or (sum(times) < 1 and len(times) < 30):
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2]
