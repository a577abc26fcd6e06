"""Kills at any moment: nothing reported is lost, and the finished run is the undisturbed one."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from store import Run
from tests.commands import DIGITS, gangan, made_once, start, started, workers_of
from tests.runs import contents

# Many GANs of few epochs: what a kill costs is short, so that even 25 of them let it come to an end.
COMMANDS = {
    "train-gans": f"--dataset images:{DIGITS} --epochs 3 --batch-size 32 --gans",
    "train-gangan": "--on a --batch-size 3 --repeat 20 --epochs 3 --members",
}
SIGNALS = [
    pytest.param(signal.SIGTERM, 143, id="SIGTERM"),
    pytest.param(signal.SIGINT, 130, id="SIGINT", marks=pytest.mark.long),
    pytest.param(signal.SIGHUP, 129, id="SIGHUP", marks=pytest.mark.long),
]


# Both commands are trained by one session (training/trainer.py): what ends it, one shows in short.
IN_SHORT_ONE = pytest.mark.parametrize(
    "undisturbed",
    ["train-gans", pytest.param("train-gangan", marks=pytest.mark.long)],
    indirect=True,
)


@pytest.fixture(scope="module", params=COMMANDS)
def undisturbed(request, shared, trained):
    """A command, its run's contents when nothing disturbs it, and how many seconds it takes."""
    size = 12 if request.config.getoption("--thorough") else 4
    command = [request.param, "--run", "r", *COMMANDS[request.param].split(), size]

    def make(folder):
        folder.mkdir()
        began = time.monotonic()
        result = gangan(*command, "--store", store_for(folder, trained))
        assert result.code == 0, result.err
        (folder / "seconds").write_text(str(time.monotonic() - began))

    folder = made_once(shared / f"undisturbed-{request.param}", make)
    return command, contents(folder / "r"), float((folder / "seconds").read_text())


def store_for(folder: Path, trained: Path) -> Path:
    (folder / "a").symlink_to(trained / "a")
    return folder


def reported(out: str) -> set[tuple[int, int]]:
    lines = [json.loads(line) for line in out.splitlines() if line.endswith("}")]
    return {(line["gan"], line["epoch"]) for line in lines if line["event"] == "epoch"}


def ended_at_a_random_moment(command, store, moment, end):
    """Start `command`, end it by `end(process)` after `moment` seconds; return it, what it said, and
    whether it was still running."""
    process = start(*command, "--json", "--store", store)
    try:
        process.wait(moment)
        alive = False
    except subprocess.TimeoutExpired:
        end(process)
        alive = True
    out, err = process.communicate(timeout=120)
    return process, out, err, alive


def disturb(command, expected, store, seconds, times, end):
    """End `command` at `times` random moments, going on each time; yield what became of each."""
    moments, known = random.Random(7), set()
    while times:
        moment = moments.uniform(0.1, seconds)
        process, out, err, alive = ended_at_a_random_moment(command, store, moment, end)
        known |= reported(out)
        if (store / "r").exists():
            with Run.open(store / "r") as run:
                assert known <= set(map(tuple, run.keys().tolist())), "a reported snapshot is lost"
        if alive:
            times -= 1
            yield process, err
        else:  # it had come to its end: once more from the beginning
            assert process.returncode == 0, err
            assert contents(store / "r") == expected
            shutil.rmtree(store / "r")
            known = set()
    result = gangan(*command, "--store", store)
    assert result.code == 0, result.err
    assert contents(store / "r") == expected


@IN_SHORT_ONE
def test_killed_at_random_moments_it_ends_with_the_same_bytes(undisturbed, tmp_path, trained, thorough):
    command, expected, seconds = undisturbed
    store = store_for(tmp_path, trained)
    ends = disturb(command, expected, store, seconds, 25 if thorough else 1, lambda p: p.kill())
    assert all(process.returncode == -signal.SIGKILL for process, _ in ends)


@IN_SHORT_ONE
@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_told_to_stop_at_random_moments_it_says_how_to_go_on(
    undisturbed, tmp_path, trained, thorough, number, code
):
    command, expected, seconds = undisturbed
    store = store_for(tmp_path, trained)
    for process, err in disturb(
        command, expected, store, seconds, 8 if thorough else 1,
        lambda process: os.killpg(process.pid, number),
    ):  # fmt: skip
        # Before the command line is there at all, the signal does what it does to any process.
        assert process.returncode in (code, -number)
        if process.returncode == code:
            assert f"gangan {command[0]} " in err
            assert "Traceback" not in err


@IN_SHORT_ONE
@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_second_signal_leaves_at_once_and_loses_nothing(undisturbed, tmp_path, trained, number, code):
    command, expected, _ = undisturbed
    store = store_for(tmp_path, trained)
    process = started(*command, "--store", store)
    workers = workers_of(process.pid)
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)  # the present step will never be finished
    while process.poll() is None:  # twice within 0.3 s counts as once
        process.send_signal(number)
        try:
            process.wait(0.35)
        except subprocess.TimeoutExpired:
            continue
    for worker in workers:  # they hold our pipe
        if Path(f"/proc/{worker}").exists():
            os.kill(worker, signal.SIGKILL)
    out, _ = process.communicate()
    assert process.returncode == code
    with Run.open(store / "r") as run:
        assert reported(out) <= set(map(tuple, run.keys().tolist()))
    assert gangan(*command, "--store", store).code == 0
    assert contents(store / "r") == expected


@pytest.mark.long
def test_the_bytes_do_not_depend_on_how_many_workers_there_are(undisturbed, tmp_path, trained):
    command, expected, _ = undisturbed
    for workers in (1, 2, 3):
        store = tmp_path / str(workers)
        store.mkdir()
        result = gangan(*command, "--workers", workers, "--store", store_for(store, trained))
        assert result.code == 0, result.err
        assert contents(store / "r") == expected
