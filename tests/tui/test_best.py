"""The best snapshot, on the live page."""

import shutil

import pytest

from gangan_cli.tui.widgets.panel import Panel
from store import Run
from tests.tui import asking
from tests.tui.screen import Screen
from tests.tui.waiting import drawn, judged

pytestmark = pytest.mark.xdist_group("tui-2")

LINE = " X  best by Fréchet distance: GAN 0, epoch 8, 50.4 ± 0.9, of 24 judged"


def marks(screen, line=LINE):
    """How many plots have a mark, below the line that says what it is."""
    return screen.partition(line)[2].count("X")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_it_is_named_and_marked_on_all_curves(app_over, steady_asking, size):
    app = app_over(steady_asking, run="digits")
    async with app.run_test(size=size) as pilot:
        screen = Screen(pilot)
        await screen.keys("2")
        await judged(pilot)
        await drawn(pilot)
        await screen.wait_for(
            LINE,
            "discriminator loss",
            "generator loss",
            "Fréchet distance\n",
            lambda text: marks(text) == 3,
        )
        await screen.keys("l", "s", "down", "up")
        await screen.wait_for("smoothed", lambda text: marks(text) == 3)
        await screen.keys("minus", "plus", "left", "left", "left")
        await screen.wait_for(LINE, "epochs 1–", lambda text: marks(text) == 0)


async def test_it_needs_no_colour_and_no_unicode(app_over, steady_asking, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    app = app_over(steady_asking, run="digits", images="ascii")
    async with app.run_test(size=(80, 24)) as pilot:
        screen = Screen(pilot)
        await screen.keys("2")
        await judged(pilot)
        await drawn(pilot)
        await screen.wait_for(LINE, lambda text: marks(text) == 3)


async def test_where_there_is_no_room_for_scores_the_losses_have_it(app_over, steady_asking):
    app = app_over(steady_asking, run="digits")
    async with app.run_test(size=(60, 15)) as pilot:
        screen = Screen(pilot)
        await screen.keys("2")
        await judged(pilot)
        await screen.wait_for("best by Fréchet distance: GAN 0, epoch 8, 50.4 ± 0.9")
        assert len(pilot.app.screen.query(Panel)) == 2
        await pilot.resize_terminal(80, 24)
        await screen.wait_for(LINE, lambda text: marks(text) == 3)
        await pilot.resize_terminal(60, 15)
        await screen.wait_for(lambda text: len(pilot.app.screen.query(Panel)) == 2)


async def test_a_run_that_nobody_judged_has_none(app_over, steady_asking):
    app = app_over(steady_asking, run="by-score")
    async with app.run_test(size=(80, 24)) as pilot:
        screen = Screen(pilot)
        await screen.keys("2")
        await judged(pilot)
        await drawn(pilot)
        text = await screen.wait_for("generator loss")
        assert "best by" not in text and "Fréchet" not in text


async def test_scores_of_several_runs_lie_over_each_other_if_they_compare(
    app_over, asking_store, tmp_path
):
    for name, judge, times in (("digits", "j", 1), ("twin", "j", 2), ("stranger", "k", 3)):
        shutil.copytree(asking_store / "digits", tmp_path / "runs" / name)
        found = {
            key: {**one, "judge": judge, "values": {k: times * v for k, v in one["values"].items()}}
            for key, one in asking.evaluations().items()
        }
        with Run.open(tmp_path / "runs" / name, write=True) as run:
            run.add_results(found)
    app = app_over(tmp_path / "runs", run="digits")
    async with app.run_test(size=(120, 36)) as pilot:
        screen = Screen(pilot)
        await screen.keys("1")
        await judged(pilot)
        await screen.keys("space", "space", "space", "2")
        line = LINE.replace("50.4", "100.8")
        await screen.wait_for(
            "twin   ━━ digits   ━━ stranger", line, lambda text: marks(text, line) == 3
        )
        await drawn(pilot)
        low, high = pilot.app.screen.query(Panel).last().range
        # The medians of digits go from 417 to 70; those of twin are twice as large, of stranger thrice.
        assert low < 70 and 834 < high < 1251
