"""Fixtures that all tests share: real digits, real runs, and the command line as a subprocess."""

import fcntl
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gangan_cli.training.nursery import FORKS
from store import Layout, Manifest, Run


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


def gangan(*arguments: object, **environment: str) -> Result:
    """Run the command line to its end."""
    done = subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        env=clean_environment(**ONE_THREAD | environment),
        stdin=subprocess.DEVNULL,
        timeout=240,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def start(*arguments: object, hangup: Any = signal.SIG_DFL, limits: Any = None) -> subprocess.Popen:
    """Start the command line as a terminal does: leader of its own group, no signal ignored.

    `hangup` is what it does about SIGHUP, `limits` pairs of a resource and its soft limit.
    """

    def as_from_a_terminal():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, hangup)
        for kind, limit in limits or []:
            resource.setrlimit(kind, (limit, resource.RLIM_INFINITY))

    return subprocess.Popen(
        command(*arguments, "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(**ONE_THREAD),
        start_new_session=True,
        preexec_fn=as_from_a_terminal,
    )


def started(*arguments: object, **more: Any) -> subprocess.Popen:
    """Start a training, and wait for its first epoch."""
    process = start(*arguments, **more)
    # A byte at a time: what readline() reads ahead is lost to communicate().
    while (byte := os.read(process.stdout.fileno(), 1)) != b"\n":
        assert byte, process.stderr.read()
    return process


def children_of(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def workers_of(pid: int) -> list[int]:
    """The processes that train: forked from one that the command keeps for that, or new ones."""
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


COMMAND = ["train-gans", "--run", "r", "--dataset", "mnist5k", "--gans", 2, "--epochs", 14,
           "--batch-size", 256]  # fmt: skip
"""A training that tests disturb."""


@pytest.fixture(scope="session")
def undisturbed(shared: Path) -> Path:
    """A store with what COMMAND makes when nothing disturbs it: 28 snapshots, 13 MB."""

    def make(store: Path) -> None:
        result = gangan(*COMMAND, "--store", store)
        assert result.code == 0, result.err

    return made_once(shared / "undisturbed", make)


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
