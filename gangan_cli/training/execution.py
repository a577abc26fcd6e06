"""How the recorded updates are run: as they are, compiled, or captured on a GPU; by how many threads,
and with which products.

All of this changes the rounding and nothing else. What was chosen when a run began is kept with it,
so that it goes on as it began.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gangan_cli.training.settings import Settings

if TYPE_CHECKING:
    from gangan_cli.models.family import Family
    from gangan_cli.training.population import Population

COMPILING_PAYS = 30_000_000_000
"""Numbers that a run's losses write, all steps together, from which compiling is made up for: in 33,000
steps of the paper's GAN, each a millisecond shorter then. It takes half a minute
(with convolutions one or two), the first time for such GANs."""

FLOPS_A_THREAD = 75_000_000
"""Operations of a step's losses that keep a thread busy. The paper's GAN takes 56 million: a second one
gains nothing. With two, the small DCGAN (171 million) takes a quarter less time, the default GAN-GAN
(372 million) a third."""

Matmul = Literal["default", "onednn"]


@dataclass(frozen=True)
class Execution:
    """How updates are run: `compiled` to machine code or not, which library multiplies matrices, and how
    many threads share the work of one."""

    compiled: bool = False
    matmul: Matmul = "default"
    threads: int = 1


PLAIN = Execution()
"""Recorded operations one by one, through PyTorch as it ships."""


@dataclass(frozen=True)
class Wish:
    """What is known when an execution is chosen: was compiling asked for or forbidden, the steps of all
    the run's GANs, and how many threads are free for each."""

    compile: bool | None
    steps: int
    threads: int = 1


@dataclass(frozen=True)
class Compiling:
    """Told by a worker that has to compile first."""


@dataclass(frozen=True)
class Chosen:
    """Told by a worker: the execution that suits run and machine, and why it is not a faster one."""

    execution: Execution
    note: str = ""


def choose(
    family: "Family", settings: Settings, device: str, wish: Wish, compiling: Callable[[], None]
) -> Chosen:
    """Return how a run is best executed here; `compiling` is called before it takes long.

    Raises:
        CannotCompile: it was asked for, and cannot be done.
    """
    import torch

    from gangan_cli.training.compiled import CannotCompile
    from gangan_cli.training.cost import cost_of
    from gangan_cli.training.population import Population

    if device != "cpu":
        return Chosen(PLAIN)
    cost = cost_of(family, settings.batch_size)
    threads = max(1, min(wish.threads, cost.flops // FLOPS_A_THREAD))
    torch.set_num_threads(threads)
    if not (wish.steps * cost.numbers >= COMPILING_PAYS or wish.compile):
        return Chosen(Execution(threads=threads))
    compiled, note = wish.compile is not False, ""
    if compiled:
        try:
            population = Population(family, settings, [0], device, Execution(True), compiling)
        except CannotCompile as error:
            if wish.compile:
                raise
            compiled, note = False, f"{error}: training goes on without, up to 1.7 times as slow"
    if not compiled:
        population = Population(family, settings, [0], device)
    what = f"products {family} {settings.batch_size} {compiled}"
    return Chosen(Execution(compiled, _remembered_products(what, population), threads), note)


def _remembered_products(what: str, population: "Population") -> Matmul:
    """Return what was found to be faster here before: the same run twice must give the same bytes."""
    from gangan_cli import caches
    from gangan_cli.training.compiled import KIND, key

    try:
        file = caches.folder(KIND) / f"{key(what)}.txt"
        with caches.alone(file):
            if not file.exists():
                file.write_text(_faster_products(population))
            return "onednn" if file.read_text() == "onednn" else "default"
    except (OSError, caches.CacheUnwritable):
        return "default"


def _faster_products(population: "Population") -> Matmul:
    """Return which library takes less time for a step of `population`, if it is as accurate.

    oneDNN is twice as fast as MKL on some processors, and slower on others. What the population has
    learned is lost.
    """
    if not _as_accurate():
        return "default"
    nothing = population.shape.step()
    best: dict[Matmul, float] = {"default": float("inf"), "onednn": float("inf")}
    for library in [*best] * 5:
        _set(library)
        population.step(*nothing)  # the first call prepares what later ones use
        began = time.perf_counter()
        for _ in range(4):
            population.step(*nothing)
        best[library] = min(best[library], time.perf_counter() - began)
    _set("default")
    return "onednn" if best["onednn"] < best["default"] else "default"


def use(library: Matmul) -> None:
    """Have this process multiply float32 matrices with `library`, but never less exactly.

    A run that began with oneDNN may go on where oneDNN would round to bfloat16.
    """
    if library == "onednn" and not _as_accurate():
        library = "default"
    _set(library)


def _set(library: Matmul) -> None:
    import torch

    # PyTorch asks oneDNN for such products only where bfloat16 would do. Without the instructions of
    # AMX, oneDNN computes them in float32 all the same; `_as_accurate` sees whether it did.
    precision = {"default": "none", "onednn": "bf16"}[library]
    torch.backends.mkldnn.matmul.fp32_precision = precision  # type: ignore[attr-defined]


def _as_accurate() -> bool:
    """Tell whether oneDNN's products are as near to the exact ones as float32 can be expected to be."""
    import torch

    if not torch.backends.mkldnn.is_available():
        return False
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(128, 128, generator=generator) for _ in range(2))
    exact = left.double() @ right.double()

    def error(library: Matmul) -> float:
        _set(library)
        return float((left @ right - exact).norm())

    same = error("onednn") <= 2 * error("default")
    _set("default")
    return same
