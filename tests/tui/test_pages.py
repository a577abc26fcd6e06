"""The pages as pictures: most in a wide terminal and the dark theme."""

import pytest

from tests.tui.waiting import drawn, judged, pictured, read, until

pytestmark = pytest.mark.xdist_group("tui-2")

NARROW, WIDE = (80, 24), (140, 45)
DARK_ONES = [
    pytest.param(NARROW, "gangan-dark", id="narrow"),
    pytest.param(WIDE, "gangan-dark", id="wide"),
]
LIGHT_ONE = pytest.param(WIDE, "gangan-light", id="light")


class TestLooks:
    @pytest.mark.parametrize(("size", "theme"), [*DARK_ONES, LIGHT_ONE])
    def test_runs(self, snap_compare, app_over, steady, size, theme):
        app = app_over(steady, theme=theme, run="")
        assert snap_compare(app, terminal_size=size, run_before=read)

    @pytest.mark.parametrize(("size", "theme"), [*DARK_ONES, LIGHT_ONE])
    def test_live(self, snap_compare, app_over, steady, size, theme):
        app = app_over(steady, run="digits", theme=theme)
        assert snap_compare(app, terminal_size=size, run_before=drawn)

    @pytest.mark.parametrize(("size", "theme"), DARK_ONES)
    def test_latent(self, snap_compare, app_over, steady, size, theme):
        app = app_over(steady, run="gangan", theme=theme)

        async def go(pilot):
            await pilot.press("3")
            await pictured(pilot)

        assert snap_compare(app, terminal_size=size, run_before=go)


@pytest.mark.parametrize(
    ("run", "size"), [("by-epoch", WIDE), ("by-score", NARROW)], ids=["wide", "narrow"]
)
def test_what_a_gangan_is_asked_for(snap_compare, app_over, steady_asking, run, size):
    async def go(pilot):
        await pilot.press("3")
        await judged(pilot)
        await pictured(pilot)

    assert snap_compare(app_over(steady_asking, run=run), terminal_size=size, run_before=go)


@pytest.mark.parametrize("run", ["digits", "by-epoch"])
def test_scores_stand_in_the_details(snap_compare, app_over, steady_asking, run):
    async def go(pilot):
        await pilot.press("1")
        await judged(pilot)

    assert snap_compare(app_over(steady_asking, run=run), terminal_size=(140, 45), run_before=go)


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
        await until(pilot, lambda: len(pilot.app.screen.histories) == 2)
        await drawn(pilot)

    assert snap_compare(app_over(steady), terminal_size=(140, 30), run_before=mark)
