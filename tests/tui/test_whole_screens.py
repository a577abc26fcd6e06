"""What whole screens show at any size, by keys of one's own, and where the TUI was left."""

import re

import pytest

from gangan_cli.tui.session import Session
from tests.tui.screen import Screen
from tests.tui.test_terminal import digits, listed, two_plots, value
from tests.tui.waiting import read

pytestmark = pytest.mark.xdist_group("tui-2")


def slider(screen):
    """How wide the slider is."""
    found = re.search(r"^ *(━*●─*)$", screen, re.M)
    return len(found[1]) if found else 0


async def test_any_size_from_60_by_15_up_shows_what_matters_and_it_comes_back_as_it_was_left(
    app_over, trained
):
    app = app_over(trained)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = Screen(pilot)
        await screen.wait_for("trained on  mnist5k")
        for size in ((80, 24), (60, 15), (120, 40)):
            await pilot.resize_terminal(*size)
            await screen.wait_for(
                lambda text, size=size: (
                    listed(text) == ["a", "└ g", "  └ gg"]
                    and text.count("complete") == (4 if size[0] == 120 else 3)
                    and "q Quit" in text.splitlines()[-1]
                ),
            )
        await screen.keys("down", "enter")
        for size in ((80, 24), (60, 15), (20, 5), (120, 40)):
            await pilot.resize_terminal(*size)
            if size[0] >= 60:
                widths = range(size[0] - 3, size[0] + 1)
                await screen.wait_for(
                    "› g\n",
                    "cpu",
                    two_plots,
                    lambda text, widths=widths: max(map(len, text.splitlines())) in widths,
                )
        await screen.keys("3")
        await screen.wait_for("distance")
        for size in ((80, 24), (60, 15), (120, 40)):
            await pilot.resize_terminal(*size)
            await screen.wait_for(
                "nearest snapshot",
                digits,
                value,
                lambda text, width=size[0] - 2: slider(text) == width,
            )
        await screen.keys("2")
        await screen.wait_for(two_plots)
        await screen.keys("q")
    assert not app.return_code
    left = Session.recall(trained)
    assert (left.screen, left.run) == ("live", "g")


async def test_help_palette_and_keys_of_ones_own(app_over, trained):
    app = app_over(trained, rebound={"quit": "x", "latent": "f3"})
    async with app.run_test(size=(120, 40)) as pilot:
        screen = Screen(pilot)
        await read(pilot)
        await screen.keys("question_mark")
        for key, says in (
            ("d", "Delete the run, after asking"),
            ("R", "Resume a run that is not complete"),
            ("/", "Filter"),
            ("x", "Quit"),
            ("f3", "Latent"),
            ("[?]", "Help"),
        ):
            await screen.wait_for("Everywhere", re.compile(rf"│  {key} +{says} ").search)
        await screen.keys("escape")
        await screen.wait_for(lambda text: "Everywhere" not in text)

        await screen.keys("ctrl+p")
        await screen.wait_for("Search for commands")
        await screen.type("Scrub g")
        await screen.wait_for("Scrub gg")
        await screen.keys("enter")
        await screen.wait_for("› g\n", "GAN-GAN 0 at epoch 8")

        await screen.keys("ctrl+p")
        await screen.wait_for("Search for commands")
        await screen.type("Scrub gg")
        await screen.wait_for(lambda text: text.count("Scrub gg") == 2)
        await screen.keys("enter")
        await screen.wait_for("› gg\n", "GAN-GAN 0 at epoch 3")

        await screen.keys("ctrl+p")
        await screen.wait_for("Search for commands")
        await screen.type("Watch a")
        await screen.wait_for("its losses")
        await screen.keys("enter")
        await screen.wait_for("› a\n", "discriminator loss")

        await screen.keys("q", "3")  # mean nothing now
        await screen.keys("f3")
        await screen.wait_for("GAN 0, epoch = 3")
        assert app.is_running
        await screen.keys("x")
    assert not app.is_running


async def test_what_a_key_is_to_be_in_a_file_is_what_it_is(app_over, trained):
    """From [tui.keys] of a configuration file to the key that is bound."""
    from gangan_cli.tui.keys import keymap

    app = app_over(trained, rebound=keymap({"quit": "x"}))
    async with app.run_test(size=(80, 24)) as pilot:
        await read(pilot)
        await pilot.press("q")
        assert app.is_running
        await pilot.press("x")
    assert not app.is_running
