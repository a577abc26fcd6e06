"""Names that Textual or rich would take for markup are shown as they are, wherever they appear."""

from dataclasses import replace
from itertools import pairwise

import pytest

from store import Run
from tests.runs import numbers, small_manifest
from tests.tui.screen import Screen
from tests.tui.waiting import read, until

pytestmark = pytest.mark.xdist_group("tui-2")

NAMES = ("x[/b]", "[red]", "[@click=app.quit]x[/]", "[", "a\\[b", ":smile:")
"""What people call folders, and what markup is made of."""


@pytest.fixture
def store(tmp_path):
    """A store whose path and data sets are called like that."""
    root = tmp_path / "[@click=app.quit]r[/b]"
    for number, name in enumerate(NAMES):
        manifest = small_manifest(
            id=str(number),
            dataset={"name": f"images:{name}", "height": 1, "width": 2},
            config={"dataset": f"images:{name}", "seed": number},
            command=f"gangan train-gans --dataset 'images:{name}'",
            versions={"gangan": name},
            gans=1,
            epochs=1,
        )
        root.mkdir(parents=True, exist_ok=True)
        with Run.create(root / f"r{number}", manifest) as run:
            run.commit(1, [0], numbers(number, 1, 2, 2), numbers(number, 1, 10))
            run.release("complete")
    return root


async def test_marked_runs_are_compared_by_names_that_look_like_markup(app_over, store):
    app = app_over(store)
    async with app.run_test(size=(120, 20)) as pilot:
        await read(pilot)
        screen = Screen(pilot)
        for one, other in pairwise(NAMES):
            await pilot.press("space", "space")
            await screen.wait_for("2 runs, what differs", f"images:{one}", f"images:{other}")
            await pilot.press("up", "up", "space", "space", "up")  # none is marked, the next is chosen


async def test_pages_and_messages_show_names_that_look_like_markup(app_over, store):
    app = app_over(store)
    async with app.run_test(size=(120, 20)) as pilot:
        await read(pilot)
        screen = Screen(pilot)
        for name in NAMES[:4]:
            await pilot.press("2", "3", "1", "y")
            command = f"gangan train-gans --dataset 'images:{name}'"
            await screen.wait_for("r[/b]", f"images:{name}", f"gangan {name}")
            assert f"copied: {command}" in app.notices
            await pilot.press("down")
    assert not app.return_code


async def test_the_palette_finds_a_run_whose_name_looks_like_markup(app_over, store):
    app = app_over(store)
    async with app.run_test(size=(100, 40)) as pilot:
        await read(pilot)
        screen = Screen(pilot)
        app.state.runs["x[/b]"] = replace(app.state.runs["r0"], name="x[/b]")
        await pilot.press("ctrl+p")
        await screen.wait_for("Search for commands")
        await screen.type("watch x")
        await screen.wait_for("Watch x[/b]", "its losses")
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "live" and app.state.current == "x[/b]")
