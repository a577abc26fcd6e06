"""The command line in windows of several widths, and in pipes."""

import fcntl
import os
import re
import struct
import subprocess
import termios

import pytest

from store import Run
from tests.commands import clean_environment, command, gangan
from tests.runs import numbers, small_manifest

GANS = 11


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Two runs, one with names that are long."""
    root = tmp_path_factory.mktemp("windows") / "runs"
    root.mkdir()
    for name, dataset in (("a", "mnist5k"), ("faces-of-2026_second-try", "images:/data/group/faces-64")):
        manifest = small_manifest(id=name, gans=GANS, epochs=1, dataset={"name": dataset})
        with Run.create(root / name, manifest) as run:
            run.commit(1, list(range(GANS)), numbers(1, GANS, 2, 2), numbers(2, GANS, 10))
            run.release("complete")
    return root


def in_window(columns, *arguments):
    """What a command writes into a window that is so wide."""
    window, end = os.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = clean_environment(TERM="xterm")
    del environment["COLUMNS"]
    with subprocess.Popen(command(*arguments), stdin=end, stdout=end, env=environment) as process:
        os.close(end)
        written = b""
        try:
            while read := os.read(window, 65536):
                written += read
        except OSError:  # the last who could write has ended
            pass
        assert process.wait(60) == 0
    os.close(window)
    return re.sub(r"\x1b\[[0-9;]*m|\r", "", written.decode()).splitlines()


@pytest.mark.parametrize("arguments", [["runs", "list"], ["tui", "--once"]])
@pytest.mark.parametrize("columns", [60, 40])
def test_a_narrow_window_shows_all_digits_and_no_line_too_long(store, columns, arguments):
    lines = in_window(columns, *arguments, "--store", store)
    assert max(map(len, lines)) <= columns
    assert sum(f"{GANS} × 1" in line for line in lines) == 2
    assert sum("complete" in line for line in lines) == 2
    text = "".join(line.split("  ")[0].strip() for line in lines)
    assert "faces-of-2026_second-try" in text
    assert "…" not in "".join(lines)


def test_a_pipe_is_as_wide_as_what_is_written(store):
    lines = gangan("runs", "list", "--store", store, COLUMNS="40", FORCE_COLOR="1").out.splitlines()
    assert len(lines) == 4
    assert "images:/data/group/faces-64" in lines[3]
    assert "snapshots" in lines[0]
