import json

import pytest

from gangan_cli.tui.session import Session


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "gangan"


def write(folder, content):
    folder.mkdir(parents=True)
    (folder / "tui.json").write_bytes(content)


def test_each_store_is_remembered_for_itself(tmp_path):
    digits = Session("live", "run", "size", "gangan-light", preview=True, detail=False)
    letters = Session(sort="newest")
    digits.keep(tmp_path / "digits")
    letters.keep(tmp_path / "letters")
    assert Session.recall(tmp_path / "digits") == digits
    assert Session.recall(tmp_path / "letters") == letters
    assert Session.recall(tmp_path / "others") == Session()


def test_what_was_kept_last_counts(tmp_path, folder):
    Session(run="one").keep(tmp_path)
    Session(run="two").keep(tmp_path)
    assert Session.recall(tmp_path).run == "two"
    assert [file.name for file in folder.iterdir()] == ["tui.json"]


def test_a_store_is_the_same_however_its_path_is_given(tmp_path, monkeypatch):
    (tmp_path / "store").mkdir()
    monkeypatch.chdir(tmp_path / "store")
    Session(run="one").keep(tmp_path / "store")
    assert Session.recall(tmp_path / "store" / ".." / "store").run == "one"
    assert Session.recall(type(tmp_path)()).run == "one"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"text"', b"\xff\x00", b"null"])
def test_a_file_that_is_broken_is_forgotten_and_written_anew(tmp_path, folder, content):
    write(folder, content)
    assert Session.recall(tmp_path) == Session()
    Session(run="one").keep(tmp_path)
    assert Session.recall(tmp_path).run == "one"


def test_a_value_of_the_wrong_type_is_forgotten_and_the_others_are_not(tmp_path, folder):
    known = {"screen": 3, "run": None, "sort": ["name"], "preview": "yes", "detail": 0, "extra": 1}
    write(folder, json.dumps({str(tmp_path): {**known, "theme": "gangan-light"}}).encode())
    assert Session.recall(tmp_path) == Session(theme="gangan-light")


@pytest.mark.parametrize("known", [[], "text", None, 3])
def test_a_store_of_which_nonsense_is_remembered_is_like_a_new_one(tmp_path, folder, known):
    write(folder, json.dumps({str(tmp_path): known}).encode())
    assert Session.recall(tmp_path) == Session()


def test_a_folder_that_cannot_be_written_is_no_reason_to_complain(tmp_path, folder):
    folder.parent.mkdir()
    folder.touch()
    Session(run="one").keep(tmp_path)
    assert Session.recall(tmp_path) == Session()
    assert folder.is_file()
