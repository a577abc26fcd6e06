"""Where the user's own files lie, whatever the environment says of it."""

import os
import pwd
import stat
import tempfile
from pathlib import Path

import pytest

from gangan_cli import caches
from gangan_cli.errors import WorkFailed


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    """A user whom /etc/passwd does not know, with an environment that says nothing."""
    monkeypatch.setattr(pwd, "getpwuid", lambda _: {}["nobody"])
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)


def test_a_cache_lies_where_the_environment_says_else_at_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert caches.folder("x") == Path("/home/me/.cache/gangan/x")
    assert caches.state() == Path("/home/me/.local/state/gangan")
    monkeypatch.setenv("XDG_CACHE_HOME", "/c")
    monkeypatch.setenv("XDG_STATE_HOME", "/s")
    assert (caches.folder("x"), caches.state()) == (Path("/c/gangan/x"), Path("/s/gangan"))


@pytest.mark.parametrize("said", ["", "relative", "./here", "~/cache"])
def test_what_is_no_absolute_path_counts_as_not_said(monkeypatch, said):
    monkeypatch.setenv("XDG_CACHE_HOME", said)
    monkeypatch.setenv("HOME", said)
    monkeypatch.setattr(
        pwd, "getpwuid", lambda _: pwd.struct_passwd(["me", "x", 1, 1, "", "/at/home", ""])
    )
    assert caches.folder("x") == Path("/at/home/.cache/gangan/x")


def test_without_a_home_it_is_said_what_to_set():
    with pytest.raises(caches.CacheUnwritable, match="no home folder: set HOME or XDG_CACHE_HOME"):
        caches.folder("x")
    with pytest.raises(caches.CacheUnwritable, match="set HOME or XDG_STATE_HOME"):
        caches.state()


def test_a_folder_for_the_moment_is_short_if_that_is_asked_for(tmp_path, monkeypatch):
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    assert caches.scratch() == long
    short = caches.scratch(75)
    assert len(str(short)) <= 75 and stat.S_ISDIR(short.stat().st_mode)


def test_without_any_folder_for_the_moment_it_is_said_what_to_set(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(WorkFailed, match="set TMPDIR to one"):
        caches.scratch()
