from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gangan_cli.errors import ConfigurationError
from gangan_cli.tui.run_index import RunView
from gangan_cli.tui.scrub import REACH, STEP, Scrub, epochs_of
from gangan_cli.weightspace.conditions import Condition
from store import RunRef
from tests.runs import small_manifest


def gangan(latent_dim=3, gans=((0, 5), (1, 2)), **manifest):
    made = small_manifest(
        parents=(RunRef("a", "1"),),
        hparams={"latent_dim": latent_dim},
        epochs=7,
        snapshot_every=2,
        **manifest,
    )
    return RunView("g", Path("g"), made, gans={gan: (done, ()) for gan, done in gans})


def population(done=3):
    return RunView("a", Path("a"), small_manifest(), gans={0: (done, ()), 1: (2, ())})


EPOCH, SCORE = Condition("epoch", 2, 90), Condition("score", 100.04, 400)


def asking(condition=EPOCH, latent_dim=3):
    return replace(gangan(latent_dim=latent_dim), condition=condition)


@pytest.fixture
def scrub():
    return Scrub.start(gangan())


@pytest.fixture
def random():
    return np.random.default_rng(1)


def test_the_epochs_of_a_gan_are_those_that_left_a_snapshot():
    run = gangan(gans=((0, 7), (1, 5), (2, 1)))
    assert [epochs_of(run, gan) for gan in range(4)] == [(2, 4, 6, 7), (2, 4), (), ()]


def test_initial_weights_are_the_first_place_of_the_slider():
    manifest = small_manifest(keeps_initial=True)
    run = RunView("a", Path("a"), manifest, gans={0: (2, ())})
    scrub = Scrub.start(run)
    assert (scrub.epoch, scrub.epochs) == (2, (0, 1, 2))
    assert scrub.at(0).epoch == scrub.typed("0").epoch == 0
    assert scrub.at(0).refreshed(replace(run, gans={0: (3, ())})).epoch == 0
    with pytest.raises(ConfigurationError, match="no snapshot at epoch 3: GAN 0 has 0 to 2"):
        scrub.typed("3")


def test_it_starts_at_the_last_snapshot_of_the_first_gan_that_has_one():
    scrub = Scrub.start(gangan(gans=((0, 1), (3, 5), (4, 7))))
    assert (scrub.gan, scrub.epoch, scrub.epochs, scrub.gans) == (3, 4, (2, 4), (3, 4))


def test_without_a_snapshot_there_is_nowhere_to_start():
    assert Scrub.start(RunView("a", Path("a"), problem="damaged")) is None
    assert Scrub.start(gangan(gans=())) is None
    assert Scrub.start(gangan(gans=((0, 1),))) is None


def test_a_run_on_images_has_epochs_to_scrub_and_no_latent():
    scrub = Scrub.start(population())
    assert (scrub.latent, scrub.has_latent, scrub.by_epoch) == (None, False, True)
    assert (scrub.steps, scrub.place) == (2, 2)
    assert [scrub.at(place).epoch for place in range(3)] == [1, 2, 3]


def test_a_latent_of_many_dimensions_starts_at_the_same_point_of_it_each_time(scrub):
    assert scrub == Scrub.start(gangan())
    assert len(scrub.latent) == 3
    assert 0 < np.abs(scrub.latent).max() <= REACH


def test_a_latent_of_one_dimension_starts_in_its_middle():
    scrub = Scrub.start(gangan(latent_dim=1))
    assert scrub.latent == (0,)
    assert (scrub.at(0).latent, scrub.at(scrub.steps).latent) == ((-REACH,), (REACH,))


@pytest.mark.parametrize("run", [gangan(), population(), asking(), asking(SCORE)])
def test_each_place_of_the_slider_is_another_and_is_found_again(run):
    scrub = Scrub.start(run)
    there = [scrub.at(place) for place in range(scrub.steps + 1)]
    assert [one.place for one in there] == list(range(scrub.steps + 1))
    assert len(set(there)) == scrub.steps + 1


def test_beyond_its_ends_the_slider_stays(scrub):
    assert scrub.at(-1) == scrub.at(0)
    assert scrub.at(10**6) == scrub.at(scrub.steps)
    assert scrub.at(0).value == -scrub.at(scrub.steps).value == -REACH


def test_a_single_epoch_is_both_ends_of_the_slider():
    scrub = Scrub.start(population(done=1))
    assert scrub.at(0).epoch == scrub.at(scrub.steps).epoch == 1


def test_the_slider_moves_the_latent_along_its_axis_only(scrub):
    before, after = np.array(scrub.at(10).latent), np.array(scrub.at(30).latent)
    np.testing.assert_allclose(after - before, [20 * STEP, 0, 0], atol=1e-9)


def test_another_dimension_goes_through_the_same_point(scrub):
    before = scrub.at(17)
    after = before.along(2)
    assert after.latent == pytest.approx(before.latent)
    assert after.value == pytest.approx(before.latent[2])
    moved = np.array(after.at(100).latent) - before.latent
    assert np.flatnonzero(np.abs(moved) > 1e-9).tolist() == [2]


def test_dimensions_are_counted_round(scrub):
    assert scrub.along(3) == scrub.along(0)
    assert scrub.along(-1) == scrub.along(2)


def test_a_random_direction_goes_through_the_same_point(scrub, random):
    before = scrub.at(17)
    after = before.random_axis(random)
    assert after.latent == pytest.approx(before.latent)
    there = np.array(after.at(after.place + 40).latent)
    assert np.linalg.norm(there - after.latent) == pytest.approx(40 * STEP)
    assert np.count_nonzero(there - after.latent) == 3
    assert after.random_axis(random).direction != after.direction


def test_from_a_random_direction_a_dimension_goes_through_the_point_reached(scrub, random):
    there = scrub.random_axis(random).typed("0.5")
    assert there.along(1).latent == pytest.approx(there.latent)


def test_a_drawn_point_is_another_within_reach_with_an_axis_along_the_same_dimension(scrub, random):
    one = scrub.along(1).sampled(random)
    two = one.sampled(random)
    assert len({scrub.latent, one.latent, two.latent}) == 3
    assert (one.dimension, one.direction) == (1, (0, 1, 0))
    assert one.value == one.latent[1]
    far = replace(scrub, origin=(0.0,) * 10_000, dimension=None).sampled(random)
    assert max(far.origin) == REACH


def test_drawing_keeps_a_random_direction(scrub, random):
    random_axis = scrub.random_axis(random)
    sampled = random_axis.sampled(random)
    assert sampled.direction == random_axis.direction
    assert sampled.latent == sampled.origin != random_axis.origin


def test_a_typed_value_need_not_be_a_place_of_the_slider(scrub):
    assert scrub.along(1).typed("-0.123").latent[1] == pytest.approx(-0.123)
    assert scrub.typed("3").value == REACH


@pytest.mark.parametrize(
    ("text", "said"),
    [("3.01", "from -3 to 3"), ("nan", "from -3 to 3"), ("two", "'two' is not a number")],
)
def test_a_typed_value_that_is_none_is_refused_with_what_is_possible(scrub, text, said):
    with pytest.raises(ConfigurationError, match=said):
        scrub.typed(text)


def test_an_epoch_is_typed_as_a_number_that_has_a_snapshot(scrub):
    by_epoch = replace(scrub, by_epoch=True)
    assert by_epoch.typed("2").epoch == 2
    with pytest.raises(ConfigurationError, match="epoch 3: GAN 0 has 2 to 4"):
        by_epoch.typed("3")


def test_the_gans_are_gone_through_in_a_circle_each_at_its_nearest_epoch():
    run = gangan(gans=((0, 7), (1, 3), (5, 7)))
    scrub = replace(Scrub.start(run), epoch=6)
    assert [scrub.other_gan(by, run).gan for by in (1, 2, 3, -1)] == [1, 5, 0, 5]
    assert (scrub.other_gan(1, run).epoch, scrub.other_gan(1, run).epochs) == (2, (2,))
    assert scrub.other_gan(-1, run).epoch == 6


def test_who_looks_at_the_last_epoch_goes_along_with_the_training(scrub):
    refreshed = scrub.refreshed(gangan(gans=((0, 7), (1, 2))))
    assert (refreshed.epoch, refreshed.epochs) == (7, (2, 4, 6, 7))
    assert refreshed.latent == scrub.latent


def test_who_looks_at_another_epoch_stays_there_and_sees_new_ones(scrub):
    refreshed = replace(scrub, epoch=2).refreshed(gangan(gans=((0, 7), (1, 2), (2, 2))))
    assert (refreshed.epoch, refreshed.epochs, refreshed.gans) == (2, (2, 4, 6, 7), (0, 1, 2))


def test_nothing_changes_while_no_snapshot_is_added(scrub):
    assert scrub.refreshed(gangan()) is scrub
    assert scrub.refreshed(gangan(gans=())) is scrub


def test_the_axis_is_told_in_words(scrub, random):
    assert scrub.axis() == "z1 of 3"
    assert scrub.along(2).axis() == "z3 of 3"
    assert scrub.random_axis(random).axis() == "along a random direction, t"
    assert replace(scrub, by_epoch=True, gan=4).axis() == "GAN 4, epoch"
    assert Scrub.start(gangan(latent_dim=1)).axis() == "latent z"


def test_who_can_be_asked_for_something_is_asked_for_it_first():
    scrub = Scrub.start(asking())
    assert (scrub.moves_condition, scrub.axis(), scrub.reading()) == (True, "requested epoch", "46")
    assert scrub.latent[-1] == pytest.approx(0)
    assert len(scrub.free) == 2
    scrub = Scrub.start(asking(SCORE, latent_dim=2))
    assert (scrub.axis(), scrub.reading()) == ("requested Fréchet distance", "200")


def test_epochs_are_asked_for_one_by_one():
    scrub = Scrub.start(asking())
    assert [scrub.at(place).condition_text for place in (0, 1, 2, scrub.steps)] == ["2", "3", "4", "90"]
    assert scrub.at(0).latent[-1] == -scrub.at(scrub.steps).latent[-1] == -1
    assert scrub.at(17).free == scrub.free


def test_frechet_distances_are_asked_for_by_their_logarithm():
    scrub = Scrub.start(asking(SCORE))
    wishes = np.array([float(scrub.at(place).condition_text) for place in range(scrub.steps + 1)])
    assert (wishes[0], wishes[-1]) == (100, 400)
    np.testing.assert_allclose(wishes[1:] / wishes[:-1], 4 ** (1 / scrub.steps), atol=1e-3)


@pytest.mark.parametrize(
    ("condition", "text"), [(EPOCH, "40"), (EPOCH, "40.5"), (SCORE, "100"), (SCORE, "399.9")]
)
def test_what_is_asked_for_is_typed_in_its_own_units(condition, text):
    scrub = Scrub.start(asking(condition)).typed(text)
    assert scrub.condition_text == text
    assert condition.decode(np.array(scrub.latent[-1:])) == pytest.approx(float(text), abs=0.05)
    assert abs(scrub.value) <= 1


@pytest.mark.parametrize("text", ["1.9", "90.1", "0", "-3", "nan", "inf", "-inf"])
def test_what_cannot_be_asked_for_is_refused_with_what_can(text):
    with pytest.raises(ConfigurationError, match=f"{text}: the slider goes from epoch 2 to 90"):
        Scrub.start(asking()).typed(text)
    with pytest.raises(ConfigurationError, match=f"{text}: .* from Fréchet distance 100 to 400"):
        Scrub.start(asking(SCORE)).typed(text)


def test_the_other_dimensions_come_after_what_is_asked_for():
    scrub = Scrub.start(asking()).typed("40")
    around = [scrub.along(scrub.dimension + by) for by in range(4)]
    assert [one.axis() for one in around] == [
        "requested epoch", "z1 of 2", "z2 of 2", "requested epoch"
    ]  # fmt: skip
    assert [one.condition_text for one in around] == ["40"] * 4
    assert around[1].typed("-2.5").reading() == "-2.50"
    assert around[1].steps == Scrub.start(gangan()).steps
    assert Scrub.start(asking(latent_dim=2)).along(0).axis() == "latent z"


def test_a_random_direction_leaves_alone_what_is_asked_for(random):
    random_axis = Scrub.start(asking()).typed("40").random_axis(random)
    assert {random_axis.at(place).condition_text for place in range(random_axis.steps + 1)} == {"40"}
    assert np.linalg.norm(random_axis.direction) == pytest.approx(1)
    assert (random_axis.moves_condition, random_axis.reading()) == (False, "+0.00")
    assert random_axis.along(random_axis.first).reading() == "40"


@pytest.mark.parametrize("turn", [False, True])
def test_drawing_asks_for_anything_with_the_same_chance(random, turn):
    scrub = Scrub.start(asking())
    scrub = scrub.random_axis(random) if turn else scrub
    wishes = [int((scrub := scrub.sampled(random)).condition_text) for _ in range(2000)]
    assert (min(wishes), max(wishes)) == (2, 90)
    counts = np.histogram(wishes, 4, (2, 90))[0]
    assert (abs(counts - 500) < 100).all()


def test_who_cannot_be_asked_for_anything_wishes_for_nothing(scrub):
    assert (scrub.condition_text, scrub.moves_condition, scrub.first) == ("", False, 0)
    asking_by_epoch = replace(Scrub.start(asking()), by_epoch=True)
    assert (asking_by_epoch.condition_text, asking_by_epoch.moves_condition) == ("", False)
    assert asking_by_epoch.reading() == "4"
