"""How stacks of tiny networks are executed on processors."""

import pytest

from gangan_cli.config import EngineSettings
from gangan_cli.models.registry import build
from gangan_cli.training import engine
from gangan_cli.training.aot import CannotCompile
from gangan_cli.training.autotune import COMPILING_PAYS, choose
from gangan_cli.training.cost import cost_of
from gangan_cli.training.execution import ExecutionRequest

SETTINGS = EngineSettings(50, 20, 2e-3, 0, 1, epoch_steps=100)


class Population(engine.Population):
    """A population that can be made, but not compiled."""

    def __init__(self, family, settings, gans, device, execution=engine.EAGER, compiling=None):
        if execution.compiled:
            raise CannotCompile(f"a stack of {len(gans)}")
        super().__init__(family, settings, gans, device, execution)


@pytest.fixture(autouse=True)
def not_compiled(monkeypatch):
    monkeypatch.setattr(engine, "Population", Population)


def note(gans, steps_each, stack):
    """What is said if such a run would be compiled; "" if it would not."""
    request = ExecutionRequest(None, gans * steps_each, stack=stack)
    return choose(build("gaussian", {}), SETTINGS, "cpu", request, lambda: None).note


def test_a_stack_is_compiled_as_one_where_calls_take_most_of_the_time():
    """All that 200 GANs write in 5,000 steps would not be worth it."""
    assert 200 * 5000 * cost_of(build("gaussian", {}), 20).numbers < COMPILING_PAYS
    assert note(200, 5000, stack=1) == ""
    assert "a stack of 50" in note(200, 5000, stack=50)


def test_a_short_run_of_a_stack_is_not():
    assert note(200, 500, stack=50) == ""
