"""Fixtures that all tests share: stores with real runs, each made once for all of pytest's workers."""

import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.commands import (
    AUDIT,
    COMMAND,
    COMPILED,
    FOLDER,
    SIXTY,
    fresh_gangan,
    gangan,
    made_once,
)

gc.disable()  # during imports and collection: what they make stays
os.environ["XDG_CACHE_HOME"] = str(FOLDER / "cache")  # tests neither find nor change the user's


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thorough", action="store_true", help="Fault tests at their full length.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked long, unless `make test-faults` asks for it."""
    if not config.getoption("--thorough"):
        long = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


def pytest_collection_finish() -> None:
    """Collect garbage from now on, more rarely than Python does, and not among what was imported: that
    took a tenth of the time of all tests."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Have the last one remove what the session's workers shared."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(FOLDER, ignore_errors=True)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that this session's workers have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


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


@pytest.fixture(scope="session")
def numbers_store(shared: Path) -> Path:
    """A store to read: 60 GANs of numbers, in two chunks, and a GAN-GAN over them."""

    def make(store: Path) -> None:
        small = "--batch-size 8 --epochs 2 --components 3 --bottleneck 0 --repeat 1"
        over = ["--on", "n", "--run", "over", *small.split(), "--family-option", "templates=0"]
        for arguments in (SIXTY, ["train-gangan", *over]):
            result = gangan(*arguments, "--store", store)
            assert result.code == 0, result.err

    return made_once(shared / "numbers", make)


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
        # What calls the kernels is compiled without optimising it: ten seconds less.
        result = fresh_gangan(*arguments, AOT_INDUCTOR_COMPILE_WRAPPER_OPT_LEVEL="O0", **caches)
        assert result.code == 0, result.err
        (folder / "said").write_text(result.err)

    return made_once(shared / "compiled", make)


@pytest.fixture(scope="session")
def audited_store(shared: Path, trained: Path) -> Path:
    """The same store, once `gangan audit g` has looked at it. To copy."""

    def make(store: Path) -> None:
        shutil.copytree(trained, store)
        result = gangan("audit", "g", *AUDIT, "--store", store)
        assert result.code == 0, result.err

    return made_once(shared / "audited", make)


@pytest.fixture(scope="session", autouse=True)
def like_a_worker():
    """Train in tests as workers do: one thread each, so that two test processes do not fight, and freed
    memory is kept."""
    import torch

    from gangan_cli.memory import keep_freed_memory

    keep_freed_memory()

    torch.set_num_threads(1)
