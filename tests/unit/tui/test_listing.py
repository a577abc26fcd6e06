import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gangan_cli.tui import listing
from gangan_cli.tui.run_index import RunView
from store import RunRef
from store.state import Holder, State, host_namespace
from tests.runs import small_manifest


def view(name, on=None, status="complete", size=0, done=0, holder=None, **manifest):
    parents = (RunRef(on, f"id of {on}"),) if on else ()
    made = small_manifest(**{"id": f"id of {name}", "parents": parents, **manifest})
    return RunView(name, Path(name), made, State(status, holder), done=done, size=size)


def trained(done, before=0, seconds=100.0):
    now = time.time()
    holder = Holder("host", host_namespace(), os.getpid(), now - seconds, now, before)
    return view("r", status="training", done=done, holder=holder)


UNREADABLE = RunView("m", Path("m"), problem="m is damaged")


def lines(runs, *how):
    return [row.branch + row.run.name for row in listing.arrange(runs, *how)]


def test_runs_stand_below_the_one_they_were_trained_on():
    runs = [view("c", "b"), view("b", "a"), view("e", "d"), view("d", "a"), view("z"), view("a")]
    assert lines(runs) == ["a", "├ b", "│ └ c", "└ d", "  └ e", "z"]
    assert [row.depth for row in listing.arrange(runs)] == [0, 1, 2, 1, 2, 0]


def test_the_id_says_what_a_run_was_trained_on_whatever_its_name_is_now():
    runs = [view("renamed", id="id of a"), view("child", "a"), view("a", id="another")]
    assert lines(runs) == ["a", "renamed", "└ child"]


def test_the_run_that_another_was_trained_on_is_found_also_renamed_and_copied():
    a, copy, child = view("a"), view("copy", id="id of a"), view("child", "a")
    runs = {run.name: run for run in (copy, a, child, UNREADABLE)}
    assert listing.parent(runs, child) is a
    assert listing.parent({"copy": copy, "child": child}, child) is copy
    assert listing.parent({"child": child}, child) is None
    assert listing.parent(runs, a) is listing.parent(runs, UNREADABLE) is None


def test_a_run_whose_parent_is_not_shown_stands_at_the_top():
    runs = [view("a"), view("b", "a", family="dcgan"), view("c", "b", family="dcgan")]
    assert lines(runs, "name", "family:dcgan") == ["b", "└ c"]
    assert lines(runs[2:]) == ["c"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", ["a", "├ a1", "└ a2", "b", "c"]),
        ("newest", ["c", "b", "a", "├ a2", "└ a1"]),
        ("state", ["c", "a", "├ a2", "└ a1", "b"]),
        ("size", ["b", "a", "├ a2", "└ a1", "c"]),
    ],
)
def test_runs_and_those_below_each_are_in_the_order_asked_for(sort, order):
    def created(hour):
        return f"2026-01-01T{hour:02}:00:00+00:00"

    runs = [
        view("a1", "a", size=1, created=created(2)),
        view("a2", "a", "crashed", size=3, created=created(3)),
        view("a", status="diverged", size=5, created=created(1)),
        view("b", size=9, created=created(8)),
        view("c", status="crashed", size=2, created=created(9)),
    ]
    assert lines(runs, sort) == order
    assert set(listing.SORTS) == {"name", "newest", "state", "size"}


def test_what_was_made_in_another_time_zone_has_its_place_in_time():
    early, late = "2026-01-01T12:00:00+05:00", "2026-01-01T08:00:00+00:00"
    assert lines([view("a", created=early), view("b", created=late)], "newest") == ["b", "a"]


@pytest.mark.parametrize("sort", listing.SORTS)
def test_a_run_without_manifest_is_listed_once_in_any_order(sort):
    runs = [view("a", size=1), UNREADABLE, view("z", "a", size=1)]
    assert sorted(row.run.name for row in listing.arrange(runs, sort)) == ["a", "m", "z"]
    assert lines(runs, "newest") == ["a", "└ z", "m"]


def test_a_run_that_was_copied_is_listed_beside_its_copy():
    runs = [view("a"), view("copy", id="id of a"), view("b", "a")]
    assert sorted(row.run.name for row in listing.arrange(runs)) == ["a", "b", "copy"]


def test_a_run_that_says_it_was_trained_on_itself_is_listed_all_the_same():
    assert lines([view("a", "a"), view("b")]) == ["a", "b"]


def test_of_two_copies_the_one_that_a_run_names_has_it_below():
    assert lines([view("a"), view("copy", id="id of a"), view("b", "a")]) == ["a", "└ b", "copy"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", "digits letters gg m"),
        ("dig", "digits gg"),
        ("DIG", "digits gg"),
        ("state:train", "digits"),
        ("state:unreadable", "m"),
        ("family:r1", "letters gg"),
        ("family:mlp", "digits"),
        ("on:digits", "gg"),
        ("on:mnist", "digits letters"),
        ("name:l", "letters"),
        ("colour:red", ""),
        ("b:c", "letters"),
        ("family:r1 on:digits", "gg"),
        ("r1 gits", "gg"),
        ("digits family:dcgan", ""),
    ],
)
def test_a_run_is_found_by_all_the_words_that_are_given(words, found):
    mnist = {"name": "mnist5k"}
    runs = [
        trained(1),
        view("letters", family="r1-mlp", dataset={"name": "mnist-b:c"}),
        view("gg", "digits", "interrupted", family="r1-mlp"),
        UNREADABLE,
    ]
    runs[0] = RunView("digits", Path("digits"), small_manifest(dataset=mnist), runs[0].state)
    assert [run.name for run in runs if listing.matches(run, words)] == found.split()


def test_a_training_says_how_far_it_is_and_how_long_it_still_takes():
    assert listing.standing(trained(done=2)) == "training 33% 3 min left"
    assert listing.standing(trained(done=5, before=3)) == "training 83% 50 s left"


def test_a_training_that_has_done_nothing_yet_promises_nothing():
    assert listing.standing(trained(done=2, before=2)) == "training 33%"


def test_a_training_that_stopped_says_how_far_it_came():
    assert listing.standing(view("r", status="interrupted", done=4)) == "interrupted 66%"
    assert listing.standing(view("r", status="training", done=1)) == "crashed 16%"


def test_a_run_that_lacks_snapshots_only_says_how_many_it_has():
    imported = replace(view("r", status="interrupted", done=6), snapshots=2)
    assert listing.standing(imported) == "interrupted 33%"


def test_a_run_that_waits_for_nothing_is_told_in_a_word():
    assert listing.standing(view("r", done=6)) == "complete"
    assert listing.standing(UNREADABLE) == "unreadable"


def test_a_sparkline_goes_from_the_least_to_the_greatest():
    assert listing.sparkline([3, 10, 4, 9, 5, 8, 6, 7]) == "▁█▂▇▃▆▄▅"
    assert listing.sparkline([-1e-9, 1e-9]) == "▁█"


def test_a_sparkline_of_equal_values_is_flat_and_of_one_empty():
    assert listing.sparkline([2.5, 2.5, 2.5]) == "▁▁▁"
    assert listing.sparkline([2.5]) == listing.sparkline([]) == ""


def test_losses_stand_before_their_way_there():
    run = RunView("r", Path("r"), losses={"g_loss": 0.714, "d_loss": 1.316}, trend=(1.0, 2.0))
    assert listing.losses(run) == "0.71 1.32 ▁█"
    assert listing.losses(UNREADABLE) == ""


def test_a_population_is_told_by_its_gans_and_epochs():
    assert listing.population(view("r", gans=35, epochs=100)) == "35 × 100"
    assert listing.population(UNREADABLE) == listing.age(UNREADABLE) == ""


def test_children_are_those_trained_on_that_very_run_not_on_one_of_its_name():
    parent = view("a")
    renamed = view("b", id="id of c")
    child, other = view("d", on="a"), view("e", on="c")
    assert listing.children([parent, renamed, child, other, UNREADABLE], parent) == ["d"]
    assert listing.children([child, other], renamed) == ["e"]
    assert listing.children([child], UNREADABLE) == []


def test_a_ring_of_gans_goes_round_both_ways():
    assert [listing.along([0, 2, 5], one, 1) for one in (0, 2, 5)] == [2, 5, 0]
    assert listing.along([0, 2, 5], 0, -1) == 5
    assert listing.along([4, 6], 1, 1) == 6
