"""Chooses how the updates of a run are executed on this machine (execution.py)."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from gangan_cli.config import EngineSettings
from gangan_cli.training.execution import EAGER, Execution, ExecutionRequest, Matmul
from gangan_cli.training.messages import ExecutionChosen

if TYPE_CHECKING:
    from gangan_cli.models.family import Family
    from gangan_cli.training.engine import Population

COMPILING_PAYS = 30_000_000_000
"""Compiling pays if the losses of all steps of a run write this many numbers: 33,000 steps of the
paper's GAN, each of which is then a millisecond faster. Compiling takes half a minute (one or two
minutes with convolutions), once per kind of GAN."""

CALLS_OF_A_STACK = 4_500_000
"""What the calls of a stack's step count for in numbers, beside those it writes: networks are stacked on
processors where calls take most of the time. Of 50 GANs of numbers a step takes 0.8 ms compiled instead
of 6.0, with minibatch discrimination 6 instead of 15."""

FLOPS_A_THREAD = 75_000_000
"""Floating-point operations of a step's losses per thread. The paper's GAN takes 56 million, and gains
nothing from a second thread. With two threads the small DCGAN (171 million) takes a quarter less time,
the default GAN-GAN (372 million) a third less."""


def choose(
    family: "Family",
    settings: EngineSettings,
    device: str,
    request: ExecutionRequest,
    compiling: Callable[[], None],
) -> ExecutionChosen:
    """Choose the execution of a run on this machine; `compiling` is called before compiling starts.

    Raises:
        CannotCompile: compiling was requested, and is not possible.
    """
    import torch

    from gangan_cli.training.aot import CannotCompile
    from gangan_cli.training.cost import cost_of
    from gangan_cli.training.engine import Population

    if device != "cpu":
        return ExecutionChosen(EAGER)
    cost = cost_of(family, settings.batch_size)
    threads = max(1, min(request.threads, cost.flops // FLOPS_A_THREAD))
    torch.set_num_threads(threads)
    work = request.steps * cost.numbers
    if request.stack > 1:
        work += request.steps // request.stack * CALLS_OF_A_STACK
    if not (work >= COMPILING_PAYS or request.compile):
        return ExecutionChosen(Execution(threads=threads))
    compiled, note, gans = request.compile is not False, "", range(request.stack)
    if compiled:
        try:
            population = Population(family, settings, gans, device, Execution(True), compiling)
        except CannotCompile as error:
            if request.compile:
                raise
            compiled, note = False, f"{error}: training goes on without, up to 1.7 times as slow"
    if not compiled:
        population = Population(family, settings, gans, device)
    what = f"products {family} {request.stack} of {settings.batch_size} {compiled}"
    return ExecutionChosen(Execution(compiled, _remembered_products(what, population), threads), note)


def _remembered_products(what: str, population: "Population") -> Matmul:
    """Return the library that was found to be faster before, so that the same run gives the same bytes
    again."""
    from gangan_cli import caches
    from gangan_cli.training.aot import KIND, key

    try:
        file = caches.folder(KIND) / f"{key(what)}.txt"
        with caches.alone(file):
            if not file.exists():
                file.write_text(_faster_products(population))
            return "onednn" if file.read_text() == "onednn" else "default"
    except (OSError, caches.CacheUnwritable):
        return "default"


def _faster_products(population: "Population") -> Matmul:
    """Return the library that takes less time for a step of `population`, if it is as accurate.

    oneDNN is twice as fast as MKL on some processors, and slower on others. This changes the
    population's weights.
    """
    if not _as_accurate():
        return "default"
    zeros = population.shape.step()
    best: dict[Matmul, float] = {"default": float("inf"), "onednn": float("inf")}
    for library in [*best] * 5:
        _set(library)
        population.step(*zeros)  # the first call prepares what later ones use
        began = time.perf_counter()
        for _ in range(4):
            population.step(*zeros)
        best[library] = min(best[library], time.perf_counter() - began)
    _set("default")
    return "onednn" if best["onednn"] < best["default"] else "default"


def use(library: Matmul) -> None:
    """Use `library` for float32 matrix products in this process, unless it is less accurate: a run that
    started with oneDNN may be resumed where oneDNN would round to bfloat16.
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
    """Return whether oneDNN's products are as accurate as float32 allows."""
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
