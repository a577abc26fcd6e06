"""What keys and mouse do on the page of latents."""

from dataclasses import replace

import numpy as np
import pytest

from gangan_cli.tui.widgets.digits import Digits
from store import Run
from tests.tui.screen import Screen
from tests.tui.waiting import pictured, until

pytestmark = pytest.mark.xdist_group("tui-1")


def z(app) -> tuple[float, ...]:
    return app.screen.scrub.latent


async def test_scrubbing_by_keys_goes_by_steps_and_to_the_ends(app_over, steady):
    app = app_over(steady, run="gangan")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        page = app.screen
        before, images = page.scrub.value, page.images
        await pilot.press("right")
        assert page.scrub.value - before == pytest.approx(0.05, abs=0.026)
        await pilot.press("shift+right")
        assert page.scrub.value - before == pytest.approx(0.55, abs=0.026)
        await until(pilot, lambda: (page.images != images).any())
        await pilot.press("end")
        assert page.scrub.value == 3.0
        await pilot.press("right")
        assert page.scrub.value == 3.0
        await pilot.press("home")
        assert page.scrub.value == -3.0


async def test_the_nearest_digits_stay_until_the_next_are_measured(app_over, steady):
    app = app_over(steady, run="gangan")
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        near = app.screen.query_one("#near", Digits)
        drawn = near.levels
        app.screen.action_step(1)
        assert app.screen.near is None
        assert near.display
        assert near.levels is drawn
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
        assert app.screen.scrub.value == -1.23
        await pilot.press("enter", *"9", "enter")
        assert app.screen.scrub.value == -1.23
        assert app.notices == ["9: the slider goes from -3 to 3"]
        await pilot.press("enter", *"1", "escape")
        assert app.screen.scrub.value == -1.23
        assert app.current_mode == "latent"


async def test_the_mouse_drags_the_slider(app_over, steady):
    app = app_over(steady, run="gangan")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        await pilot.mouse_down("Slider", offset=(0, 0))
        assert app.screen.scrub.value == -3.0
        await pilot.hover("Slider", offset=(117, 0))
        await pilot.mouse_up("Slider", offset=(117, 0))
        assert app.screen.scrub.value == 3.0


async def test_dimensions_directions_and_points_are_chosen(app_over, steady):
    app = app_over(steady, run="gangan")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        point = z(app)
        await pilot.press("right_square_bracket")
        assert app.screen.scrub.axis() == "z2 of 2"
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
        images, place = app.screen.images, app.screen.scrub.epoch
        await pilot.press("n")
        await until(pilot, lambda: (app.screen.images != images).any())
        assert app.screen.scrub.epoch == place


async def test_playing_goes_there_and_back_until_told_to_stop(app_over, steady):
    app = app_over(steady, run="digits")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        seen: list[int] = []
        await pilot.press("space")

        def back_again() -> bool:
            if not seen or app.screen.scrub.epoch != seen[-1]:
                seen.append(app.screen.scrub.epoch)
            return 1 in seen and seen[-1] > 2

        await until(pilot, back_again)
        assert seen[0] >= 7
        await pilot.press("space")
        assert app.screen.playing is None


async def test_epochs_and_gans_of_an_ordinary_run(app_over, steady):
    app = app_over(steady, run="digits")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        scrub = app.screen.scrub
        assert (scrub.gan, scrub.epoch, scrub.latent) == (0, 8, None)
        await pilot.press("left", "full_stop")
        assert (app.screen.scrub.gan, app.screen.scrub.epoch) == (1, 7)
        await pilot.press("enter", *"2", "enter")
        assert app.screen.scrub.epoch == 2
        await pilot.press("m")
        assert app.screen.scrub.by_epoch, "its latent stands for an image, not for a GAN"


async def test_initial_weights_are_an_epoch_to_look_at(app_over, gallery_store, tmp_path):
    with Run.open(gallery_store / "digits") as digits:
        about = replace(digits.manifest, id="initial", keeps_initial=True)
        vectors = np.stack([digits.snapshot(0, epoch) for epoch in (1, 8)])
    with Run.create(tmp_path / "store" / "kept", about) as run:
        run.commit_initial([0], vectors[:1])
        run.commit(1, [0], np.zeros((1, 2, 2)), vectors[1:])
    app = app_over(tmp_path / "store", run="kept")
    async with app.run_test(size=(140, 45)) as pilot:
        screen = Screen(pilot)
        await screen.keys("1")
        await screen.wait_for("1 of 24 and initial weights")
        await screen.keys("3")
        await pictured(pilot)
        trained = app.screen.images
        await screen.keys("left")
        await screen.wait_for("GAN 0, epoch = 0", "0 (initial)")
        await until(pilot, lambda: (app.screen.images != trained).any())


async def test_epochs_of_a_gangan(app_over, steady):
    app = app_over(steady, run="gangan")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        await pilot.press("m")
        assert app.screen.scrub.by_epoch
        await pilot.press("left")
        assert app.screen.scrub.epoch == 30
        await pilot.press("m")
        assert app.screen.scrub.latent is not None
        assert app.screen.scrub.epoch == 30
