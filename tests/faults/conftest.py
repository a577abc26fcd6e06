"""What the fault tests share: their length, and trainings that can be ended at any moment."""

import signal
import subprocess

import pytest

from store import Catalog
from tests.conftest import clean_environment, command


@pytest.fixture
def thorough(request) -> bool:
    """Whether to take the time that `make test-faults` takes."""
    return request.config.getoption("--thorough")


@pytest.fixture
def catalog(tmp_path):
    return Catalog(tmp_path / "store")


def start(*arguments, **more) -> subprocess.Popen:
    """Start the command line as a terminal does: leader of its own group, no signal ignored."""

    def as_from_a_terminal():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)

    return subprocess.Popen(
        command(*arguments, "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(),
        start_new_session=True,
        preexec_fn=as_from_a_terminal,
        **more,
    )


def started(*arguments, **more) -> subprocess.Popen:
    """Start a training, and wait for its first epoch."""
    process = start(*arguments, **more)
    assert process.stdout.readline(), process.stderr.read()
    return process
