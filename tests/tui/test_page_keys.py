"""What keys and mouse do on the pages, but for the latents'."""

import os
import shutil
import signal

import pytest
from textual.widgets import Markdown

from gangan_cli.tui.screens.guide import Guide
from gangan_cli.tui.widgets.digits import Digits
from gangan_cli.tui.widgets.panel import Panel
from tests.tui.terminal import render_processes
from tests.tui.waiting import drawn, pictured, read, until

pytestmark = pytest.mark.xdist_group("tui-2")


def shown(app) -> list[str]:
    table = app.screen.query_one("#table")
    return [str(table.get_row_at(row)[0]).lstrip("└├│ ●") for row in range(table.row_count)]


async def test_filtering_as_it_is_typed(app_over, steady):
    app = app_over(steady)
    async with app.run_test(size=(120, 30)) as pilot:
        await read(pilot)
        assert shown(app) == ["digits", "gangan", "paper", "tomorrow"]
        await pilot.press("slash", *"gang")
        assert shown(app) == ["gangan"]
        await pilot.press("escape", "slash", *"state:training", "enter")
        assert shown(app) == ["paper"]
        assert app.state.current == "paper"
        await pilot.press("escape")
        assert len(shown(app)) == 4


async def test_when_the_chosen_run_goes_the_one_in_its_place_is_chosen(
    app_over, gallery_store, tmp_path
):
    store = tmp_path / "store"
    shutil.copytree(gallery_store, store)
    app = app_over(store)
    async with app.run_test(size=(120, 30)) as pilot:
        await read(pilot)
        await pilot.press("down", "down")
        await until(pilot, lambda: app.state.current == "paper")
        shutil.rmtree(store / "paper")
        await until(pilot, lambda: app.state.current == "tomorrow")
        shutil.rmtree(store / "tomorrow")
        await until(pilot, lambda: app.state.current == "gangan")


async def test_tabs_and_keys_can_be_clicked(app_over, steady):
    app = app_over(steady)
    async with app.run_test(size=(120, 30)) as pilot:
        await read(pilot)
        await pilot.click("#bar", offset=(20, 0))
        await until(pilot, lambda: app.current_mode == "live")
        line = app.screen.query_one("#keys").render().plain
        await pilot.click("#keys", offset=(line.index("Log") + 1, 0))
        assert app.screen.look.log


async def test_sorting_keeps_runs_below_what_they_were_trained_on(app_over, steady):
    app = app_over(steady)
    async with app.run_test(size=(120, 30)) as pilot:
        await read(pilot)
        await pilot.press("s", "s")
        assert app.session.sort == "state"
        assert shown(app) == ["digits", "paper", "gangan", "tomorrow"]


async def test_details_of_a_run_that_cannot_be_read_say_why(app_over, steady):
    app = app_over(steady)
    async with app.run_test(size=(140, 30)) as pilot:
        await read(pilot)
        await pilot.press("down", "down", "down")
        await until(pilot, lambda: app.state.current == "tomorrow")
        assert "format 9" in app.state.runs["tomorrow"].problem
        await pilot.press("2")
        await pilot.press("3")
        await pilot.press("1")
        assert app.is_running


async def test_a_preview_of_the_chosen_gan(app_over, steady):
    app = app_over(steady)
    async with app.run_test(size=(140, 45)) as pilot:
        await read(pilot)
        digits = app.screen.query_one("#digits", Digits)
        assert not digits.display
        await pilot.press("p")
        await until(pilot, lambda: digits.size.height > 0)
        first = digits.levels.copy()
        assert first.max() > 8, "a digit is bright"
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: (digits.levels != first).any())


async def test_losses_are_zoomed_panned_locked_smoothed_and_logarithmic(app_over, steady):
    app = app_over(steady, run="gangan")
    async with app.run_test(size=(120, 40)) as pilot:
        await drawn(pilot)
        page = app.screen
        whole = page.query(Panel).first().range
        await pilot.press("plus")
        assert page.look.x == (20.5, 40.0)
        await pilot.press("left")
        assert page.look.x == pytest.approx((15.625, 35.125))
        await pilot.press("0", "l", "s")
        assert (page.look.x, page.look.log, page.look.smoothing) == (None, True, 0.6)
        await pilot.press("l", "s", "s", "s", "y")
        await pilot.app.workers.wait_for_complete()
        assert page.look.locked
        await pilot.press("plus")
        await pilot.app.workers.wait_for_complete()
        assert page.query(Panel).first().range == page.look.locked[page.query(Panel).first().loss]
        assert whole[0] < whole[1]


async def test_another_gan_is_highlighted(app_over, steady):
    app = app_over(steady, run="digits")
    async with app.run_test(size=(120, 40)) as pilot:
        await drawn(pilot)
        await pilot.press("down")
        assert "GAN 1" in str(app.screen.query_one("#legend").render())
        await pilot.press("up", "up")
        assert "GAN 2" in str(app.screen.query_one("#legend").render())


async def test_a_renderer_that_is_killed_is_said_and_another_takes_its_place(app_over, steady):
    app = app_over(steady, run="digits")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        (renderer,) = render_processes(os.getpid())
        os.kill(renderer, signal.SIGKILL)
        message = app.screen.query_one("#message")
        await until(pilot, lambda: "ended: exit status -9" in str(message.render()))
        await pilot.press("left")
        await until(pilot, lambda: app.screen.query_one("#grid").display)


async def test_plain_characters_where_they_are_asked_for(app_over, steady):
    app = app_over(steady, run="digits", images="ascii")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        grid = app.screen.query_one("#grid", Digits)
        text = "\n".join(grid.render_line(y).text for y in range(grid.size.height))
        assert set(text) <= set(" .:-=+*#%@\n")
        assert "@" in text


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (200, 60)])
async def test_every_page_stands_any_size(app_over, steady, size):
    app = app_over(steady, run="gangan")
    async with app.run_test(size=(120, 40)) as pilot:
        await drawn(pilot)
        for mode in "123":
            await pilot.press(mode)
            await pilot.resize_terminal(*size)
            await pilot.pause()
            await pilot.resize_terminal(120, 40)
        assert app.is_running


async def test_the_guide_is_read_from_the_help(app_over, steady):
    app = app_over(steady)
    async with app.run_test(size=(120, 30)) as pilot:
        await read(pilot)
        await pilot.press("question_mark", "G")
        await until(pilot, lambda: isinstance(app.screen, Guide))
        assert app.screen.topic == "getting-started"
        await pilot.press("down")
        await until(pilot, lambda: app.screen.topic == "commands")
        app.screen.on_markdown_link_clicked(
            Markdown.LinkClicked(app.screen.query_one(Markdown), "store.md#formats")
        )
        shown = app.screen.query_one(Markdown)
        await until(pilot, lambda: shown.source.startswith("# The store"))
        assert app.screen.topic == "store"
        await pilot.press("space")
        await until(pilot, lambda: app.screen.query_one("VerticalScroll").scroll_y > 0)
        await pilot.press("escape")
        await until(pilot, lambda: app.page is app.screen)
