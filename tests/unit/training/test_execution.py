import shutil

import pytest
import torch

from gangan_cli import caches
from gangan_cli.data.weights import VectorExamples
from gangan_cli.models import build
from gangan_cli.training import compiled, execution
from gangan_cli.training.compiled import CannotCompile
from gangan_cli.training.cost import cost_of
from gangan_cli.training.execution import COMPILING_PAYS, PLAIN, Execution, Wish, choose, use
from gangan_cli.training.population import Population, train
from gangan_cli.training.settings import Settings
from tests.conftest import numbers

# Of all updates those with the most to them: R1's gradient is differentiated again.
FAMILY = build("r1-mlp", {"data_dim": 6, "latent_dim": 4, "generator_width": 8})
SETTINGS = Settings(epochs=2, batch_size=16, learning_rate=1e-3, seed=3, snapshot_every=1)
LONG = -(-COMPILING_PAYS // cost_of(FAMILY, 16).numbers)
"""Steps from which compiling pays."""


@pytest.fixture(autouse=True)
def own_cache(shared, monkeypatch):
    """A cache of compiled updates that these tests have in common, since compiling takes a while."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared / "compiled"))
    yield
    use("default")


def trained(how):
    examples = VectorExamples(torch.from_numpy(numbers(0, 64, 6)), repeat=1)
    return list(train(FAMILY, examples, SETTINGS, [1], execution=how))


def test_compiled_updates_do_what_the_others_do():
    fast = execution.Execution(compiled=True)
    for one, other in zip(trained(fast), trained(PLAIN), strict=True):
        torch.testing.assert_close(
            torch.from_numpy(one.resume), torch.from_numpy(other.resume), atol=1e-5, rtol=1e-3
        )
        torch.testing.assert_close(
            torch.from_numpy(one.losses), torch.from_numpy(other.losses), atol=1e-5, rtol=1e-3
        )


def test_what_was_compiled_once_is_found_again():
    fast = execution.Execution(compiled=True)
    Population(FAMILY, SETTINGS, [0], "cpu", fast)
    Population(FAMILY, SETTINGS, [7], "cpu", fast, compiling=pytest.fail)


def test_a_short_run_is_not_worth_compiling():
    chosen = choose(FAMILY, SETTINGS, "cpu", Wish(None, LONG - 1), pytest.fail)
    assert chosen == execution.Chosen(PLAIN)


@pytest.mark.parametrize(("name", "threads"), [("mlp", 1), ("dcgan-small", 2), ("cgan", 4), ("wgan", 4)])
def test_threads_share_a_step_that_is_long_enough(name, threads):
    family = build(name, {})
    try:
        chosen = choose(family, Settings(1, 100, 1e-3, 0, 1), "cpu", Wish(None, 1, 4), pytest.fail)
        assert chosen.execution == Execution(threads=threads)
    finally:
        torch.set_num_threads(1)


def test_a_long_run_is_compiled():
    chosen = choose(FAMILY, SETTINGS, "cpu", Wish(None, LONG), lambda: None)
    assert chosen.execution.compiled
    assert not chosen.note


def test_not_compiling_can_be_asked_for():
    chosen = choose(FAMILY, SETTINGS, "cpu", Wish(False, LONG), pytest.fail)
    assert not chosen.execution.compiled


def test_without_a_compiler_a_long_run_goes_on_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("torch._inductor.config.cpp.cxx", ("no-such-compiler",))
    chosen = choose(FAMILY, SETTINGS, "cpu", Wish(None, LONG), lambda: None)
    assert not chosen.execution.compiled
    assert "could not be compiled" in chosen.note
    with pytest.raises(CannotCompile):
        choose(FAMILY, SETTINGS, "cpu", Wish(True, 1), lambda: None)
    assert not list(caches.folder(compiled.KIND).glob("*.pt2"))


def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(tmp_path, monkeypatch):
    (tmp_path / "gangan").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    chosen = choose(FAMILY, SETTINGS, "cpu", Wish(None, LONG), pytest.fail)
    assert chosen.execution == PLAIN
    assert "cannot be written" in chosen.note


def test_a_damaged_package_is_named(tmp_path, shared, monkeypatch):
    fast = execution.Execution(compiled=True)
    Population(FAMILY, SETTINGS, [0], "cpu", fast)
    shutil.copytree(shared / "compiled", tmp_path / "compiled")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "compiled"))
    for package in caches.folder(compiled.KIND).glob("*.pt2"):
        package.write_bytes(b"PK")
    with pytest.raises(CannotCompile, match=r"pt2 is damaged: delete it"):
        Population(FAMILY, SETTINGS, [0], "cpu", fast)


def test_inexact_products_are_never_chosen(monkeypatch):
    exact = torch.Tensor.__matmul__
    inexact = [False]
    monkeypatch.setattr(execution, "_set", lambda library: inexact.__setitem__(0, library == "onednn"))

    def product(left, right):
        if inexact[0] and left.dtype == torch.float32:
            return exact(left.bfloat16(), right.bfloat16()).float()
        return exact(left, right)

    monkeypatch.setattr(torch.Tensor, "__matmul__", product)
    assert not execution._as_accurate()
    use("onednn")  # as the run began on another machine
    assert inexact == [False]
    assert execution._faster_products(Population(FAMILY, SETTINGS, [0], "cpu")) == "default"


def test_the_choice_between_near_equals_is_made_once(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = iter(["onednn", "default"])
    monkeypatch.setattr(execution, "_faster_products", lambda *_: next(found))
    wish = Wish(False, LONG)
    chosen = [choose(FAMILY, SETTINGS, "cpu", wish, pytest.fail).execution.matmul for _ in range(2)]
    assert chosen == ["onednn", "onednn"]
