"""Updates compiled ahead of time (AOTInductor), once per machine, and kept in the user's cache."""

import ast
import hashlib
import logging
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import torch
from torch import Tensor
from torch.fx import GraphModule

from gangan_cli import caches
from gangan_cli.errors import WorkFailed
from gangan_cli.models.registry import FAMILIES
from gangan_cli.training.forkserver import INDUCTOR

ROOT = Path(__file__).parents[2]
"""The folder of the project's packages."""


@cache
def sources() -> tuple[Path, ...]:
    """Return the sources of the compiled operations: those of all families and of the update, with all
    of the project's modules that these import. If one changes, updates are compiled again."""
    families = {f"gangan_cli.models.{info.where.partition(':')[0]}" for info in FAMILIES.values()}
    waiting, found = [*families, "gangan_cli.training.train_step"], dict[str, Path]()
    while waiting:
        name = waiting.pop()
        path = ROOT / name.replace(".", "/")
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if name in found or not file.is_file():
            continue
        found[name] = file
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
    return tuple(found[name] for name in sorted(found))


class CannotCompile(WorkFailed):
    """Updates cannot be compiled: there is no C++ compiler, or it failed."""


KIND = "compiled"
"""The cache's folder."""


def compile_update(
    what: str,
    recorded: Callable[[], GraphModule],
    state: Sequence[Tensor],
    inputs: Sequence[Tensor],
    compiling: Callable[[], None],
) -> Callable[..., Tensor]:
    """Return a compiled function of inputs, which runs the operations that `recorded` returns on
    (*state, *inputs).

    `what` identifies the operations: together with the processor, the sources and the versions it must
    determine them. `compiling` is called if they were not compiled before.

    Raises:
        CannotCompile: no compiler, or it failed, or the cache cannot be written or is damaged, or
        temporary files cannot be executed.
    """
    try:
        aside = caches.scratch()
        check_runs_programs(aside)  # the compiler's parts lie there too, for a moment
        package = caches.folder(KIND) / f"{key(what)}.pt2"
        with caches.alone(package):
            if not package.exists():
                compiling()
                _compile(recorded(), (*state, *inputs), package)
        loaded = _load(package, aside)
    except CannotCompile:
        raise
    except WorkFailed as error:
        raise CannotCompile(str(error)) from error

    def run(*inputs: Tensor) -> Tensor:
        losses: Tensor = loaded.run([*state, *inputs])[0]
        return losses

    return run


def check_runs_programs(folder: Path) -> None:
    """Check that compiled files in `folder` can be executed.

    Raises:
        CannotCompile: its file system is mounted noexec.
    """
    if os.statvfs(folder).f_flag & os.ST_NOEXEC:
        raise CannotCompile(
            f"{folder} lies on a file system that runs no programs (noexec): set TMPDIR, and "
            "XDG_CACHE_HOME for the cache, to folders on another one"
        )


def _load(package: Path, aside: Path) -> Any:
    """Load a package, which PyTorch unpacks below the folder `aside`."""
    # The binding beneath torch._inductor.aoti_load_package: without importing the compiler, which
    # takes 1.8 s, and without sorting the arguments at each call, a tenth of a step.
    try:
        with _environment(TMPDIR=str(aside)):
            return torch._C._aoti.AOTIModelPackageLoader(str(package), "model", True, 1, -1)
    except RuntimeError as error:
        if _is_whole(package):
            raise CannotCompile(f"{package} cannot be loaded ({_first_line(error)})") from error
        raise CannotCompile(f"{package} is damaged: delete it, and it is compiled again") from error


def _is_whole(package: Path) -> bool:
    try:
        with ZipFile(package) as parts:
            return parts.testzip() is None
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        return False


@contextmanager
def _environment(**more: str) -> Iterator[None]:
    """Set environment variables inside the block, for C++ libraries too."""
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def key(what: str) -> str:
    """Return the cache key of `what` on this processor, with this number of threads and these
    sources."""
    digest = hashlib.sha256()
    for file in sources():
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

    # Silence a warning about nvcc, which is irrelevant on the CPU.
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    unfinished = package.with_name(f"{package.stem}.{os.getpid()}.pt2")
    try:
        own = caches.writable("inductor", INDUCTOR)
        check_runs_programs(own)
        get_cpp_compiler()  # if there is none, that is known now and not ten seconds later
        program = torch.export.export(Update(), tensors)
        with _environment(**{INDUCTOR: str(own)}):
            aoti_compile_and_package(program, package_path=str(unfinished))
        unfinished.replace(package)
    except CannotCompile:
        raise
    except Exception as error:
        raise CannotCompile(f"the updates could not be compiled ({_first_line(error)})") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
