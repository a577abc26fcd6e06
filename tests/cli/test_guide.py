"""gangan guide: its pages in a pipe, as JSON, and on a terminal."""

import os
import pty
import shlex
import shutil
import subprocess

import pytest

from gangan_cli.guide import TOPICS, page, with_commands
from gangan_cli.studies.registry import STUDIES
from tests.architecture.test_readme import examples
from tests.commands import DIGITS, clean_environment, command, gangan

ELSEWHERE = (
    *(
        f"gangan {name}"
        for name in ("evaluate", "audit", "export-figures", "runs best", "runs merge", "tui", "guide")
    ),
    *(f"gangan study {name}" for name in STUDIES),
)
"""Commands whose examples are only parsed (tests/architecture/test_readme.py): other tests run them with
less to do."""

NOT_HERE = ("--from", "0-24", "--ask", "--best", "late", "/scratch", "data/gan", "--config")
"""Parts of examples that need GANs, epochs, conditions, disks or files that this small store lacks."""


def test_the_pages_are_listed_each_with_a_line():
    listed = gangan("guide", "--json").document
    assert [one["topic"] for one in listed] == list(TOPICS)
    assert listed[0]["summary"].startswith("Install gangan, ")
    shown = gangan("guide").out
    assert all(topic in shown for topic in TOPICS)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_pipe_gets_a_page_as_it_is(topic):
    assert gangan("guide", topic).out == page(topic).text.rstrip() + "\n"


def test_a_page_that_is_not_there_is_refused_with_those_that_are():
    result = gangan("guide", "nope")
    assert result.code == 2 and result.out == ""
    assert "'nope'" in result.err and "getting-started, commands" in result.err


def test_a_reader_that_closes_the_pipe_is_no_error():
    done = subprocess.run(
        f"{' '.join(command('guide', 'commands'))} | head -1",
        shell=True,
        capture_output=True,
        text=True,
        env=clean_environment(),
    )
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith("# ")


def test_links_name_the_command_that_shows_the_page():
    assert with_commands("see [the store](store.md#formats).") == (
        "see the store (`gangan guide store`)."
    )


def test_on_a_terminal_a_page_is_formatted_and_paged():
    ours, theirs = pty.openpty()
    environment = clean_environment(PAGER="cat", TERM="xterm-256color", COLUMNS="80")
    with subprocess.Popen(
        command("guide", "getting-started"), stdout=theirs, env=environment
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 1 << 16)
            except OSError:  # Linux's way to say that the other end is closed
                break
    os.close(ours)
    assert process.returncode == 0
    text = shown.decode()
    assert page("getting-started").title in text
    assert "# " + page("getting-started").title not in text  # a heading, no longer Markdown
    assert max(map(len, text.splitlines())) < 400


@pytest.fixture
def in_the_store_of_the_guide(trained, tmp_path, monkeypatch):
    """A working folder with a store whose runs have the names that the guide uses."""
    runs = tmp_path / "gangan-runs"
    runs.mkdir()
    for name, run in (("digits", "a"), ("mlp", "a"), ("gangan", "g")):
        (runs / name).symlink_to(trained / run)
    (tmp_path / "FOLDER").symlink_to(DIGITS)
    monkeypatch.chdir(tmp_path)


def test_the_examples_of_readme_and_guide_work(in_the_store_of_the_guide):
    """Trainings as dry runs, the others as they are, each once and in the order of the pages."""
    done = 0
    for example in dict.fromkeys(example for _, example in examples()):
        if example.startswith(ELSEWHERE) or any(part in example for part in NOT_HERE):
            continue
        arguments = shlex.split(example.removesuffix(" &"))[1:]
        if arguments[0].startswith("train-"):
            arguments.append("--dry-run")
        elif "remove" in arguments:
            arguments.append("--yes")
        elif "drawn" in arguments:
            gangan("runs", "remove", "drawn", "--yes")
        elif "--out" in arguments:
            shutil.rmtree(arguments[-1], ignore_errors=True)
        result = gangan(*arguments)
        assert result.code == 0, f"{example}: {result.err}"
        done += 1
    assert done > 30
