"""Signals that batch systems send before they kill: as SIGTERM, they lose nothing."""

import contextlib
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gangan_cli.guide import page
from store import Run
from tests.commands import AUDIT, COMMAND, ONE_THREAD, clean_environment, command, gangan, start, started
from tests.runs import contents

KINDS = [
    signal.SIGUSR1,
    pytest.param(signal.SIGUSR2, marks=pytest.mark.long),
    signal.SIGXCPU,
]


def keys_of(store):
    with Run.open(store / "r") as run:
        return run.keys()


@pytest.mark.parametrize("number", KINDS)
def test_a_training_that_is_warned_ends_in_order_and_says_how_to_go_on(tmp_path, undisturbed, number):
    process = started(*COMMAND, "--store", tmp_path)
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number, err
    assert f"To go on:\n  gangan {COMMAND[0]} " in err
    assert '"event": "interrupted"' in out
    assert 1 <= len(keys_of(tmp_path)) < 16
    assert gangan(*COMMAND, "--store", tmp_path).code == 0
    assert contents(tmp_path / "r") == contents(undisturbed / "r")


def test_the_end_of_processor_time_comes_each_second_and_does_not_hurry_anybody(tmp_path):
    process = started(*COMMAND, "--store", tmp_path)
    with contextlib.suppress(ProcessLookupError):
        while process.poll() is None:
            process.send_signal(signal.SIGXCPU)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGXCPU
    assert '"event": "interrupted"' in out and "To go on" in err


@pytest.mark.long
def test_who_trains_comes_to_the_limit_on_processor_time_and_the_command_ends_in_order(tmp_path):
    """In a Python of its own, so that the limit counts from the beginning."""

    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (4, resource.RLIM_INFINITY))

    long = [*COMMAND[:-3], 10_000, *COMMAND[-2:], "--workers", 1, "--no-compile"]
    done = subprocess.run(
        command(*long, "--store", tmp_path), capture_output=True, text=True, timeout=120,
        env=clean_environment(**ONE_THREAD), preexec_fn=limit,
    )  # fmt: skip
    assert done.returncode == 128 + signal.SIGXCPU, done.stderr
    assert "To go on" in done.stderr or "interrupted before training began" in done.stderr


@pytest.mark.long
def test_what_is_ignored_stays_ignored(tmp_path):
    shell = ["bash", "-c", 'trap "" USR1; exec "$@"', "-"]
    process = subprocess.Popen(
        [*shell, *command(*COMMAND, "--workers", 1, "--json", "--store", tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env=clean_environment(**ONE_THREAD),
    )  # fmt: skip
    assert process.stdout.readline()
    os.killpg(process.pid, signal.SIGUSR1)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert '"event": "done"' in out


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGTERM])
@pytest.mark.parametrize(
    ("arguments", "kept"),
    [(["evaluate", "a", "--samples", 2_000, "--epochs", "1-"], "what was judged is kept"),
     (["audit", "g", *AUDIT], "what was measured is kept")],
    ids=["evaluate", "audit"],
)  # fmt: skip
def test_judging_that_is_warned_says_what_is_kept(tmp_path, trained, arguments, kept, number):
    for run in ("a", "g"):
        (tmp_path / run).mkdir()
        for file in (trained / run).glob("data.mdb"):
            (tmp_path / run / file.name).write_bytes(file.read_bytes())
    process = start(*arguments, "--store", tmp_path)
    while not heeds(process.pid, number):
        assert process.poll() is None
        time.sleep(0.01)
    for _ in range(2):  # as timeout(1) does
        process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number, err
    assert err.strip().endswith(f"interrupted: {kept}; the same command does the rest")


def heeds(pid, number):
    """Whether a process has said what it does about a signal."""
    caught = re.search(r"SigCgt:\s*(\w+)", Path(f"/proc/{pid}/status").read_text())
    return bool(int(caught[1], 16) >> (number - 1) & 1)


def test_the_job_in_the_guide_is_put_back_into_the_queue_when_its_time_is_up(tmp_path):
    """With a command of SLURM that only says that it was called."""
    blocks = re.findall(r"```bash\n(.*?)```", page("clusters").text, re.S)
    (script,) = (block for block in blocks if "SBATCH" in block)
    for name, does in {
        "gangan": f'exec {sys.executable} -m gangan_cli "$@" --json >> {tmp_path}/out',
        "scontrol": f'echo "$@" > {tmp_path}/requeued',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    training = " ".join(map(str, [*COMMAND, "--workers", 1]))
    script = re.sub(r"^gangan train-gans .*&$", f"gangan {training} &", script, flags=re.M)
    assert training in script
    os.mkfifo(tmp_path / "out")
    job = subprocess.Popen(
        ["bash", "-c", script], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        env=clean_environment(PATH=f"{tmp_path}:{os.environ['PATH']}", SLURM_JOB_ID="77", **ONE_THREAD),
    )  # fmt: skip
    with (tmp_path / "out").open() as out:
        assert out.readline()
        job.send_signal(signal.SIGUSR1)
        assert '"event": "interrupted"' in out.read()
    _, err = job.communicate(timeout=60)
    assert job.returncode == 0, err
    assert "To go on" in err
    assert (tmp_path / "requeued").read_text() == "requeue 77\n"
