"""Updates compiled to machine code, once for a machine, and kept in a folder of the user's cache."""

import hashlib
import logging
import os
import platform
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.fx import GraphModule

from gangan_cli import caches
from gangan_cli.errors import WorkFailed

SOURCES = ("models", "training/update.py")
"""Where what is compiled is written down: another text means compiling anew."""


class CannotCompile(WorkFailed):
    """There is no C++ compiler, or it failed."""


KIND = "compiled"
"""The cache's folder."""


def compiled(
    what: str,
    recorded: Callable[[], GraphModule],
    state: Sequence[Tensor],
    inputs: Sequence[Tensor],
    compiling: Callable[[], None],
) -> Callable[..., Tensor]:
    """Return the operations on (*state, *inputs) that `recorded` records, compiled: a function of
    other inputs of the same shapes.

    `what` names them: with this machine, these sources and versions it must decide the operations.
    `compiling` is called if they were not compiled before.

    Raises:
        CannotCompile: no compiler, or it failed, or the cache cannot be written or is damaged.
    """
    package = caches.folder(KIND) / f"{key(what)}.pt2"
    try:
        with caches.alone(package):
            if not package.exists():
                compiling()
                _compile(recorded(), (*state, *inputs), package)
    except caches.CacheUnwritable as error:
        raise CannotCompile(str(error)) from error
    # The binding beneath torch._inductor.aoti_load_package: without importing the compiler, which
    # takes 1.8 s, and without sorting the arguments at each call, a tenth of a step.
    try:
        loaded = torch._C._aoti.AOTIModelPackageLoader(str(package), "model", True, 1, -1)
    except RuntimeError as error:
        raise CannotCompile(f"{package} is damaged: delete it, and it is compiled again") from error

    def run(*inputs: Tensor) -> Tensor:
        losses: Tensor = loaded.run([*state, *inputs])[0]
        return losses

    return run


def key(what: str) -> str:
    """Return a name for `what` on this processor, with this number of threads and these sources."""
    here = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for source in SOURCES:
        path = here / source
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    processor = platform.processor() or platform.machine()
    with_flags = Path("/proc/cpuinfo")
    if with_flags.exists():
        lines = with_flags.read_text().splitlines()
        processor += "".join(
            sorted({line for line in lines if line.startswith(("model name", "flags"))})
        )
    for part in (what, processor, torch.__version__, str(torch.get_num_threads())):
        digest.update(part.encode())
    return digest.hexdigest()[:32]


def _compile(graph: GraphModule, tensors: tuple[Tensor, ...], package: Path) -> None:
    from torch._inductor import aoti_compile_and_package
    from torch._inductor.cpp_builder import get_cpp_compiler

    class Update(torch.nn.Module):
        def forward(self, *tensors: Tensor) -> Tensor:
            losses: Tensor = graph(*tensors)
            return losses

    # It would warn of CUDA's compiler without a GPU, which is nobody's concern here.
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    unfinished = package.with_name(f"{package.stem}.{os.getpid()}.pt2")
    try:
        get_cpp_compiler()  # if there is none, that is known now and not ten seconds later
        program = torch.export.export(Update(), tensors)
        aoti_compile_and_package(program, package_path=str(unfinished))
        unfinished.replace(package)
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CannotCompile(f"the updates could not be compiled ({reason})") from error
    finally:
        unfinished.unlink(missing_ok=True)
