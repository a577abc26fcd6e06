"""Standard streams that are closed, on a full disk, or read by somebody who leaves."""

import json
import os
import subprocess

import pytest

from store import Run
from tests.commands import COMMAND, ONE_THREAD, Result, clean_environment, command
from tests.runs import small_manifest


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with a run that has no snapshots."""
    folder = tmp_path_factory.mktemp("store")
    Run.create(folder / "r", small_manifest()).close()
    return folder


def redirected(how, *arguments, cwd=None):
    """What becomes of a command whose streams a shell redirects."""
    done = subprocess.run(
        ["bash", "-c", f'set -o pipefail; "$@" {how}', "-", *command(*arguments)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, cwd=cwd,
        env=clean_environment(**ONE_THREAD),
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "bug in gangan" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return Result(done.returncode, done.stdout, done.stderr)


COMMANDS = [
    ["runs", "list"],
    ["--help"],
    *(
        pytest.param(arguments, marks=pytest.mark.long)
        for arguments in (["--version"], ["runs", "list", "--json"], ["train-gans", "--dry-run"])
    ),
]


@pytest.mark.parametrize("how", [">/dev/full", ">&-"])
@pytest.mark.parametrize("arguments", COMMANDS)
def test_data_that_cannot_be_written_is_an_error_of_one_sentence(store, arguments, how):
    more = ["--store", store] if arguments[0] != "--version" and arguments[0] != "--help" else []
    done = redirected(how, *arguments, *more)
    assert done.code == 1
    assert done.err.startswith("error: the output cannot be written (")
    assert done.err.count("\n") == 1
    assert ("No space left" in done.err) == ("full" in how)
    assert ("stdout is closed" in done.err) == ("full" not in how)


@pytest.mark.parametrize(
    "how", ["<&- >&- 2>&-", pytest.param(">/dev/full 2>&1", marks=pytest.mark.long)]
)
def test_where_nothing_can_be_said_the_exit_code_says_it(store, how):
    assert redirected(how, "runs", "list", "--store", store).code == 1
    assert redirected(how, "runs", "list", "--store", store / "none").code == 3


@pytest.mark.parametrize("how", ["2>/dev/full", "2>&-", "0<&-"])
def test_data_is_whole_where_narration_is_dropped(store, how):
    done = redirected(how, "runs", "list", "--json", "--store", store)
    assert (done.code, done.err) == (0, "")
    assert [run["name"] for run in done.document] == ["r"]


def test_what_has_no_data_needs_no_stdout(tmp_path):
    tmp_path.joinpath("empty").mkdir()
    done = redirected(">&-", "runs", "list", "--store", tmp_path / "empty")
    assert done.code == 0
    assert "is empty" in done.err


def test_a_reader_who_leaves_ends_a_command_quietly(store):
    done = redirected("| true", "runs", "list", "--store", store)
    assert (done.code in (0, 1), done.err) == (True, "")


def test_a_question_is_not_asked_of_a_closed_stdin(store):
    done = redirected("<&-", "runs", "remove", "r", "--store", store)
    assert done.code == 2
    assert "give --yes" in done.err


@pytest.mark.parametrize("how", ["2>&-", pytest.param("2>/dev/full >&- <&-", marks=pytest.mark.long),
                                 pytest.param("2>&1 | head -n 1", marks=pytest.mark.long)])  # fmt: skip
def test_a_training_goes_on_when_what_it_says_cannot_be_written(tmp_path, undisturbed, how):
    arguments = [*COMMAND[:-6], "--gans", 1, "--epochs", 2, "--batch-size", 256, "--workers", 1]
    done = redirected(how, *arguments, "--store", tmp_path)
    assert done.code == 0
    with Run.open(tmp_path / "r") as run, Run.open(undisturbed / "r") as whole:
        assert len(run.keys()) == 2
        assert run.snapshot(0, 2).tobytes() == whole.snapshot(0, 2).tobytes()


def test_a_training_whose_data_cannot_be_written_ends_and_keeps_what_is_done(tmp_path, undisturbed):
    arguments = [*COMMAND[:-6], "--gans", 1, "--epochs", 2, "--batch-size", 256, "--workers", 1]
    done = redirected(">/dev/full", *arguments, "--json", "--store", tmp_path)
    assert done.code == 1
    assert "the output cannot be written" in done.err
    with Run.open(tmp_path / "r") as run:
        assert len(run.keys()) >= 1
        assert run.state().status == "interrupted"


def test_no_file_of_a_run_takes_the_place_of_a_closed_stream(store):
    shown = redirected("<&- 2>&-", "runs", "show", "r", "--store", store, "--json")
    assert json.loads(shown.out)["name"] == "r"
    assert os.listdir(store / "r")  # noqa: PTH208
