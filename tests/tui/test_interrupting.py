"""Interrupting asks first, unless a setting says otherwise."""

import signal

import pytest

from tests.tui.screen import Screen
from tests.tui.slow_line import SlowLine
from tests.tui.waiting import read, until

pytestmark = pytest.mark.xdist_group("tui-2")


@pytest.fixture
def asked():
    """A question on the screen, and nothing before it."""

    def wait(pilot):
        return until(pilot, lambda: type(pilot.app.screen).__name__ == "Question")

    return wait


async def test_only_y_interrupts_a_training(app_over, held, trainer, asked):
    app = app_over(held)
    async with app.run_test(size=(120, 30)) as pilot:
        await read(pilot)
        for no in ("n", "enter", "escape", "q"):
            await pilot.press("i")
            await asked(pilot)
            await pilot.press(no)
            await until(pilot, lambda: app.screen is app.page)
        assert trainer.poll() is None
        await pilot.press("i")
        await asked(pilot)
        await pilot.press("y")
        await until(pilot, lambda: trainer.poll() is not None)
        assert any("t was asked to stop" in said for said in app.notices)
    assert trainer.returncode == -signal.SIGTERM


async def test_the_palette_asks_too(app_over, held, trainer, asked):
    app = app_over(held)
    async with app.run_test(size=(120, 30)) as pilot:
        await read(pilot)
        screen = Screen(pilot)
        await pilot.press("ctrl+p")
        await screen.wait_for("Search for commands")
        await screen.type("interrupt")
        await screen.wait_for("Interrupt a training", lambda shown: "Quit, wherever" not in shown)
        await pilot.press("enter")
        await asked(pilot)
        await pilot.press("n")
    assert trainer.poll() is None


async def test_what_cannot_be_interrupted_is_said_without_a_question(app_over, held, trainer):
    trainer.kill()
    trainer.wait()
    app = app_over(held)
    async with app.run_test(size=(120, 30)) as pilot:
        await read(pilot)
        await pilot.press("i")
        await until(pilot, lambda: "t is not being trained" in app.notices)
        assert app.screen is app.page


def test_a_setting_lets_it_go_at_once(tmp_path, held, trainer):
    (tmp_path / "at-once.toml").write_text("[tui]\nconfirm = false\n")
    with SlowLine(tmp_path, "--store", held, "--config", tmp_path / "at-once.toml") as line:
        line.wait_for(b"training", b"Filter")
        line.type(b"i")
        assert trainer.wait(30) == -signal.SIGTERM
        line.type(b"q")
        assert line.status() == 0
