"""Where `gangan tui` cannot run, what it finds in a store, and what it says then."""

import re
import shutil
import subprocess

import pytest

from store import Run
from tests.commands import clean_environment, command, gangan
from tests.runs import small_manifest
from tests.tui.terminal import Terminal


@pytest.fixture
def mixed(tmp_path, trained):
    """A store with the trained runs and one that a later gangan wrote."""
    store = tmp_path / "mixed"
    shutil.copytree(trained, store)
    Run.create(store / "later", small_manifest(format=999)).close()
    return store


def beside(screen):
    """The text beside the list, its lines joined."""
    return " ".join(line.partition("│")[2].strip() for line in screen.splitlines())


def refused(terminal):
    """The exit status and the one sentence of a TUI that did not open; the terminal is as before."""
    status = terminal.status()
    terminal.assert_clean()
    said = terminal.said().strip()
    assert said.startswith("error: ")
    assert "Traceback" not in said
    return status, said


def test_without_a_terminal_it_says_how_to_get_one(trained):
    result = gangan("tui", "--store", trained, COLORTERM="truecolor")
    assert (result.code, result.out) == (2, "")
    assert "needs a terminal" in result.err
    assert "ssh -t" in result.err
    assert "--once" in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("redirected", ["2>log", "| cat", "</dev/null"])
def test_half_a_terminal_is_none(tmp_path, trained, redirected):
    with Terminal(tmp_path, "--store", trained, redirected=redirected) as terminal:
        status = terminal.status()
        terminal.assert_clean()
        said = terminal.said()
        if redirected == "2>log":
            assert said.strip() == ""
            said = (tmp_path / "log").read_text()
    assert status == (2 if redirected != "| cat" else 0)  # that of cat
    assert "ssh -t" in said


def test_a_dumb_terminal_is_refused_by_name(tmp_path, trained):
    with Terminal(tmp_path, "--store", trained, before="export TERM=dumb") as terminal:
        status, said = refused(terminal)
    assert status == 2
    assert "TERM is 'dumb'" in said
    assert "--once" in said


def test_a_window_too_small_is_refused_with_its_size(tmp_path, trained):
    with Terminal(tmp_path, "--store", trained, size=(20, 5)) as terminal:
        status, said = refused(terminal)
    assert status == 2
    assert "20×5" in said
    assert "60×15" in said


@pytest.mark.parametrize("kind", ["xterm-256color", "dumb"])
def test_once_prints_all_runs_without_a_terminal(mixed, kind):
    result = gangan("tui", "--once", "--store", mixed, TERM=kind)
    assert result.code == 0
    heading, _, *rows = result.out.splitlines()
    assert heading.split()[:3] == ["run", "state", "family"]
    assert [row.split("  ")[0] for row in rows if not row.startswith("  ")] == ["a", "└ g", "later"]
    assert [row.split()[:2] for row in rows] == [
        ["a", "complete"],
        ["└", "g"],
        ["└", "gg"],
        ["later", "unreadable"],
    ]
    assert "\x1b" not in result.out
    assert "later cannot be read" in result.err
    assert "999" in result.err


def test_once_into_a_pipe_that_closes_is_no_error_of_ours(trained):
    done = subprocess.run(
        ["sh", "-c", '"$@" | true', "-", *command("tui", "--once", "--store", trained)],
        capture_output=True, text=True, env=clean_environment(), timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "bug in gangan" not in done.stderr


def test_an_empty_store_says_how_to_fill_it_and_shows_the_run_that_comes(tmp_path, trained):
    store = tmp_path / "store"
    store.mkdir()
    once = gangan("tui", "--once", "--store", store)
    assert (once.code, once.out) == (0, "")
    assert "empty" in once.err
    with Terminal(tmp_path, "--store", store) as terminal:
        terminal.wait_for("No runs in", "gangan train-gans --run")
        for page, says in (("2", "no run to watch"), ("3", "no run to look at"), ("1", "No runs in")):
            terminal.keys(page)
            terminal.wait_for(says)
        terminal.keys("Enter", "d", "i", "R", "y", "o", "p", "space")  # nothing to do it to
        shutil.copytree(trained / "a", tmp_path / "aside")
        (tmp_path / "aside").rename(store / "a")
        terminal.wait_for("complete", "2 × 3", lambda screen: "No runs in" not in screen, timeout=10)
        terminal.keys("2")
        terminal.wait_for("generator loss")
        terminal.keys("q")
        assert terminal.status() == 0


def test_a_store_that_is_missing_or_a_file_ends_it_as_it_ends_the_other_commands(tmp_path):
    (tmp_path / "file").write_text("no folder")
    for store in ("missing", "file"):
        listed = gangan("runs", "list", "--store", tmp_path / store)
        once = gangan("tui", "--once", "--store", tmp_path / store)
        assert (once.code, once.out, once.err) == (3, "", listed.err)
        assert listed.code == 3


def test_a_store_that_is_missing_or_a_file_is_refused_in_a_terminal_too(tmp_path):
    (tmp_path / "file").write_text("no folder")
    for store, says in (("file", "is not a folder"), ("missing", "gangan train-gans makes one")):
        with Terminal(tmp_path, "--store", store) as terminal:
            status, said = refused(terminal)
        assert status == 3
        assert says in said


def test_a_run_of_a_later_gangan_is_listed_with_the_reason_and_the_others_are_usable(tmp_path, mixed):
    with Terminal(tmp_path, "--store", mixed) as terminal:
        terminal.wait_for("unreadable", lambda screen: screen.count("complete") == 4)
        terminal.keys("Down", "Down", "Down")
        terminal.wait_for(lambda screen: re.search("format 999, .*upgrade gangan", beside(screen)))
        terminal.keys("Enter")
        terminal.wait_for("later cannot be read", "format 999")
        terminal.keys("3")
        terminal.wait_for(lambda screen: "3 Latent" in screen and "format 999" in screen)
        terminal.keys("1")
        terminal.wait_for("Filter")
        terminal.keys("Up", "Up")
        terminal.wait_for("trained on  a")
        terminal.keys("Enter")
        terminal.wait_for("› g\n", "discriminator loss")
        terminal.keys("q")
        assert terminal.status() == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["later"], 3, "format 999"),
        (["nobody"], 2, "no run 'nobody' in"),
        (["--images", "webp"], 2, "images is 'webp'"),
        (["--config", "leave.toml"], 2, "[tui.keys] has 'leave', which no key does"),
        (["--config", "three.toml"], 2, "[tui.keys] quit is 3"),
    ],
)
def test_a_mistake_in_the_command_is_said_before_anything_is_shown(
    tmp_path, mixed, arguments, code, says
):
    (tmp_path / "leave.toml").write_text('[tui.keys]\nleave = "x"\n')
    (tmp_path / "three.toml").write_text("[tui.keys]\nquit = 3\n")
    with Terminal(tmp_path, *arguments, "--store", mixed) as terminal:
        status, said = refused(terminal)
    assert status == code
    assert says in said
