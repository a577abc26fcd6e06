"""Two at once: who trains a run is known, and whoever died is known to be dead."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from store import Run, lease
from store.errors import InUse
from store.state import STALE_AFTER, Holder, State, process_start
from store.verify import verify
from tests.commands import COMMAND, gangan, start, started
from tests.runs import contents, numbers, small_manifest


@pytest.fixture
def run(tmp_path):
    with Run.create(tmp_path / "r", small_manifest()) as run:
        yield run


def held_by(run, **changes):
    """Have the run say that it is trained by somebody like this process, but for `changes`."""
    me = dataclasses.replace(Holder.me(0, run._environment.identity), **changes)
    with run._environment.writing() as transaction:
        run._put_text(transaction, b"state", State("training", me).to_json())
    return me


def test_a_second_training_is_told_who_holds_the_run_and_since_when(tmp_path):
    often = ["--epochs", 100_000, "--snapshot-every", 1000, "--workers", 1, "--no-compile"]
    endless = [*COMMAND, *often, "--store", tmp_path]
    process = started(*endless)
    second = gangan(*endless)
    with Run.open(tmp_path / "r") as run:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.state().holder.since))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert second.code == 3
    who = f"is being trained by process {process.pid} on {os.uname().nodename} since {since}"
    assert who in second.err


def test_a_dead_holder_is_known_also_when_its_number_was_given_to_another(run):
    held_by(run)
    assert run.state().status == "training"
    with pytest.raises(InUse):
        run.acquire()
    held_by(run, born="1")  # this process, but not the one that began at tick 1
    assert run.state().status == "crashed"
    run.acquire()
    assert run.state().status == "training"


def test_a_holder_that_sleeps_is_not_dead(run):
    sleeper = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    sleeper.send_signal(signal.SIGSTOP)
    held_by(run, pid=sleeper.pid, born=process_start(sleeper.pid), beat=time.time() - 10 * STALE_AFTER)
    with pytest.raises(InUse):
        run.acquire()
    sleeper.kill()
    sleeper.communicate()
    run.acquire()


def test_a_holder_that_died_on_another_host_is_known_by_its_heart(run, monkeypatch):
    monkeypatch.setattr(lease, "BEAT_EVERY", 0.2)
    held_by(run, where="another machine", beat=time.time())
    with pytest.raises(InUse):
        run.acquire()
    for beat in (time.time() - STALE_AFTER - 1, time.time() + 86400):  # its clock may have been wrong
        held_by(run, where="another machine", beat=beat)
        assert run.state().status == "crashed"
        run.acquire()
        run.release("interrupted")


def test_a_heart_that_beats_by_another_clock_is_alive(run, monkeypatch):
    monkeypatch.setattr(lease, "BEAT_EVERY", 0.5)
    held_by(run, where="another machine", beat=1.0)
    other = threading.Timer(0.2, lambda: held_by(run, where="another machine", beat=2.0))
    other.start()
    with pytest.raises(InUse, match="clock"):
        run.acquire()
    other.join()


def test_who_was_taken_for_dead_finds_the_run_taken_over_and_changes_nothing(run):
    run.acquire()
    run.commit(1, [0, 1], np.zeros((2, 2, 2)), numbers(1, 2, 10))
    other = held_by(run, born="1")
    with pytest.raises(InUse, match="taken over"):
        run.commit(2, [0, 1], np.zeros((2, 2, 2)), numbers(2, 2, 10))
    with pytest.raises(InUse, match="taken over"):
        run.release("complete")
    assert run.keys().tolist() == [[0, 1], [1, 1]]
    assert run.state().holder == other


def test_a_copy_of_a_run_in_training_is_not_in_training(run, tmp_path):
    run.acquire()
    subprocess.run(["cp", "-r", tmp_path / "r", tmp_path / "copy"], check=True)
    with Run.open(tmp_path / "copy", write=True) as copy:
        assert copy.state().status == "crashed"
        copy.acquire()
    assert run.state().status == "training"


def test_two_trainings_in_one_store_do_not_disturb_each_other(tmp_path, undisturbed):
    another = [*COMMAND, "--run", "another", "--seed", 7]
    trainings = [start(*command, "--store", tmp_path) for command in (COMMAND, another)]
    for training in trainings:
        _, err = training.communicate(timeout=120)
        assert training.returncode == 0, err
    assert contents(tmp_path / "r") == contents(undisturbed / "r")
    assert contents(tmp_path / "another")[0] != contents(undisturbed / "r")[0]
    assert list(verify(tmp_path / "another")) == []


TRAIN = (
    "import sys\n"
    "import numpy as np\n"
    "from store import Run\n"
    "with Run.open(sys.argv[1], write=True) as run:\n"
    "    run.acquire()\n"
    "    print(run.state().holder.since, flush=True)\n"
    "    for epoch in range(1, int(sys.argv[2]) + 1):\n"
    "        vectors = np.full((2, 10), epoch, np.float32)\n"
    "        run.commit(epoch, [0, 1], np.ones((2, 2, 2)), vectors, vectors.repeat(epoch % 900, 1))\n"
    "    print(len(run.results()), flush=True)\n"
    "    input()\n"
    "    run.commit(epoch + 1, [0, 1], np.ones((2, 2, 2)))\n"
    "    run.release('complete')\n"
)


def test_results_are_added_to_a_run_that_another_process_trains(run, thorough):
    epochs = 10_000 if thorough else 500
    run.close()
    with Run.open(run.path) as viewer:
        assert viewer.results() == {}
        assert viewer.state().results == 0
    training = subprocess.Popen(
        [sys.executable, "-c", TRAIN, run.path, str(epochs)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    since = float(training.stdout.readline())
    added = 0
    with Run.open(run.path, write=True) as ours:
        while len(ours.losses()[0]) < 2 * epochs:
            ours.add_results({f"fid/{added}": {"value": added, "text": "x" * (added % 9000)}})
            added += 1
            state = ours.state()
            assert (state.status, state.holder.pid, state.holder.since) == (
                "training", training.pid, since,
            )  # fmt: skip
        assert int(training.stdout.readline()) in (added - 1, added)
        beat = ours.state().holder.beat
        ours.add_results({"last": {}})
        assert ours.state().holder.beat == beat
        with pytest.raises(InUse):
            ours.acquire()
    training.communicate("\n", timeout=60)
    assert training.returncode == 0
    assert list(verify(run.path)) == []
    with Run.open(run.path) as done:
        assert done.state().status == "complete"
        assert len(done.keys()) == 2 * epochs
        assert len(done.results("fid/")) == added > 5


def test_a_viewer_sees_results_that_another_process_adds(run):
    run.close()
    add = (
        "import sys\n"
        "from store import Run\n"
        "with Run.open(sys.argv[1], write=True) as run: run.add_results({sys.argv[2]: {}})\n"
    )
    with Run.open(run.path) as viewer:
        for seen in (["a"], ["a", "b"]):
            before = viewer.progress().state.results
            subprocess.run([sys.executable, "-c", add, run.path, seen[-1]], check=True)
            assert list(viewer.results()) == seen
            assert viewer.progress().state.results > before


def test_a_reader_in_the_middle_of_reading_does_not_hold_up_a_writer(run):
    run.commit(1, [0, 1], np.zeros((2, 2, 2)), numbers(1, 2, 10))
    code = (
        "from store import Run\n"
        f"with Run.open({str(run.path)!r}) as run, run._environment.reading() as seen:\n"
        "    print(seen.count(b'snapshots'), flush=True)\n"
        "    input()\n"
        "    print(seen.count(b'snapshots'))\n"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert reader.stdout.readline() == "2\n"
    for epoch in (2, 3):  # would wait for ever, were there a lock
        run.commit(epoch, [0, 1], np.zeros((2, 2, 2)), numbers(epoch, 2, 10))
    out, _ = reader.communicate("\n", timeout=30)
    assert out == "2\n"  # it goes on seeing what it saw
    assert len(run.keys()) == 6
