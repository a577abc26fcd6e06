import queue
import signal
import subprocess
import time
from pathlib import Path

import pytest

from gangan_cli.errors import ConfigurationError
from gangan_cli.tui import launch
from gangan_cli.tui.run_index import RunView
from store import RunRef
from store.state import Holder, State, host_namespace
from tests.runs import small_manifest


def view(status, holder=None, path=Path("r"), **manifest):
    return RunView("r", path, small_manifest(**manifest), State(status, holder))


def holder(pid, where):
    now = time.time()
    return Holder("far", where, pid, now, now)


@pytest.fixture
def child():
    def as_from_a_script_with_an_ampersand():
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    with subprocess.Popen(["sleep", "60"], preexec_fn=as_from_a_script_with_an_ampersand) as process:
        yield process
        process.kill()


def test_the_process_that_trains_a_run_is_interrupted(child):
    said = launch.interrupt(view("training", holder(child.pid, host_namespace())))
    assert "asked to stop" in said
    assert child.wait(timeout=30) == -signal.SIGTERM


@pytest.mark.parametrize("status", ["new", "interrupted", "crashed", "complete", "diverged"])
def test_a_run_that_nobody_trains_is_not_interrupted(status):
    with pytest.raises(ConfigurationError, match="r is not being trained"):
        launch.interrupt(view(status))


def test_a_run_whose_process_died_is_not_interrupted(child):
    child.kill()
    child.wait()
    with pytest.raises(ConfigurationError, match="r is not being trained"):
        launch.interrupt(view("training", holder(child.pid, host_namespace())))


def test_a_training_on_another_machine_is_left_alone(child):
    run = view("training", holder(child.pid, "another machine"))
    with pytest.raises(ConfigurationError, match=f"process {child.pid} on far .*not this machine"):
        launch.interrupt(run)
    assert child.poll() is None


def test_a_run_that_cannot_be_read_is_neither_interrupted_nor_resumed(tmp_path):
    run = RunView("r", tmp_path, problem="damaged")
    with pytest.raises(ConfigurationError, match="not being trained"):
        launch.interrupt(run)
    with pytest.raises(ConfigurationError, match="unreadable"):
        launch.resume(run, tmp_path, pytest.fail)


@pytest.mark.parametrize("status", ["complete", "diverged"])
def test_a_run_that_has_ended_is_not_resumed(tmp_path, status):
    run = view(status, path=tmp_path, dataset={"name": "mnist5k"})
    with pytest.raises(ConfigurationError, match=f"r is {status}: there is nothing to resume"):
        launch.resume(run, tmp_path, pytest.fail)
    assert list(tmp_path.iterdir()) == []


def test_a_run_in_training_is_not_resumed(tmp_path):
    run = view("training", Holder.me(), tmp_path, parents=(RunRef("a", "1"),))
    with pytest.raises(ConfigurationError, match="r is training"):
        launch.resume(run, tmp_path, pytest.fail)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_was_imported_is_not_resumed(tmp_path):
    with pytest.raises(ConfigurationError, match="r was imported"):
        launch.resume(view("interrupted", path=tmp_path), tmp_path, pytest.fail)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_has_vanished_is_not_resumed(tmp_path):
    run = view("interrupted", path=tmp_path / "gone", dataset={"name": "mnist5k"})
    with pytest.raises(ConfigurationError, match="r cannot be resumed"):
        launch.resume(run, tmp_path, pytest.fail)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_does_not_go_on_is_said_with_its_last_words(tmp_path):
    run = view("interrupted", path=tmp_path, dataset={"name": "images:pics"}, config={"dataset": "moon"})
    failures = queue.Queue()
    assert "goes on" in launch.resume(run, tmp_path, failures.put)
    assert "r does not go on: error: no dataset 'moon'" in failures.get(timeout=60)
