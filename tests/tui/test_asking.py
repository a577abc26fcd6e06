"""Keys on the page of latents where a GAN-GAN can be asked for something; scores on the pages."""

import shutil

import numpy as np
import pytest

from gangan_cli.tui.widgets.slider import Slider
from store import Run
from tests.commands import gangan
from tests.tui import asking
from tests.tui.waiting import judged, pictured, read, until

pytestmark = pytest.mark.xdist_group("tui-1")


def where(app) -> str:
    return str(app.screen.query_one("#where").render())


def facts(app) -> list[str]:
    """The lines of the page's facts, or of the runs page's details, without what is empty."""
    name = "#about" if app.screen.query("#about") else "#detail"
    strips = app.screen.query_one(name).render_lines(app.screen.query_one(name).region.at_offset((0, 0)))
    return [line for strip in strips if (line := " ".join(strip.text.split()))]


async def test_an_epoch_is_asked_for_first_and_one_by_one(app_over, steady_asking):
    app = app_over(steady_asking, run="by-epoch")
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        page = app.screen
        assert where(app).startswith("requested epoch = 4   of GAN-GAN 0 at epoch 40   z = ")
        free, images = page.scrub.free, page.images
        await pilot.press("right")
        assert where(app).startswith("requested epoch = 5 ")
        await until(pilot, lambda: (page.images != images).any())
        await pilot.press("home")
        assert (where(app)[:20], page.scrub.latent[-1]) == ("requested epoch = 1 ", -1)
        await pilot.press("end", "right")
        assert (where(app)[:20], page.scrub.latent[-1]) == ("requested epoch = 8 ", 1)
        assert page.scrub.free == free
        slider = page.query_one(Slider)
        assert (slider.steps, slider.place) == (7, 7)


@pytest.mark.parametrize(
    ("run", "typed", "title", "wrong", "said"),
    [
        ("by-epoch", "2.5", "requested epoch = 2.5 ", "9", "9: the slider goes from epoch 1 to 8"),
        ("by-score", "150", "requested Fréchet distance = 150 ", "20",
         "20: the slider goes from Fréchet distance 50.4 to 437"),
    ],
)  # fmt: skip
async def test_what_is_asked_for_is_typed_in_its_own_units(
    app_over, steady_asking, run, typed, title, wrong, said
):
    app = app_over(steady_asking, run=run)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        await pilot.press("enter", *typed, "enter")
        assert where(app).startswith(title)
        await pilot.press("enter", *wrong, "enter")
        assert where(app).startswith(title)
        assert app.notices == [said]
        await pilot.press("enter", *"nine", "enter")
        assert app.notices[1:] == ["'nine' is not a number"]


async def test_a_frechet_distance_is_asked_for_from_the_best_to_the_worst(app_over, steady_asking):
    app = app_over(steady_asking, run="by-score")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        assert where(app).startswith("requested Fréchet distance = 148.4 ")
        await pilot.press("home")
        assert where(app).startswith("requested Fréchet distance = 50.4 ")
        await pilot.press("end")
        assert where(app).startswith("requested Fréchet distance = 437 ")


async def test_other_dimensions_and_directions_leave_alone_what_is_asked_for(app_over, steady_asking):
    app = app_over(steady_asking, run="by-epoch")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        await pilot.press("enter", *"3", "enter", "right_square_bracket", "right")
        assert where(app).startswith("z1 of 2 = ")
        assert "   epoch 3   of GAN-GAN 0" in where(app)
        await pilot.press("left_square_bracket")
        assert where(app).startswith("requested epoch = 3 ")
        await pilot.press("r", "end")
        assert where(app).startswith("along a random direction, t = +3.00   epoch 3 ")
        await pilot.press("right_square_bracket")
        assert where(app).startswith("requested epoch = 3 ")
        free, seen = app.screen.scrub.free, set()
        app.screen.random = np.random.default_rng(0)
        for _ in range(30):
            await pilot.press("z")
            seen.add(app.screen.scrub.condition_text)
        assert seen == set("12345678")
        assert app.screen.scrub.free != free


async def test_playing_goes_along_what_is_asked_for_and_back(app_over, steady_asking):
    app = app_over(steady_asking, run="by-epoch")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        free, seen = app.screen.scrub.free, []
        await pilot.press("space")

        def there_and_back() -> bool:
            if not seen or app.screen.scrub.condition_text != seen[-1]:
                seen.append(app.screen.scrub.condition_text)
            return "8" in seen and seen[-1] == "1"

        await until(pilot, there_and_back)
        await pilot.press("space")
        assert app.screen.scrub.free == free
        assert app.screen.scrub.moves_condition


async def test_what_is_asked_for_stands_beside_what_is_nearest(app_over, steady_asking):
    app = app_over(steady_asking, run="by-epoch")
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("3")
        await judged(pilot)
        await pictured(pilot)
        near = app.screen.near
        assert facts(app)[:7] == [
            "condition",
            "epoch 4",
            "nearest snapshot",
            f"GAN {near.gan}",
            f"epoch {near.epoch}",
            f"Fréchet {asking.frechet(near.gan, near.epoch):.1f}",
            "2,000 images",
        ]
        await pilot.press("m")
        await pilot.pause()
        assert facts(app)[:4] == ["GAN 0", "epoch 40 of 40", "Fréchet median 91.0", "2,000 images"]
        app.choose("by-score")
        await pilot.press("3")
        await pictured(pilot)
        assert facts(app)[:2] == ["condition", "Fréchet 148.4"]


async def test_a_snapshots_own_score_stands_beside_it_as_soon_as_it_is_known(
    app_over, asking_store, tmp_path
):
    store = tmp_path / "store"
    shutil.copytree(asking_store, store)
    app = app_over(store, run="digits")
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("3")
        await judged(pilot)
        await pictured(pilot)
        assert facts(app)[1:3] == ["epoch 8 of 8", f"Fréchet {asking.frechet(0, 8)}"]
        with Run.open(store / "digits", write=True) as run:
            run.add_results({"evaluation/0/8": asking.evaluation(0, 8, 7.0)})
        await until(pilot, lambda: facts(app)[2] == "Fréchet 7.0")


async def test_the_details_say_how_good_a_run_is_or_how_to_find_out(app_over, steady_asking):
    app = app_over(steady_asking, run="digits")
    async with app.run_test(size=(140, 60)) as pilot:
        await pilot.press("1")
        await judged(pilot)
        await pilot.pause()
        lines = facts(app)
        found = lines.index("scores")
        assert lines[found + 1 : found + 6] == [
            "of 3 GANs at epoch 8",
            "Fréchet distance median 70.4, best 50.4",
            "of real images 4.8",
            "label entropy median 0.070",
            "judged on 2,000 images each, by 0123456789ab",
        ]
        await pilot.press("down")
        await until(pilot, lambda: app.state.current == "by-epoch")
        lines = facts(app)
        found = lines.index("scores")
        assert lines[found + 1] == "of 3 GANs drawn at epoch 40"
        said = " ".join(lines[found + 5 :])  # a long claim goes on in the next line
        for words in (
            "audit of GAN 0 at epoch 40",
            "holds samples lie near the snapshots (within 3 steps)",
            "does not hold samples come near 90% of the GANs",
            "undecided samples are no copies: as far from snapshots",
        ):
            assert words in said
        await pilot.press("down")
        await until(pilot, lambda: app.state.current == "by-score")
        assert "not judged yet: gangan audit by-score" in facts(app)


async def test_a_population_that_nobody_judged_says_how_to(app_over, steady):
    app = app_over(steady, run="digits")
    async with app.run_test(size=(140, 60)) as pilot:
        await read(pilot)
        await pilot.press("1")
        await until(pilot, lambda: app.state.runs["digits"].scores is not None)
        await pilot.pause()
        assert "not judged yet: gangan evaluate digits" in facts(app)


async def test_a_gangan_that_was_trained_with_a_condition(app_over, trained, tmp_path):
    store = tmp_path / "store"
    shutil.copytree(trained / "a", store / "a")
    done = gangan(
        "train-gangan", "--on", "a", "--run", "asked", "--condition", "epoch", "--batch-size", 3,
        "--epochs", 8, "--store", store,
    )  # fmt: skip
    assert done.code == 0, done.err
    app = app_over(store, run="asked")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await pictured(pilot)
        assert where(app).startswith("requested epoch = 2 ")
        await pilot.press("right")
        assert where(app).startswith("requested epoch = 3 ")
        await pilot.press("enter", *"4", "enter")
        assert app.notices == ["4: the slider goes from epoch 1 to 3"]
        await pictured(pilot)
        assert facts(app)[:2] == ["condition", "epoch 3"]


@pytest.mark.parametrize("size", [(60, 15), (80, 24)])
async def test_pages_with_scores_stand_any_size(app_over, steady_asking, size):
    app = app_over(steady_asking, run="by-score")
    async with app.run_test(size=size) as pilot:
        for mode in "13":
            await pilot.press(mode)
            await judged(pilot)
            await pilot.press("o")
        await pictured(pilot)
        assert app.is_running
