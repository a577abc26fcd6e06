import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import Catalog, Run, RunRef, check_name
from store.errors import BadName, Damaged, InUse, NotAStore, RunExists, StoreError, UnknownRun
from tests.runs import small_manifest


def add(catalog, name, **manifest):
    with catalog.adding(name) as path:
        Run.create(path, small_manifest(**manifest)).close()


@pytest.fixture
def catalog(tmp_path):
    catalog = Catalog(tmp_path / "store")
    add(catalog, "first", id="1")
    add(catalog, "second", id="2", parents=(RunRef("first", "1"),))
    return catalog


def test_names_in_order_and_nothing_else(catalog):
    (catalog.root / "notes").mkdir()
    (catalog.root / ".hidden").mkdir()
    (catalog.root / "file").touch()
    assert catalog.names() == ["first", "second"]


def test_an_unknown_run_is_met_with_those_there_are(catalog):
    with pytest.raises(UnknownRun, match=r"'frist'.*there is first"):
        catalog.open("frist")


def test_a_missing_store_says_how_one_is_made(tmp_path):
    with pytest.raises(NotAStore, match="train-gans"):
        Catalog(tmp_path / "none").names()


def test_a_file_is_no_store(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotAStore, match="not a folder"):
        Catalog(tmp_path / "file")


def test_a_name_is_taken_once(catalog):
    with pytest.raises(RunExists, match="first"):
        add(catalog, "first")


def test_what_fails_half_way_leaves_nothing(catalog):
    with pytest.raises(ZeroDivisionError), catalog.adding("third") as path:
        Run.create(path, small_manifest()).close()
        raise ZeroDivisionError
    assert {path.name for path in catalog.root.iterdir()} == {"first", "second"}


def test_of_two_that_make_the_same_run_one_is_told(catalog):
    with pytest.raises(RunExists, match="meanwhile"), catalog.adding("third") as path:
        Run.create(path, small_manifest()).close()
        add(catalog, "third", id="quicker")
    with catalog.open("third") as run:
        assert run.manifest.id == "quicker"


def test_a_run_is_found_by_id_though_it_was_renamed(catalog):
    (catalog.root / "first").rename(catalog.root / "renamed")
    with catalog.find("first", "1") as run:
        assert run.name == "renamed"
    with pytest.raises(UnknownRun, match="trained on"):
        catalog.find("first", "77")


def test_children(catalog):
    with catalog.open("first") as run:
        assert catalog.children(run) == ["second"]
    with catalog.open("second") as run:
        assert catalog.children(run) == []


def test_remove(catalog):
    catalog.remove("second")
    assert catalog.names() == ["first"]


def test_a_run_that_cannot_be_read_is_removed_all_the_same(catalog):
    (catalog.root / "first" / "data.mdb").write_bytes(b"nothing of use")
    with pytest.raises(Damaged), catalog.find("first", "1"):
        pass
    catalog.remove("first")
    assert catalog.names() == ["second"]


def test_what_cannot_be_removed_is_said_to_stay(catalog, monkeypatch):
    def refuse(path):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "lock.mdb")

    monkeypatch.setattr("store.catalog.shutil.rmtree", refuse)
    with pytest.raises(StoreError, match=r"cannot remove .*first: Read-only file system"):
        catalog.remove("first")
    assert "first" in catalog


def test_a_run_in_training_is_not_removed(catalog):
    with catalog.open("first", write=True) as run:
        run.acquire()
        with pytest.raises(InUse):
            catalog.remove("first")
    assert "first" in catalog


@pytest.mark.parametrize("bad", ["", ".", "..", ".x", "-x", "a/b", "a\\b", "a b", "é", "x" * 101, "a\n"])
def test_bad_names(bad):
    with pytest.raises(BadName):
        check_name(bad)


@given(st.text())
def test_a_name_that_passes_is_one_plain_path_part(tmp_path_factory, name):
    try:
        check_name(name)
    except BadName:
        return
    assert "/" not in name
    assert name not in (".", "..")
    assert name[0] != "."
