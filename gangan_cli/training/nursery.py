"""Where worker processes come from: a process that has imported what they need, and forks."""

import multiprocessing as mp
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker, util
from multiprocessing.context import ForkServerContext, SpawnContext

from gangan_cli import caches
from gangan_cli.signals import ENDING

GPUS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")  # NVIDIA's, Windows' for its Linux, AMD's

FORKS = sys.platform == "linux" and not any(map(os.path.exists, GPUS))
"""Apple's frameworks do not work in a process that was forked, nor do GPUs once PyTorch has asked for
them before, as an import may: there each worker is a new process, and imports by itself."""

CONTEXT: ForkServerContext | SpawnContext = (
    mp.get_context("forkserver") if FORKS else mp.get_context("spawn")
)


INDUCTOR = "TORCHINDUCTOR_CACHE_DIR"
"""The variable of the environment by which PyTorch's compiler finds the folder of what it makes."""


def get_ready() -> None:
    """Begin to import what workers need, beside whatever the caller goes on with.

    That takes 2.5 s: so it is over when the first worker is wanted, or nearly, and is done once for all
    of them. On two cores a short training takes 4.3 s so, for 7.2. Calling this again does nothing.
    Workers see the environment of the first call.
    """
    # PyTorch's compiler makes a folder even where nothing is compiled, for which it asks who we are.
    os.environ[INDUCTOR] = str(caches.writable("inductor", INDUCTOR))
    if not FORKS:
        return
    forkserver.set_forkserver_preload(["gangan_cli.training.preloaded"])
    resource_tracker.ensure_running()  # on its way it would unblock some of the signals
    # They reach the whole process group, of which the parent alone heeds them.
    with _blocked(ENDING), _no_modules_from_here(), _short_addresses():
        forkserver.ensure_running()


@contextmanager
def _blocked(signals: tuple[signal.Signals, ...]) -> Iterator[None]:
    """Keep signals from what is started meanwhile, for its life, and from its children."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


LONGEST = 107 - len("/pymp-12345678/listener-12345678")
"""Bytes that a folder's path may have for sockets to lie in it: the kernel bounds their names."""


@contextmanager
def _short_addresses() -> Iterator[None]:
    """Have multiprocessing make its sockets in a folder that is short enough, whatever TMPDIR says."""
    before, tempfile.tempdir = tempfile.tempdir, str(caches.scratch(LONGEST))
    try:
        util.get_temp_dir()
        yield
    finally:
        tempfile.tempdir = before


@contextmanager
def _no_modules_from_here() -> Iterator[None]:
    """Have a Python that is started meanwhile import nothing from the working folder, where somebody's
    random.py may lie: it knows its parent's path only later."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before
