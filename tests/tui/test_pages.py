"""The pages as pictures, in both themes and two sizes, and what keys and mouse do on them."""

import os
import shutil
import signal

import pytest

from gangan_cli.tui.widgets.digits import Digits
from gangan_cli.tui.widgets.panel import Panel

SIZES = [(80, 24), (140, 45)]
THEMES = ["gangan-dark", "gangan-light"]


async def until(pilot, condition, patience: float = 30.0) -> None:
    """Wait for what other threads and processes do."""
    for _ in range(int(patience / 0.05)):
        if condition():
            await pilot.pause()
            return
        await pilot.pause(0.05)
    raise AssertionError(f"it did not come to pass:\n{pilot.app.screen}")


async def read(pilot) -> None:
    """Wait until the store is read and the trends are filled in."""
    shared = pilot.app.shared
    await until(
        pilot,
        lambda: (
            shared.machine and shared.runs and all(r.trend or r.problem for r in shared.runs.values())
        ),
    )


async def drawn(pilot) -> None:
    await read(pilot)
    await until(pilot, lambda: pilot.app.screen.query(Panel) and all(
        panel.range for panel in pilot.app.screen.query(Panel)))  # fmt: skip
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def pictured(pilot) -> None:
    """Wait for the digits, and for the nearest snapshot where there is one."""
    await read(pilot)
    page = pilot.app.screen
    await until(pilot, lambda: page._images is not None and (page._scrub.by_epoch or page._near))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
class TestLooks:
    def test_runs(self, snap_compare, app_over, steady, size, theme):
        app = app_over(steady, theme=theme, run="")
        assert snap_compare(app, terminal_size=size, run_before=read)

    def test_live(self, snap_compare, app_over, steady, size, theme):
        app = app_over(steady, run="digits", theme=theme)
        assert snap_compare(app, terminal_size=size, run_before=drawn)

    def test_latent(self, snap_compare, app_over, steady, size, theme):
        app = app_over(steady, run="gangan", theme=theme)

        async def go(pilot):
            await pilot.press("3")
            await pictured(pilot)

        assert snap_compare(app, terminal_size=size, run_before=go)


def test_help_lists_the_keys_of_the_page(snap_compare, app_over, steady):
    assert snap_compare(
        app_over(steady), press=["question_mark"], terminal_size=(100, 40), run_before=read
    )


def test_the_machine_in_full(snap_compare, app_over, steady):
    assert snap_compare(app_over(steady), press=["S"], terminal_size=(100, 30), run_before=read)


def test_marked_runs_are_compared_by_what_differs(snap_compare, app_over, steady):
    async def mark(pilot):
        await read(pilot)
        await pilot.press("down", "space", "space")

    assert snap_compare(app_over(steady), terminal_size=(140, 30), run_before=mark)


def test_marked_runs_lie_over_each_other_in_colours_of_their_own(snap_compare, app_over, steady):
    async def mark(pilot):
        await read(pilot)
        await pilot.press("down", "space", "space", "up", "2")
        await until(pilot, lambda: len(pilot.app.screen._histories) == 2)
        await drawn(pilot)

    assert snap_compare(app_over(steady), terminal_size=(140, 30), run_before=mark)


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
        assert app.shared.current == "paper"
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
        await until(pilot, lambda: app.shared.current == "paper")
        shutil.rmtree(store / "paper")
        await until(pilot, lambda: app.shared.current == "tomorrow")
        shutil.rmtree(store / "tomorrow")
        await until(pilot, lambda: app.shared.current == "gangan")


async def test_tabs_and_keys_can_be_clicked(app_over, steady):
    app = app_over(steady)
    async with app.run_test(size=(120, 30)) as pilot:
        await read(pilot)
        await pilot.click("#bar", offset=(20, 0))
        await until(pilot, lambda: app.current_mode == "live")
        line = app.screen.query_one("#keys").render().plain
        await pilot.click("#keys", offset=(line.index("Log") + 1, 0))
        assert app.screen._look.log


async def test_sorting_keeps_runs_below_what_they_were_trained_on(app_over, steady):
    app = app_over(steady)
    async with app.run_test(size=(120, 30)) as pilot:
        await read(pilot)
        await pilot.press("s", "s")
        assert app.memory.sort == "state"
        assert shown(app) == ["digits", "paper", "gangan", "tomorrow"]


async def test_details_of_a_run_that_cannot_be_read_say_why(app_over, steady):
    app = app_over(steady)
    async with app.run_test(size=(140, 30)) as pilot:
        await read(pilot)
        await pilot.press("down", "down", "down")
        await until(pilot, lambda: app.shared.current == "tomorrow")
        assert "format 9" in app.shared.runs["tomorrow"].problem
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
        first = digits._levels.copy()
        assert first.max() > 8, "a digit is bright"
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: (digits._levels != first).any())


def z(app) -> tuple[float, ...]:
    return app.screen._scrub.latent


async def test_scrubbing_by_keys_goes_by_steps_and_to_the_ends(app_over, steady):
    app = app_over(steady, run="gangan")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        page = app.screen
        before, images = page._scrub.value, page._images
        await pilot.press("right")
        assert page._scrub.value - before == pytest.approx(0.05, abs=0.026)
        await pilot.press("shift+right")
        assert page._scrub.value - before == pytest.approx(0.55, abs=0.026)
        await until(pilot, lambda: (page._images != images).any())
        await pilot.press("end")
        assert page._scrub.value == 3.0
        await pilot.press("right")
        assert page._scrub.value == 3.0
        await pilot.press("home")
        assert page._scrub.value == -3.0


async def test_the_nearest_digits_stay_until_the_next_are_measured(app_over, steady):
    app = app_over(steady, run="gangan")
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        near = app.screen.query_one("#near", Digits)
        drawn = near._levels
        app.screen.action_step(1)
        assert app.screen._near is None
        assert near.display
        assert near._levels is drawn
        await pictured(pilot)
        assert near.display


@pytest.mark.parametrize("kind", ["sixel", "kitty"])
async def test_the_terminals_own_graphics_come_when_scrubbing_rests(app_over, steady, kind):
    app = app_over(steady, run="gangan", images=kind)
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: app.screen.query_one("#graphics").display)
        app.screen.action_step(1)
        await until(pilot, lambda: app.screen.query_one("#grid").display)
        await until(pilot, lambda: app.screen.query_one("#graphics").display)


async def test_a_value_can_be_typed(app_over, steady):
    app = app_over(steady, run="gangan")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        await pilot.press("enter", *"-1.23", "enter")
        assert app.screen._scrub.value == -1.23
        await pilot.press("enter", *"9", "enter")
        assert app.screen._scrub.value == -1.23
        assert [n.message for n in app._notifications] == ["9: the slider goes from -3 to 3"]
        await pilot.press("enter", *"1", "escape")
        assert app.screen._scrub.value == -1.23
        assert app.current_mode == "latent"


async def test_the_mouse_drags_the_slider(app_over, steady):
    app = app_over(steady, run="gangan")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        await pilot.mouse_down("Slider", offset=(0, 0))
        assert app.screen._scrub.value == -3.0
        await pilot.hover("Slider", offset=(117, 0))
        await pilot.mouse_up("Slider", offset=(117, 0))
        assert app.screen._scrub.value == 3.0


async def test_dimensions_directions_and_points_are_chosen(app_over, steady):
    app = app_over(steady, run="gangan")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        point = z(app)
        await pilot.press("right_square_bracket")
        assert app.screen._scrub.axis() == "z2 of 2"
        assert z(app) == pytest.approx(point)
        await pilot.press("r")
        assert z(app) == pytest.approx(point)
        await pilot.press("right")
        moved = [a - b for a, b in zip(z(app), point, strict=True)]
        assert sum(d * d for d in moved) ** 0.5 == pytest.approx(0.05)
        assert all(moved), "a random direction is not along one dimension"
        await pilot.press("z")
        assert z(app) != pytest.approx(point)


async def test_new_noise_makes_other_pictures_of_the_same_gan(app_over, steady):
    app = app_over(steady, run="digits")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        images, place = app.screen._images, app.screen._scrub.epoch
        await pilot.press("n")
        await until(pilot, lambda: (app.screen._images != images).any())
        assert app.screen._scrub.epoch == place


async def test_playing_goes_there_and_back_until_told_to_stop(app_over, steady):
    app = app_over(steady, run="digits")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        seen: list[int] = []
        await pilot.press("space")

        def back_again() -> bool:
            if not seen or app.screen._scrub.epoch != seen[-1]:
                seen.append(app.screen._scrub.epoch)
            return 1 in seen and seen[-1] > 2

        await until(pilot, back_again)
        assert seen[0] >= 7
        await pilot.press("space")
        assert app.screen._playing is None


async def test_epochs_and_gans_of_an_ordinary_run(app_over, steady):
    app = app_over(steady, run="digits")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        scrub = app.screen._scrub
        assert (scrub.gan, scrub.epoch, scrub.latent) == (0, 8, None)
        await pilot.press("left", "full_stop")
        assert (app.screen._scrub.gan, app.screen._scrub.epoch) == (1, 7)
        await pilot.press("enter", *"2", "enter")
        assert app.screen._scrub.epoch == 2
        await pilot.press("m")
        assert app.screen._scrub.by_epoch, "its latent stands for an image, not for a GAN"


async def test_epochs_of_a_gangan(app_over, steady):
    app = app_over(steady, run="gangan")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        await pilot.press("m")
        assert app.screen._scrub.by_epoch
        await pilot.press("left")
        assert app.screen._scrub.epoch == 30
        await pilot.press("m")
        assert app.screen._scrub.latent is not None
        assert app.screen._scrub.epoch == 30


async def test_losses_are_zoomed_panned_locked_smoothed_and_logarithmic(app_over, steady):
    app = app_over(steady, run="gangan")
    async with app.run_test(size=(120, 40)) as pilot:
        await drawn(pilot)
        page = app.screen
        whole = page.query(Panel).first().range
        await pilot.press("plus")
        assert page._look.x == (20.5, 40.0)
        await pilot.press("left")
        assert page._look.x == pytest.approx((15.625, 35.125))
        await pilot.press("0", "l", "s")
        assert (page._look.x, page._look.log, page._look.smoothing) == (None, True, 0.6)
        await pilot.press("l", "s", "s", "s", "y")
        await pilot.app.workers.wait_for_complete()
        assert page._look.locked
        await pilot.press("plus")
        await pilot.app.workers.wait_for_complete()
        assert page.query(Panel).first().range == page._look.locked[page.query(Panel).first().loss]
        assert whole[0] < whole[1]


async def test_another_gan_is_highlighted(app_over, steady):
    app = app_over(steady, run="digits")
    async with app.run_test(size=(120, 40)) as pilot:
        await drawn(pilot)
        await pilot.press("down")
        assert "GAN 1" in str(app.screen.query_one("#legend").render())
        await pilot.press("up", "up")
        assert "GAN 2" in str(app.screen.query_one("#legend").render())


async def test_a_painter_that_is_killed_is_said_and_another_takes_its_place(app_over, steady):
    app = app_over(steady, run="digits")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        os.kill(app.pictures._process.pid, signal.SIGKILL)
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
        text = "\n".join(strip.text for strip in grid._strips)
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
