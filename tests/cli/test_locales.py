"""Locales that are not UTF-8: the command line is readable, and the TUI says what it needs."""

import json
import subprocess

import pytest

from store import Run, RunRef
from tests.commands import clean_environment, command
from tests.runs import numbers, small_manifest
from tests.tui.terminal import Terminal

LOCALES = [
    ({"LC_ALL": "de_DE.ISO-8859-1"}, "iso-8859-1", "4 × 1"),
    ({"LC_ALL": "ja_JP.EUC-JP"}, "euc-jp", "4 × 1"),
    ({"LC_ALL": "C"}, "utf-8", "4 × 1"),  # Python takes it for UTF-8
    ({"LC_ALL": "POSIX", "PYTHONUTF8": "0"}, "ascii", "4 x 1"),
    ({"LC_ALL": "", "LANG": ""}, "utf-8", "4 × 1"),
    ({"LC_ALL": "en_US.UTF-8", "PYTHONIOENCODING": "ascii"}, "ascii", "4 x 1"),
]
"""What is set, how Python writes then, and how the table says what is four GANs times one epoch."""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A GAN-GAN below a population, of which the tree and the trend need letters beyond ASCII."""
    root = tmp_path_factory.mktemp("locales") / "runs"
    root.mkdir()
    origins = {"a": {"dataset": {"name": "images:Gänse"}}, "g": {"parents": (RunRef("a", "a"),)}}
    for name, origin in origins.items():
        manifest = small_manifest(id=name, gans=4, epochs=1, **origin)
        with Run.create(root / name, manifest) as run:
            run.commit(1, list(range(4)), numbers(1, 4, 2, 2), numbers(2, 4, 10))
            run.release("complete")
    return root


def run(*arguments, encoding, **environment):
    """A command in a Python that starts for it: its status, what it wrote to stdout and to stderr."""
    done = subprocess.run(
        command(*arguments),
        capture_output=True,
        env=clean_environment(**environment),
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    return done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding)


@pytest.mark.parametrize(("environment", "encoding", "population"), LOCALES)
def test_runs_are_listed_in_every_locale(store, environment, encoding, population):
    code, out, err = run("tui", "--once", "--store", store, encoding=encoding, **environment)
    assert (code, err) == (0, "")
    assert population in out


@pytest.mark.parametrize("arguments", [["--help"], ["runs", "list", "--json"], ["families"]])
def test_help_and_tables_are_written_in_latin_1(store, arguments):
    more = ["--store", store] if "runs" in arguments else []
    code, out, err = run(*arguments, *more, encoding="iso-8859-1", LC_ALL="de_DE.ISO-8859-1")
    assert (code, err) == (0, "")
    assert "?" not in out
    if "--json" in arguments:
        assert json.loads(out)[0]["dataset"] == "images:Gänse"
        assert out.isascii()


def test_the_tui_names_a_locale_in_which_it_cannot_draw(store, tmp_path):
    for before in ("export LC_ALL=de_DE.ISO-8859-1", "export PYTHONIOENCODING=ascii"):
        with Terminal(tmp_path, "--store", store, before=before) as terminal:
            assert terminal.status() == 2
            terminal.assert_clean()
            said = terminal.said()
        assert "text is written here as " in said
        assert "Traceback" not in said
        assert "--once" in said
