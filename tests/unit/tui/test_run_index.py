import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gangan_cli.tui import run_index
from gangan_cli.tui.run_index import TREND, RunIndex, RunView
from store import Run, RunRef
from store.errors import NotAStore, UnknownRun
from store.state import Holder, State, host_namespace
from tests.runs import numbers, small_manifest


def commit(run, epoch, gans=(0, 1), saves=True):
    losses = np.random.default_rng(epoch).random((len(gans), 2, 2))
    run.commit(epoch, list(gans), losses, numbers(epoch, len(gans), 10) if saves else None)
    return losses[:, :, 0]


def make(root, name, epochs=2, **manifest):
    with Run.create(root / name, small_manifest(**manifest)) as run:
        return [commit(run, epoch) for epoch in range(1, epochs + 1)]


def settle(root):
    """Let every file look old: one that has just been written is read once more."""
    for file in root.glob("*/data.mdb"):
        os.utime(file, (0, 0))


@pytest.fixture
def root(tmp_path):
    return tmp_path / "store"


def test_a_run_is_shown_with_what_it_holds(root):
    with Run.create(root / "r", small_manifest()) as run:
        first, second = commit(run, 1), commit(run, 2, saves=False)
        third = commit(run, 3, [1])
        size = run.size_bytes
    (seen,) = RunIndex(root).scan()
    assert (seen.name, seen.path, seen.manifest) == ("r", root / "r", small_manifest())
    assert (seen.status, seen.problem) == ("new", "")
    assert (seen.done, seen.total, seen.snapshots, seen.size) == (5, 6, 3, size)
    assert seen.gans == {0: (2, tuple(second[0])), 1: (3, tuple(third[0]))}
    assert seen.losses == pytest.approx(
        {"g_loss": (second[0, 0] + third[0, 0]) / 2, "d_loss": (second[0, 1] + third[0, 1]) / 2}
    )
    medians = [np.median(losses[:, 0]) for losses in (first, second, third)]
    assert seen.trend == pytest.approx(medians)


def test_a_run_without_an_epoch_is_shown_without_losses(root):
    make(root, "r", epochs=0)
    (seen,) = RunIndex(root).scan()
    assert (seen.done, seen.losses, seen.gans, seen.trend) == (0, {}, {}, ())


def test_a_run_that_was_imported_without_losses_is_shown(root):
    with Run.create(root / "r", small_manifest(losses=())) as run:
        run.commit(1, [0, 1], np.zeros((2, 0, 2)), numbers(1, 2, 10))
    (seen,) = RunIndex(root).scan()
    assert (seen.done, seen.losses, seen.gans) == (2, {}, {0: (1, ()), 1: (1, ())})


def test_a_trend_goes_over_the_whole_training_in_a_few_points(root):
    losses = make(root, "r", epochs=30)
    (seen,) = RunIndex(root).scan(patience=60)
    assert len(seen.trend) == TREND
    assert seen.trend[0] == pytest.approx(np.median(losses[0][:, 0]))
    assert seen.trend[-1] == pytest.approx(np.median(losses[-1][:, 0]))


def test_a_run_says_what_it_is_trained_on(root):
    make(root, "a", dataset={"name": "mnist5k"})
    make(root, "b", parents=(RunRef("a", "one"),))
    make(root, "c")
    assert [run.on for run in RunIndex(root).scan()] == ["mnist5k", "a", ""]


def test_only_a_run_that_changed_is_read_again(root):
    make(root, "a")
    make(root, "b")
    settle(root)
    feed = RunIndex(root)
    a, b = feed.scan(patience=60)
    assert [one is other for one, other in zip(feed.scan(), (a, b), strict=True)] == [True, True]
    with Run.open(root / "b", write=True) as run:
        commit(run, 3)
    again, longer = feed.scan(patience=60)
    assert again is a
    assert (longer.done, longer.gans[1][0], len(longer.trend)) == (6, 3, 3)


def test_a_run_that_was_replaced_by_another_of_its_name_is_read_again(root):
    make(root, "r", id="old")
    settle(root)
    feed = RunIndex(root)
    feed.scan()
    shutil.rmtree(root / "r")
    make(root, "r", id="new")
    assert feed.scan()[0].manifest.id == "new"


def test_a_change_that_the_files_clock_is_too_coarse_to_show_is_seen(root, monkeypatch):
    monkeypatch.setattr(run_index, "RACY", 60.0)
    file, just_now = root / "r" / "data.mdb", time.time_ns()

    def release(status):
        """Change the run, but neither length nor time of its file."""
        with Run.open(root / "r", write=True) as run:
            run.release(status)
        os.utime(file, ns=(just_now, just_now))
        return file.stat().st_size

    make(root, "r")
    for _ in range(5):  # until LMDB has pages to use again
        before = release("interrupted")
    seen = RunIndex(root)
    assert seen.scan()[0].status == "interrupted"
    assert release("complete") == before
    assert seen.scan()[0].status == "complete"


def test_runs_come_and_go(root):
    make(root, "a")
    make(root, "b")
    feed = RunIndex(root)
    feed.scan()
    shutil.rmtree(root / "a")
    make(root, "c")
    assert [run.name for run in feed.scan()] == ["b", "c"]
    feed.remove("b")
    assert [run.name for run in feed.scan()] == ["c"]


def test_a_store_that_is_not_there_is_said_so_and_found_once_it_is(root):
    feed = RunIndex(root)
    with pytest.raises(NotAStore, match="no store at"):
        feed.scan()
    make(root, "r")
    assert [run.name for run in feed.scan()] == ["r"]


def halve(file):
    os.truncate(file, file.stat().st_size // 2)


def scramble(file):
    file.write_bytes(np.random.default_rng(0).bytes(file.stat().st_size))


def scramble_all_but_the_head(file):
    data = file.read_bytes()
    file.write_bytes(data[:8192] + np.random.default_rng(0).bytes(len(data) - 8192))


def replace_by_a_later_format(file):
    shutil.rmtree(file.parent)
    Run.create(file.parent, small_manifest(format=999)).close()


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (halve, "damaged"),
        (scramble, "damaged"),
        (scramble_all_but_the_head, "damaged"),
        (replace_by_a_later_format, "upgrade gangan"),
    ],
)
def test_a_run_that_cannot_be_read_says_why_and_the_others_are_shown(root, spoil, problem):
    for name in "abc":
        make(root, name)
    settle(root)
    feed = RunIndex(root)
    feed.scan()
    whole = (root / "b" / "data.mdb").read_bytes()
    spoil(root / "b" / "data.mdb")
    a, b, c = feed.scan()
    assert (a.status, b.status, c.status) == ("new", "unreadable", "new")
    assert problem in b.problem
    assert b.manifest is None
    (root / "b" / "data.mdb").write_bytes(whole)
    assert feed.scan()[1].done == 4


def test_a_training_whose_process_dies_has_crashed_though_nothing_is_written(root):
    make(root, "r")
    code = (
        f"from store import Run; Run.open({str(root / 'r')!r}, write=True).acquire(); print(); input()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as training:
        training.stdout.readline()
        settle(root)
        feed = RunIndex(root)
        (before,) = feed.scan()
        assert (before.status, before.state.holder.pid) == ("training", training.pid)
        training.kill()
    data = (root / "r" / "data.mdb").read_bytes()
    (after,) = feed.scan()
    assert after is before
    assert after.status == "crashed"
    assert (root / "r" / "data.mdb").read_bytes() == data


def in_training(done, before, seconds):
    now = time.time()
    holder = Holder("host", host_namespace(), os.getpid(), now - seconds, now, before)
    return RunView("r", Path("r"), small_manifest(gans=10, epochs=10), State("training", holder), done)


def test_the_speed_is_that_of_the_present_sitting():
    run = in_training(done=60, before=40, seconds=10)
    assert run.speed == pytest.approx(2)
    assert run.seconds_left == pytest.approx(20)


def test_without_progress_there_is_no_speed_and_no_time_left():
    run = in_training(done=40, before=40, seconds=10)
    assert (run.speed, run.seconds_left) == (0, None)


def test_who_is_not_in_training_has_no_speed():
    run = RunView("r", Path("r"), small_manifest(), State("interrupted"), done=3)
    assert (run.speed, run.seconds_left) == (0, None)
    gone = Holder("far", "another machine", 1, 0.0, 100.0)
    run = RunView("r", Path("r"), small_manifest(), State("training", gone), done=3)
    assert (run.status, run.speed, run.seconds_left) == ("crashed", 0, None)


def test_the_done_of_a_holder_is_what_the_run_held_when_it_began(root):
    make(root, "r")
    with Run.open(root / "r", write=True) as run:
        run.acquire()
        commit(run, 3)
        (seen,) = RunIndex(root).scan()
    assert (seen.state.holder.done, seen.done) == (4, 6)
    assert seen.speed > 0


def test_a_history_grows_with_its_run_and_is_not_read_twice(root):
    first, second = make(root, "r")
    feed = RunIndex(root)
    before = feed.history("r")
    assert feed.history("r") is before
    with Run.open(root / "r", write=True) as run:
        third = commit(run, 3)
    longer = feed.history("r")
    assert longer.of("d_loss").T.tolist() == [row[:, 1].tolist() for row in (first, second, third)]


def test_a_run_that_took_the_name_of_another_has_its_own_history(root):
    make(root, "r", epochs=3, id="old")
    feed = RunIndex(root)
    assert feed.history("r").epochs.tolist() == [1, 2, 3]
    feed.remove("r")
    with pytest.raises(UnknownRun):
        feed.history("r")
    make(root, "r", epochs=1, id="new")
    assert feed.history("r").epochs.tolist() == [1]


def test_trends_that_take_too_long_follow_with_later_scans(root):
    make(root, "a")
    make(root, "b")
    settle(root)
    feed = RunIndex(root)
    assert [run.trend for run in feed.scan(patience=0)] == [(), ()]
    assert [run.done for run in feed.scan(patience=0)] == [4, 4]
    filled = feed.scan(patience=60)
    assert [len(run.trend) for run in filled] == [2, 2]
    assert [one is other for one, other in zip(feed.scan(), filled, strict=True)] == [True, True]


def test_a_run_that_changed_keeps_its_trend_until_there_is_time_for_the_new_one(root):
    make(root, "r")
    feed = RunIndex(root)
    (before,) = feed.scan(patience=60)
    with Run.open(root / "r", write=True) as run:
        commit(run, 3)
    (after,) = feed.scan(patience=0)
    assert (after.done, after.trend) == (6, before.trend)
    assert len(feed.scan(patience=60)[0].trend) == 3
