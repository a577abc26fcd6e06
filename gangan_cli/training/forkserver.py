"""The fork server: a process that has imported what workers need, and forks them."""

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

CAN_FORK = sys.platform == "linux" and not any(map(os.path.exists, GPUS))
"""Whether workers can be forked. Apple's frameworks do not work in a forked process, and GPUs do not
either once PyTorch has queried them: there each worker is a new process with its own imports."""

CONTEXT: ForkServerContext | SpawnContext = (
    mp.get_context("forkserver") if CAN_FORK else mp.get_context("spawn")
)


INDUCTOR = "TORCHINDUCTOR_CACHE_DIR"
"""Environment variable with the cache folder of PyTorch's compiler."""


def prepare_compiler_cache() -> None:
    """Choose the folder in which PyTorch's compiler keeps what it makes. It makes one even where nothing
    is compiled, for which it asks who we are."""
    os.environ[INDUCTOR] = str(caches.writable("inductor", INDUCTOR))


def warm_up() -> None:
    """Start the fork server, which imports what workers need in the background.

    The imports take 2.5 s, once for all workers, and are nearly done when the first worker is started: a
    short training takes 4.3 s on two cores instead of 7.2. Calling this again does nothing. Workers see
    the environment of the first call.
    """
    prepare_compiler_cache()
    if not CAN_FORK:
        return
    forkserver.set_forkserver_preload(["gangan_cli.training.preload"])
    resource_tracker.ensure_running()  # on its way it would unblock some of the signals
    # They reach the whole process group, of which the parent alone heeds them.
    with _blocked(ENDING), _no_modules_from_here(), _short_addresses():
        forkserver.ensure_running()


@contextmanager
def _blocked(signals: tuple[signal.Signals, ...]) -> Iterator[None]:
    """Block signals in processes that are started inside the block, and in their children."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


LONGEST = 107 - len("/pymp-12345678/listener-12345678")
"""Maximum length in bytes of a folder's path for sockets: the kernel limits the length of their
names."""


@contextmanager
def _short_addresses() -> Iterator[None]:
    """Let multiprocessing create its sockets in a folder with a short path, whatever TMPDIR says."""
    before, tempfile.tempdir = tempfile.tempdir, str(caches.scratch(LONGEST))
    try:
        util.get_temp_dir()
        yield
    finally:
        tempfile.tempdir = before


@contextmanager
def _no_modules_from_here() -> Iterator[None]:
    """Keep a Python process that is started inside the block from importing modules of the working
    folder, such as somebody's random.py."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before
