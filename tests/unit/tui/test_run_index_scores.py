import shutil

import numpy as np
import pytest

from gangan_cli.tui import run_index
from gangan_cli.tui.run_index import RunIndex
from gangan_cli.tui.scores import Scores
from gangan_cli.weightspace.conditions import Condition
from store import Run, RunRef
from tests.runs import small_manifest
from tests.tui.asking import audit, evaluation
from tests.unit.tui.test_run_index import commit, make, settle


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(run_index, "REST", 0.0)
    make(tmp_path / "store", "r")
    settle(tmp_path / "store")
    return tmp_path / "store"


@pytest.fixture
def readings(monkeypatch):
    """What was read of which run, in order."""
    read, seen = run_index._scores, []

    def counted(view):
        seen.append(view.name)
        return read(view)

    monkeypatch.setattr(run_index, "_scores", counted)
    return seen


def add(root, results, name="r"):
    with Run.open(root / name, write=True) as run:
        run.add_results(results)


def test_the_scores_of_a_run_are_read_with_it(root):
    add(root, {"evaluation/a": evaluation(0, 2, 150.0), "audit/a": audit(0, 2), "other": {}})
    (seen,) = RunIndex(root).scan(patience=60)
    assert seen.scores.snapshots == {(0, 2): 150.0}
    assert seen.scores.summary.best == 150.0
    assert len(seen.scores.verdicts.claims) == 3


def test_of_a_run_that_nobody_judged_it_is_known_at_once_that_there_are_none(root, readings):
    assert RunIndex(root).scan(patience=0)[0].scores == Scores()
    RunIndex(root).scan(patience=60)
    assert readings == []


def test_scores_follow_when_there_is_time_for_them(root, readings):
    add(root, {"evaluation/a": evaluation(0, 2, 150.0)})
    feed = RunIndex(root)
    assert feed.scan(patience=0)[0].scores is None
    assert readings == []
    assert feed.scan(patience=60)[0].scores.images == 2000


def test_scores_are_read_again_only_when_there_are_others(root, readings):
    add(root, {"evaluation/a": evaluation(0, 2, 150.0)})
    feed = RunIndex(root)
    (before,) = feed.scan(patience=60)
    with Run.open(root / "r", write=True) as run:
        commit(run, 3)
    (after,) = feed.scan(patience=60)
    assert (before.done, after.done) == (4, 6)
    assert after.scores is before.scores
    assert readings == ["r"]
    add(root, {"evaluation/a": evaluation(0, 2, 140.0)})
    assert feed.scan(patience=60)[0].scores.snapshots == {(0, 2): 140.0}
    assert feed.scan(patience=60)[0].scores.snapshots == {(0, 2): 140.0}
    assert readings == ["r", "r"]


def test_scores_stay_until_there_is_time_for_the_new_ones(root):
    add(root, {"evaluation/a": evaluation(0, 2, 150.0)})
    feed = RunIndex(root)
    (before,) = feed.scan(patience=60)
    add(root, {"evaluation/a": evaluation(0, 2, 140.0)})
    (after,) = feed.scan(patience=0)
    assert after is not before
    assert after.scores is before.scores
    assert feed.scan(patience=60)[0].scores.snapshots == {(0, 2): 140.0}


def test_after_a_long_reading_scores_are_left_alone_for_a_while(root, readings, monkeypatch):
    monkeypatch.setattr(run_index, "REST", 1e9)
    seen = RunIndex(root)
    add(root, {"evaluation/a": evaluation(0, 1, 150.0)})
    seen.scan(patience=60)
    add(root, {"evaluation/b": evaluation(0, 2, 140.0)})
    assert len(seen.scan(patience=60)[0].scores.snapshots) == 1
    assert readings == ["r"]
    seen._known["r"].rested = 0.0
    assert len(seen.scan(patience=60)[0].scores.snapshots) == 2


def test_a_run_that_took_the_name_of_another_has_not_its_scores(root):
    add(root, {"evaluation/a": evaluation(0, 2, 150.0)})
    feed = RunIndex(root)
    feed.scan(patience=60)
    shutil.rmtree(root / "r")
    make(root, "r", id="new")
    add(root, {"evaluation/a": evaluation(0, 2, 140.0)})
    assert feed.scan(patience=0)[0].scores is None
    shutil.rmtree(root / "r")
    make(root, "r", id="newest")
    assert feed.scan(patience=0)[0].scores == Scores()


def test_scores_that_are_damaged_are_said_to_be_and_the_rest_is_shown(root):
    add(root, {"evaluation/a": evaluation(0, 2, 150.0)})
    file = root / "r" / "data.mdb"
    data = file.read_bytes()
    at = data.rindex(b'"0123456789ab"')
    file.write_bytes(data[:at] + b'"0123456789ac"' + data[at + 14 :])
    (seen,) = RunIndex(root).scan(patience=60)
    assert (seen.problem, seen.done) == ("", 4)
    assert "gangan runs repair r" in seen.scores.problem


def test_a_run_that_cannot_be_read_has_no_scores(root):
    (root / "r" / "data.mdb").write_bytes(b"")
    (seen,) = RunIndex(root).scan(patience=60)
    assert seen.problem
    assert seen.scores is None


def test_a_run_says_what_its_gangans_can_be_asked_for(root):
    about = small_manifest(
        id="g",
        parents=(RunRef("r", "one"),),
        config={"condition": "score"},
        constants={"asked_for": (2,)},
    )
    Run.create(root / "g", about, {"asked_for": np.array([80.5, 400.0])}).close()
    g, r = RunIndex(root).scan()
    assert g.condition == Condition("score", 80.5, 400.0)
    assert r.condition is None
