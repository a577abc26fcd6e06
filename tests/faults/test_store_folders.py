"""What else lies in a store's folder: folders of others, copies, links, leftovers."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import lmdb
import pytest

from gangan_cli.tui.run_index import RunIndex
from store import Catalog, Run, StoreError
from tests.commands import gangan
from tests.runs import contents, numbers, run_of, small_manifest

ANOTHER = 54321
"""A user's number that nobody has."""


@pytest.fixture
def store(tmp_path):
    """Two small runs."""
    for name in ("one", "two"):
        run_of(tmp_path / "store" / name, numbers(1, 3, 10)).close()
    return tmp_path / "store"


@pytest.fixture
def open_store():
    """Two small runs in a store that others may read; pytest's own folders are closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        for name in ("one", "two"):
            run_of(Path(folder) / "store" / name, numbers(1, 3, 10)).close()
        yield Path(folder) / "store"


@contextmanager
def another_user():
    """Be somebody else than the one who runs the tests."""
    if os.geteuid():
        pytest.skip("only root can become another user")
    os.seteuid(ANOTHER)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_may_not_be_entered_is_named_and_the_others_are_shown(open_store):
    store = open_store
    (store / "two").chmod(0o700)
    (store / "lost+found").mkdir(0o700)
    with another_user():
        catalog = Catalog(store)
        assert catalog.names() == ["lost+found", "one", "two"]
        with catalog.open("one") as run:
            assert run.keys().tolist() == [[0, 1], [0, 2], [0, 3]]
            assert catalog.children(run) == []
            with catalog.find("elsewhere", run.manifest.id) as found:
                assert found.name == "one"
        with pytest.raises(StoreError, match="two cannot be looked into: Permission denied"):
            catalog.open("two")
        views = {view.name: view for view in RunIndex(store).scan()}
        assert views["one"].problem == ""
        assert "Permission denied" in views["two"].problem
    listed = gangan("runs", "list", "--json", "--store", store, user=ANOTHER)
    assert [run["name"] for run in listed.document] == ["one"]
    assert listed.code == 0
    assert listed.err.count("warning: two") == listed.err.count("warning: lost+found") == 1
    shown = gangan("runs", "show", "one", "--store", store, user=ANOTHER)
    assert (shown.code, shown.err) == (0, "")
    assert gangan("tui", "--once", "--store", store, user=ANOTHER).code == 0


@pytest.mark.skipif(os.geteuid(), reason="only root can become another user")
def test_a_store_below_a_folder_that_may_not_be_entered_is_refused_in_a_sentence(open_store):
    open_store.parent.chmod(0o700)
    refused = gangan("runs", "list", "--store", open_store, user=ANOTHER)
    assert refused.code == 3
    assert f"the store {open_store} cannot be reached (Permission denied)" in refused.err


def test_of_many_runs_the_bad_ones_are_named_and_the_others_done_with_the_worst_exit_code(
    trained, tmp_path
):
    store, out = tmp_path / "store", tmp_path / "figures"
    shutil.copytree(trained / "a", store / "a")
    shutil.copytree(trained / "a", store / "a (copy)")
    verified = gangan("runs", "verify", "--store", store, "--json")
    assert (verified.code, [one["run"] for one in verified.document]) == (1, ["a"])
    assert "skipped a (copy): 'a (copy)' cannot be a run's name" in verified.err

    (store / "half").mkdir()
    whole = (store / "a" / "data.mdb").read_bytes()
    (store / "half" / "data.mdb").write_bytes(whole[: len(whole) // 2])
    verified = gangan("runs", "verify", "--store", store, "--json")
    assert verified.code == 3
    assert {one["run"]: bool(one["findings"]) for one in verified.document} == {"a": False, "half": True}
    drawn = gangan("export-figures", "--store", store, "--out", out, "--dpi", 30)
    assert drawn.code == 3
    assert "skipped a (copy)" in drawn.err and "skipped half" in drawn.err
    assert (out / "a" / "samples.png").is_file()


def test_what_no_run_holds_does_not_keep_it_from_being_removed(store):
    (store / "one" / "latest").symlink_to("nowhere")
    removed = gangan("runs", "remove", "one", "--yes", "--store", store)
    assert removed.code == 0, removed.err
    assert not (store / "one").exists()


def test_of_a_run_that_is_a_link_the_link_is_removed_and_the_run_stays(store, tmp_path):
    (store / "linked").symlink_to(tmp_path / "store" / "one")
    removed = gangan("runs", "remove", "linked", "--yes", "--store", store)
    assert removed.code == 0, removed.err
    assert f"the run that it leads to is still in {store / 'one'}" in removed.err
    assert Catalog(store).names() == ["one", "two"]


def test_an_empty_folder_is_no_run_and_in_nobodys_way(tmp_path):
    (tmp_path / "r").mkdir()
    with Catalog(tmp_path).adding("r") as path:
        Run.create(path, small_manifest()).close()
    assert Catalog(tmp_path).names() == ["r"]


def test_a_folder_with_something_else_in_it_is_kept_and_named(tmp_path):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "notes.txt").write_text("mine")
    arguments = ["--run", "r", "--dataset", "mnist5k", "--gans", 1, "--epochs", 1]
    refused = gangan("train-gans", *arguments, "--store", tmp_path)
    assert refused.code == 2
    assert f"{tmp_path / 'r'} is there, and is not a run" in refused.err
    assert (tmp_path / "r" / "notes.txt").read_text() == "mine"


def test_a_run_that_lmdb_compacted_is_the_same_run_and_goes_on(tmp_path):
    path = tmp_path / "r"
    with Run.create(path, small_manifest()) as run:
        run.acquire()
        run.commit(1, [0, 1], numbers(1, 2, 2, 2).astype(float), numbers(2, 2, 10), numbers(3, 2, 30))
        run.add_results({"evaluation/x": {"found": 1}})
        run.release("interrupted")
    (tmp_path / "compact").mkdir()
    with lmdb.open(str(path), readonly=True, max_dbs=9) as environment:
        environment.copy(str(tmp_path / "compact"), compact=True)
    assert contents(tmp_path / "compact") == contents(path)
    with Run.open(tmp_path / "compact", write=True) as run:
        assert run.results("evaluation/") == {"evaluation/x": {"found": 1}}
        run.acquire()
        run.commit(2, [0, 1], numbers(4, 2, 2, 2).astype(float), numbers(5, 2, 10), numbers(6, 2, 30))
        run.release("interrupted")
    with Run.open(tmp_path / "compact") as run:
        assert run.keys().tolist() == [[0, 1], [0, 2], [1, 1], [1, 2]]
