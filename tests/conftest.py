"""Fixtures that all tests share: real digits, real runs, and the command line as a subprocess."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gangan_cli.data.images import load_images
from gangan_cli.training.nursery import FORKS
from store import Layout, Manifest, Run
from tests import warm


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thorough", action="store_true", help="Fault tests at their full length.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked long, unless `make test-faults` asks for it."""
    if not config.getoption("--thorough"):
        long = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


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

ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""For what runs beside other tests: there is a pytest worker for every core."""


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


SESSION = "TESTS_SESSION"
"""The variable that tells pytest's workers of the process that started them, as long as which lives the
session goes on, and of the folder that they share."""

if SESSION not in os.environ:
    os.environ[SESSION] = f"{os.getpid()} {tempfile.mkdtemp(prefix='gangan-tests-')}"

FOLDER = Path(os.environ[SESSION].partition(" ")[2])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Have the last one remove what the session's workers shared."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(FOLDER, ignore_errors=True)


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
    if FORKS and not fresh:
        return children_of(pid)
    if FORKS:
        return [worker for child in children_of(pid) for worker in children_of(child)]
    return [
        child
        for child in children_of(pid)
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that this session's workers have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Have one of this session's workers `make` the folder, and the others wait for it."""
    begun = folder.with_name(f"{folder.name}-begun")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            make(begun)
            begun.rename(folder)
    return folder


@pytest.fixture(scope="session")
def trained(shared: Path) -> Path:
    """A store to read: 2 GANs × 3 epochs on real digits, a GAN-GAN over them and one over that."""

    def make(store: Path) -> None:
        for arguments in (
            ["train-gans", "--run", "a", "--dataset", "mnist5k", "--gans", 2, "--epochs", 3],
            ["train-gangan", "--on", "a", "--run", "g", "--batch-size", 3, "--epochs", 8],
            ["train-gangan", "--on", "g", "--run", "gg", "--batch-size", 4, "--epochs", 3],
        ):
            result = gangan(*arguments, "--store", store)
            assert result.code == 0, result.err

    return made_once(shared / "trained", make)


COMMAND = ["train-gans", "--run", "r", "--dataset", f"images:{DIGITS}", "--gans", 2, "--epochs", 8,
           "--batch-size", 256]  # fmt: skip
"""A training that tests disturb."""


@pytest.fixture(scope="session")
def undisturbed(shared: Path) -> Path:
    """A store with what COMMAND makes when nothing disturbs it: 16 snapshots, 7 MB."""

    def make(store: Path) -> None:
        result = gangan(*COMMAND, "--store", store)
        assert result.code == 0, result.err

    return made_once(shared / "undisturbed", make)


@pytest.fixture(scope="session")
def compiled(shared: Path, trained: Path) -> Path:
    """A folder with a cache of compiled updates of the GAN-GANs over `trained`, and the store of the
    command that compiled them. Compiling takes a minute, so that all tests of it have this in common."""

    def make(folder: Path) -> None:
        (folder / "store").mkdir(parents=True)
        (folder / "store" / "a").symlink_to(trained / "a")
        arguments = [*COMPILED, "--compile", "--store", folder / "store"]
        # What the compiler makes of PyTorch's headers, once for all sessions.
        headers = str(Path(tempfile.gettempdir()) / f"torchinductor_{os.getuid()}")
        caches = {"XDG_CACHE_HOME": str(folder / "cache"), "TORCHINDUCTOR_CACHE_DIR": headers}
        result = fresh_gangan(*arguments, **caches)
        assert result.code == 0, result.err
        (folder / "said").write_text(result.err)

    return made_once(shared / "compiled", make)


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


@pytest.fixture(scope="session")
def audited_store(shared: Path, trained: Path) -> Path:
    """The same store, once `gangan audit g` has looked at it. To copy."""

    def make(store: Path) -> None:
        shutil.copytree(trained, store)
        result = gangan("audit", "g", *AUDIT, "--store", store)
        assert result.code == 0, result.err

    return made_once(shared / "audited", make)


def small_manifest(**changes) -> Manifest:
    """A manifest of a run with a ten-number layout."""
    plain = {
        "id": "one",
        "family": "mlp",
        "sizes": {},
        "layout": Layout.of({"discriminator.w": (2, 3), "generator.b": (4,)}),
        "losses": ("g_loss", "d_loss"),
        "gans": 2,
        "epochs": 3,
        "snapshot_every": 1,
        "config": {"seed": 0},
        "created": "2026-01-01T00:00:00+00:00",
        "command": "gangan train-gans",
        "versions": {"gangan": "0"},
    }
    return Manifest(**{**plain, **changes})


def numbers(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def contents(path: Path) -> list[bytes]:
    """All snapshots and losses of a run, with their keys: two runs are equal if these are."""
    with Run.open(path) as run:
        matrix, keys = run.matrix()
        losses, of = run.losses()
        return [matrix.tobytes(), keys.tobytes(), losses.tobytes(), of.tobytes()]


def run_of(folder: Path, vectors: np.ndarray) -> Run:
    """A run of one GAN whose snapshots are `vectors` (n, P), open for reading."""
    layout = Layout.of({"discriminator.w": (vectors.shape[1],)})
    with Run.create(folder, small_manifest(layout=layout, gans=1, epochs=len(vectors))) as run:
        for epoch, vector in enumerate(vectors, start=1):
            run.commit(epoch, [0], np.zeros((1, 2, 2)), vector[None])
    return Run.open(folder)


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Train in tests as workers do: one thread each, so that two test processes do not fight."""
    import torch

    torch.set_num_threads(1)
