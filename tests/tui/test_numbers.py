"""GANs of numbers in the TUI: a chart of densities instead of pictures."""

import numpy as np
import pytest

from tests.tui.screen import Screen
from tests.tui.waiting import pictured, until

pytestmark = pytest.mark.xdist_group("tui-1")


async def test_the_latent_page_draws_their_densities(app_over, numbers_store, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    app = app_over(numbers_store, run="n")
    async with app.run_test(size=(120, 34)) as pilot:
        screen = Screen(pilot)
        await screen.keys("3")
        last = await screen.wait_for("generated, mean", "D(x)", "epoch = 2")
        await screen.keys("left")
        await screen.wait_for("epoch = 1", lambda text: text.splitlines()[1] != last.splitlines()[1])
        await screen.keys("e")
        await until(pilot, lambda: any("latent-1.png" in notice for notice in app.notices))


async def test_a_gangan_over_them_has_a_density_at_each_latent(app_over, numbers_store):
    app = app_over(numbers_store, run="over")
    async with app.run_test(size=(120, 34)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        await Screen(pilot).wait_for("generated, mean", "nearest snapshot")
        assert app.screen.near.images.shape == app.screen.images.shape
        assert {0, 255} <= set(np.unique(app.screen.images)) <= {0, 150, 255}


async def test_the_list_of_runs_says_that_they_have_no_scores(app_over, numbers_store):
    app = app_over(numbers_store, run="n")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("1")
        await Screen(pilot).wait_for("its GANs make numbers")
