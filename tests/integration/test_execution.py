import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import torch

from gangan_cli import caches
from gangan_cli.config import EngineSettings
from gangan_cli.models.registry import FAMILIES, build
from gangan_cli.training import aot, autotune, messages
from gangan_cli.training.aot import KIND, CannotCompile
from gangan_cli.training.autotune import COMPILING_PAYS, choose, use
from gangan_cli.training.cost import cost_of
from gangan_cli.training.engine import Population, train
from gangan_cli.training.execution import EAGER, Execution, ExecutionRequest
from gangan_cli.weightspace.sources import ArrayExamples
from store import Run
from tests.runs import numbers

pytestmark = pytest.mark.xdist_group("compiled")

SETTINGS = EngineSettings(epochs=2, batch_size=3, learning_rate=1e-3, seed=3, snapshot_every=1)


@pytest.fixture(scope="module")
def family(trained):
    """That of the GAN-GANs which `compiled` has compiled. Of all updates theirs have the most to them:
    R1's gradient is differentiated again."""
    with Run.open(trained / "g") as run:
        return build(run.manifest.family, run.manifest.hparams)


def steps_that_pay(family):
    """Steps from which compiling pays."""
    return -(-COMPILING_PAYS // cost_of(family, SETTINGS.batch_size).numbers)


@pytest.fixture(scope="module")
def long(family):
    return steps_that_pay(family)


@pytest.fixture(autouse=True)
def cache(monkeypatch, compiled):
    """The cache in which the updates are found compiled."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(compiled / "cache"))
    yield
    use("default")


def learned(family, how):
    examples = ArrayExamples(torch.from_numpy(numbers(0, 64, family.data_dim)), repeat=1)
    return list(train(family, examples, SETTINGS, [1], execution=how))


def test_compiled_updates_do_what_the_others_do(family):
    fast = Execution(compiled=True)
    for one, other in zip(learned(family, fast), learned(family, EAGER), strict=True):
        torch.testing.assert_close(
            torch.from_numpy(one.checkpoints), torch.from_numpy(other.checkpoints), atol=1e-5, rtol=1e-3
        )
        torch.testing.assert_close(
            torch.from_numpy(one.losses), torch.from_numpy(other.losses), atol=1e-5, rtol=1e-3
        )


def test_what_was_compiled_once_is_found_again(family):
    fast = Execution(compiled=True)
    Population(family, SETTINGS, [7], "cpu", fast, compiling=pytest.fail)


def test_a_short_run_is_not_worth_compiling(family, long):
    chosen = choose(family, SETTINGS, "cpu", ExecutionRequest(None, long - 1), pytest.fail)
    assert chosen == messages.ExecutionChosen(EAGER)


@pytest.mark.parametrize(("name", "threads"), [("mlp", 1), ("dcgan-small", 2), ("cgan", 4), ("wgan", 4)])
def test_threads_share_a_step_that_is_long_enough(name, threads):
    family = build(name, {})
    try:
        chosen = choose(
            family, EngineSettings(1, 100, 1e-3, 0, 1), "cpu", ExecutionRequest(None, 1, 4), pytest.fail
        )
        assert chosen.execution == Execution(threads=threads)
    finally:
        torch.set_num_threads(1)


def test_a_long_run_is_compiled(family, long):
    chosen = choose(family, SETTINGS, "cpu", ExecutionRequest(None, long), lambda: None)
    assert chosen.execution.compiled
    assert not chosen.note


def test_not_compiling_can_be_asked_for(family, long):
    chosen = choose(family, SETTINGS, "cpu", ExecutionRequest(False, long), pytest.fail)
    assert not chosen.execution.compiled


def test_without_a_compiler_a_long_run_goes_on_and_says_so(tmp_path, monkeypatch):
    family = build("mlp", {"data_dim": 4, "latent_dim": 2})
    long = steps_that_pay(family)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("torch._inductor.config.cpp.cxx", ("no-such-compiler",))
    chosen = choose(family, SETTINGS, "cpu", ExecutionRequest(None, long), lambda: None)
    assert not chosen.execution.compiled
    assert "could not be compiled" in chosen.note
    assert not list(caches.folder(KIND).glob("*.pt2"))


def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(family, long, tmp_path, monkeypatch):
    (tmp_path / "gangan").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    chosen = choose(family, SETTINGS, "cpu", ExecutionRequest(None, long), pytest.fail)
    assert chosen.execution == EAGER
    assert "cannot be written" in chosen.note
    with pytest.raises(CannotCompile):  # where it was asked for
        choose(family, SETTINGS, "cpu", ExecutionRequest(True, 1), lambda: None)


def test_a_damaged_package_is_named(family, compiled, tmp_path, monkeypatch):
    fast = Execution(compiled=True)
    shutil.copytree(compiled / "cache", tmp_path / "cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for package in caches.folder(KIND).glob("*.pt2"):
        package.write_bytes(b"PK")
    with pytest.raises(CannotCompile, match=r"pt2 is damaged: delete it"):
        Population(family, SETTINGS, [0], "cpu", fast)


@pytest.fixture
def noexec():
    """A folder on a file system that runs no programs."""
    folder = Path(tempfile.mkdtemp(prefix="gangan-noexec-"))
    mounted = ["mount", "-t", "tmpfs", "-o", "noexec,size=64m", "none", folder]
    if subprocess.run(mounted, capture_output=True).returncode:
        folder.rmdir()
        pytest.skip("this machine does not let us mount")
    yield folder
    subprocess.run(["umount", folder], check=True)
    folder.rmdir()


def test_a_file_system_that_runs_no_programs_is_named(family, cache, noexec, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(noexec))
    said = f"{noexec} lies on a file system that runs no programs .noexec.: set TMPDIR"
    with pytest.raises(CannotCompile, match=said):
        Population(family, SETTINGS, [0], "cpu", Execution(compiled=True))


def test_a_cache_on_a_file_system_that_runs_no_programs_is_named_before_it_takes_long(
    noexec, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(noexec))
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    small = build("mlp", {"data_dim": 4, "latent_dim": 2})
    with pytest.raises(CannotCompile, match=r"gangan/inductor lies on .* and XDG_CACHE_HOME"):
        Population(small, SETTINGS, [0], "cpu", Execution(compiled=True))


def test_what_is_compiled_is_found_whatever_tmpdir_says(family, cache, monkeypatch):
    monkeypatch.setenv("TMPDIR", "/no/such/folder")
    Population(family, SETTINGS, [0], "cpu", Execution(compiled=True))


def test_inexact_products_are_never_chosen(family, monkeypatch):
    exact = torch.Tensor.__matmul__
    inexact = [False]
    monkeypatch.setattr(autotune, "_set", lambda library: inexact.__setitem__(0, library == "onednn"))

    def product(left, right):
        if inexact[0] and left.dtype == torch.float32:
            return exact(left.bfloat16(), right.bfloat16()).float()
        return exact(left, right)

    monkeypatch.setattr(torch.Tensor, "__matmul__", product)
    assert not autotune._as_accurate()
    use("onednn")  # as the run began on another machine
    assert inexact == [False]
    assert autotune._faster_products(Population(family, SETTINGS, [0], "cpu")) == "default"


def test_the_choice_between_near_equals_is_made_once(family, long, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = iter(["onednn", "default"])
    monkeypatch.setattr(autotune, "_faster_products", lambda *_: next(found))
    request = ExecutionRequest(False, long)
    chosen = [choose(family, SETTINGS, "cpu", request, pytest.fail).execution.matmul for _ in range(2)]
    assert chosen == ["onednn", "onednn"]


def test_what_a_family_imports_is_part_of_what_compiled_updates_are_kept_by():
    names = {str(path.relative_to(aot.ROOT)) for path in aot.sources()}
    assert {f"gangan_cli/models/{info.where.partition(':')[0]}.py" for info in FAMILIES.values()} < names
    for imported in ("models/layers", "models/optimizers", "models/functional", "training/train_step"):
        assert f"gangan_cli/{imported}.py" in names
    assert "store/layout.py" in names and "gangan_cli/config.py" not in names
