"""The command line as tests run it: forked from a process that is warm, or as a user starts it."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from gangan_cli.images.loading import load_images
from gangan_cli.training.forkserver import CAN_FORK
from tests import warm

SESSION = "TESTS_SESSION"
"""The variable that tells pytest's workers of the process that started them, as long as which lives the
session goes on, and of the folder that they share."""

if SESSION not in os.environ:
    os.environ[SESSION] = f"{os.getpid()} {tempfile.mkdtemp(prefix='gangan-tests-')}"

FOLDER = Path(os.environ[SESSION].partition(" ")[2])

ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""For what runs beside other tests: there is a pytest worker for every core."""


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def document(self):
        return json.loads(self.out)

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


Gangan = Callable[..., Result]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "gangan_cli", *map(str, arguments)]


def clean_environment(**more: str) -> dict[str, str]:
    """This environment without what is set for gangan, and as a user has it: bytecode is kept, or each
    process would compile all sources again, a tenth of a second."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GANGAN_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return {**kept, "COLUMNS": "100", "NO_COLOR": "1", **more}


DIGITS = FOLDER / "digits"
"""A thousand digits as pictures, for trainings that are to be short."""


def make_digits() -> None:
    """Make them."""
    DIGITS.mkdir()
    for number, pixels in enumerate(load_images("mnist5k").pixels[::5]):
        Image.fromarray(pixels.reshape(28, 28)).save(DIGITS / f"{number:04}.png")


@cache
def warm_server() -> Path:
    """Return where commands are forked (see warm.py). The first of pytest's workers to ask starts it,
    and makes the digits."""
    address = FOLDER / "socket"
    with address.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not address.exists():
            make_digits()
            session = int(os.environ[SESSION].partition(" ")[0])
            warm.start(address, session, clean_environment(**ONE_THREAD))
    return address


def gangan(*arguments: object, user: int | None = None, **environment: str) -> Result:
    """Run the command line to its end, in a fork of a process that has imported what it needs. GANs are
    trained by one process, since each takes a second to get ready."""
    done = start(*arguments, cores=1, user=user, **environment)
    out, err = done.communicate(timeout=240)
    return Result(done.returncode, out, err)


def fresh_gangan(*arguments: object, **environment: str) -> Result:
    """Run the command line to its end as a user does: `gangan`, in a Python that starts for it."""
    done = subprocess.run(
        [Path(sys.executable).with_name("gangan"), *map(str, arguments)],
        capture_output=True,
        text=True,
        env=clean_environment(**ONE_THREAD | environment),
        stdin=subprocess.DEVNULL,
        timeout=240,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def start(
    *arguments: object,
    hangup: signal.Handlers = signal.SIG_DFL,
    limits: Sequence[tuple[int, int]] = (),
    cores: int = 2,
    user: int | None = None,
    **environment: str,
) -> warm.Command:
    """Start the command line in such a fork, as a terminal does: leader of its own group, no signal
    ignored. `hangup` is what it does about SIGHUP, `limits` pairs of a resource and its soft limit."""
    environment = clean_environment(**ONE_THREAD | environment)
    return warm.Command(warm_server(), arguments, environment, hangup, limits, cores, user)


def fresh_start(*arguments: object) -> subprocess.Popen:
    """Start the command line in a Python that starts for it, leader of its own group."""

    def heed_interrupts():  # ignored by what a shell starts in the background
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    return subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(**ONE_THREAD),
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )


def started(*arguments: object, fresh: bool = False, **more: Any) -> Any:
    """Start a training, and wait for its first epoch."""
    process = (fresh_start if fresh else start)(*arguments, "--json", **more)
    # A byte at a time: what readline() reads ahead is lost to communicate().
    while (byte := os.read(process.stdout.fileno(), 1)) != b"\n":
        assert byte, process.stderr.read()
    return process


def children_of(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def workers_of(pid: int, fresh: bool = False) -> list[int]:
    """The processes that train, of a command that was forked, or of one that was started `fresh`: these
    are forked from a process that the command keeps for that, or are new ones."""
    if CAN_FORK and not fresh:
        return children_of(pid)
    if CAN_FORK:
        return [worker for child in children_of(pid) for worker in children_of(child)]
    return [
        child
        for child in children_of(pid)
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


COMMAND = ["train-gans", "--run", "r", "--dataset", f"images:{DIGITS}", "--gans", 2, "--epochs", 8,
           "--batch-size", 256]  # fmt: skip
"""A training that tests disturb."""

SIXTY = ["train-gans", "--run", "n", "--family", "shared-gaussian", "--gans", 60, "--epochs", 2,
         "--epoch-steps", 5]  # fmt: skip
"""A population of GANs of numbers, trained in two chunks."""

COMPILED = [
    "train-gangan",
    "--on",
    "a",
    "--run",
    "r",
    "--batch-size",
    3,
    "--repeat",
    100,
    "--epochs",
    14,
]
"""A GAN-GAN whose updates are those of the run `g` of `trained`."""

AUDIT = ("--count", 3, "--images", 100, "--points", 3)
"""A short look at a GAN-GAN. Each of its samplers costs a second, however few are judged."""


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Have one of this session's workers `make` the folder, and the others wait for it."""
    begun = folder.with_name(f"{folder.name}-begun")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            make(begun)
            begun.rename(folder)
    return folder
