import math

import numpy as np
import pytest

from store import Run
from store.errors import Damaged
from tests.runs import numbers, small_manifest

FOUND = {
    "fid/0/10": {"value": 12.5, "of": ["real", "0:10"], "nothing": None},
    "fid/1/10": {"value": 1e-300, "text": "é\n\ud800"},
    "prdc/größe": {"nested": {"a": [1, 2, {"b": True}]}},
}


@pytest.fixture
def run(tmp_path):
    with Run.create(tmp_path / "r", small_manifest()) as run:
        yield run


def test_what_was_found_comes_back_in_the_order_of_keys(run, tmp_path):
    assert run.results() == {}
    run.add_results(dict(reversed(FOUND.items())))
    assert run.results() == FOUND
    assert list(run.results()) == sorted(FOUND)
    run.close()
    with Run.open(tmp_path / "r") as again:
        assert again.results() == FOUND


def test_one_can_ask_for_what_begins_with_a_prefix(run):
    run.add_results(FOUND)
    assert list(run.results("fid/")) == ["fid/0/10", "fid/1/10"]
    assert list(run.results("prdc/größe")) == ["prdc/größe"]
    for none in ("g", "fid/00", "prdc/größer", "zz", "x" * 1000, "\ud800"):
        assert run.results(none) == {}


def test_a_later_document_takes_the_place_of_an_earlier_one(run):
    run.add_results(FOUND)
    run.add_results({"fid/0/10": {"value": 3}, "a": {}})
    assert run.results() == {"a": {}, **FOUND, "fid/0/10": {"value": 3}}


def test_many_and_large_ones_are_kept(run):
    many = {f"key {number:05}": {"value": number, "text": "x" * number} for number in range(2000)}
    run.add_results(many)
    assert run.results() == many
    assert len(run.results("key 01")) == 1000


@pytest.mark.parametrize("key", ["", "a\nb", "\x1b[31m", "x" * 401, "ü" * 201, "\ud800", "a\0"])
def test_a_key_must_be_printable_and_short(run, key):
    with pytest.raises(ValueError, match="result's key"):
        run.add_results({"good": {}, key: {}})
    assert run.results() == {}


def test_the_longest_key_is_kept(run):
    run.add_results({"ü" * 200: {"a": 1}})
    assert run.results("ü" * 200) == {"ü" * 200: {"a": 1}}


@pytest.mark.parametrize("value", [math.nan, math.inf, [0, -math.inf]])
def test_numbers_must_be_finite_and_nothing_is_kept_when_one_is_not(run, value):
    with pytest.raises(ValueError, match="'bad' cannot be stored"):
        run.add_results({"good": {"a": 1}, "bad": {"value": value}})
    assert run.results() == {}


def test_what_json_does_not_know_is_refused(run):
    with pytest.raises(TypeError):
        run.add_results({"bad": {"value": np.float32(1)}})
    assert run.results() == {}


def test_a_commit_of_results_is_seen_as_one_and_changes_nothing_else(run):
    run.commit(1, [0, 1], np.zeros((2, 2, 2)), numbers(1, 2, 10), numbers(2, 2, 5))
    run.acquire()
    before, seen = run.progress(), run.last_transaction
    run.add_results(FOUND)
    after = run.progress()
    assert run.last_transaction == after.state.results == seen + 1
    assert (after.last, after.done, after.snapshots) == (before.last, before.done, before.snapshots)
    assert (after.state.status, after.state.holder) == ("training", before.state.holder)
    run.heartbeat()
    assert run.state().results == seen + 1
    run.add_results({})
    assert run.last_transaction == seen + 2


def test_a_run_without_results_is_as_earlier_versions_made_it(run):
    run.commit(1, [0, 1], np.zeros((2, 2, 2)), numbers(1, 2, 10))
    with run._environment.lmdb.begin() as transaction:
        names = {bytes(key) for key in transaction.cursor().iternext(values=False)}
    assert names == {b"manifest", b"state", b"constants", b"snapshots", b"losses", b"resume"}


def test_a_failed_first_commit_leaves_no_database_and_the_next_one_makes_it(run, monkeypatch):
    def fail(transaction, state):
        raise OSError("made to fail")

    with monkeypatch.context() as patched, pytest.raises(Exception, match="made to fail"):
        patched.setattr(run, "_put_state", fail)
        run.add_results(FOUND)
    assert run.results() == {}
    run.add_results(FOUND)
    assert run.results() == FOUND


def test_a_changed_document_is_an_error_that_names_run_and_key(run, tmp_path):
    run.add_results(FOUND)
    run.close()
    content = bytearray((tmp_path / "r" / "data.mdb").read_bytes())
    content[content.rindex(b"12.5")] = ord("9")
    (tmp_path / "r" / "data.mdb").write_bytes(content)
    with Run.open(tmp_path / "r") as run:
        with pytest.raises(Damaged, match="run 'r', result 'fid/0/10': its checksum does not match"):
            run.results()
        assert list(run.results("prdc")) == ["prdc/größe"]
        assert list(filter(None, run.check_results().values())) != []
        assert list(run.check_results()) == [key.encode() for key in FOUND]
