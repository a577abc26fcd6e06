"""Surroundings at random: a command does its work, or says in a sentence why not."""

import json
import random
import shlex
import shutil
import subprocess

import pytest

from tests.commands import COMMAND, ONE_THREAD, clean_environment, command

FOLDERS = ["", "relative", "{tmp}/home", "{tmp}/file", "{tmp}/none", "/proc", "/dev/null", "/", "~",
           "{tmp}/closed", "{tmp}/" + "x" * 120]  # fmt: skip
PLACES = ["HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR",
          "MPLCONFIGDIR", "MATPLOTLIBRC", "TORCHINDUCTOR_CACHE_DIR"]  # fmt: skip
LOCALES = ["", "C", "POSIX", "de_DE.ISO-8859-1", "en_US.UTF-8", "x", "C.UTF-8"]
VARIABLES = {
    **dict.fromkeys(PLACES, FOLDERS),
    "LANG": LOCALES,
    "LC_ALL": LOCALES,
    "PYTHONIOENCODING": ["utf-8", "latin-1", "ascii", "ascii:strict"],
    "MPLBACKEND": ["agg", "nonsense", "module://none", "TkAgg", ""],
    "COLUMNS": ["", "0", "-5", "1", "20", "60", "99999", "many"],
    "LINES": ["", "0", "-5", "1", "24", "many"],
    "TERM": ["", "dumb", "xterm-256color", "unknown", "vt100", "linux"],
    "NO_COLOR": ["", "1"],
    "FORCE_COLOR": ["", "1"],
    "USER": ["", "nobody", "\xfc"],
    "OMP_NUM_THREADS": ["1"],
}  # fmt: skip
STREAMS = ["", "", "", "", ">/dev/full", ">&-", "2>/dev/full", "2>&-", "<&-", ">&- 2>&- <&-",
           "| head -n 1", "2>&1 | true"]  # fmt: skip
DOCUMENTED = {0, 1, 2, 3}
QUICK = [
    ["--version"],
    ["--help"],
    ["runs", "list", "--store", "{store}"],
    ["runs", "list", "--store", "{store}", "--json"],
    ["runs", "show", "r", "--store", "{store}", "--json"],
    ["runs", "show", "r"],
    ["tui", "--once", "--store", "{store}"],
    ["tui", "--store", "{store}"],
]
LONGER = [
    ["families", "--json"],
    ["train-gans", "--dry-run", "--json"],
    ["export-figures", "r", "--store", "{store}", "--out", "{tmp}/f", "--dpi", "30"],
    ["export-figures", "r", "--json", "--store", "{store}", "--out", "{tmp}/f", "--dpi", "30"],
]
TRAINING = [*map(str, COMMAND[:-6]), "--gans", "1", "--epochs", "1", "--batch-size", "256",
            "--workers", "1", "--no-compile", "--json", "--store", "{tmp}/trained"]  # fmt: skip


@pytest.fixture
def world(tmp_path, undisturbed):
    """Folders as they may be, and a store of one run."""
    (tmp_path / "home").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "closed").mkdir(mode=0o500)
    (tmp_path / ("x" * 120)).mkdir()
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "r").symlink_to(undisturbed / "r")
    return tmp_path


@pytest.mark.parametrize("seed", [8, *(pytest.param(n, marks=pytest.mark.long) for n in range(9, 14))])
def test_whatever_surrounds_a_command_it_works_or_says_why_not(world, thorough, seed):
    moments = random.Random(seed)
    commands = [*QUICK * 3, *LONGER, TRAINING] if thorough else QUICK
    for _ in range(100 if thorough else 9):
        check(world, moments, moments.choice(commands))


def check(world, moments, arguments):
    """Run a command in surroundings that are drawn, and hold what becomes of it against what may."""
    shutil.rmtree(world / "trained", ignore_errors=True)
    chosen = moments.sample(sorted(VARIABLES), moments.randrange(len(VARIABLES)))
    environment = clean_environment(**ONE_THREAD)
    for name in chosen:
        value = moments.choice(VARIABLES[name]).format(tmp=world)
        if moments.random() < 0.15:
            environment.pop(name, None)
        else:
            environment[name] = value
    streams, gone = moments.choice(STREAMS), moments.random() < 0.1
    typed = [part.format(tmp=world, store=world / "store") for part in arguments]
    shell = f"cd {shlex.quote(str(world))}; "
    if gone:
        shell += "mkdir -p gone; cd gone; rmdir ../gone; "
    done = subprocess.run(
        ["bash", "-c", f'set -o pipefail; {shell}"$@" {streams}', "-", *command(*typed)],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=240, env=environment,
    )  # fmt: skip
    set_here = {name: environment.get(name) for name in chosen}
    said = done.stderr.decode(errors="replace")
    story = f"{typed} {streams!r} gone={gone} {set_here}\n{done.stdout!r}\n{said}"
    assert done.returncode in DOCUMENTED, story
    for never in ("Traceback", "bug in gangan", "Exception ignored"):
        assert never not in said, story
    if "--json" in typed and done.returncode == 0 and streams in ("", "2>&-", "2>/dev/full", "<&-"):
        text = done.stdout.decode(environment.get("PYTHONIOENCODING", "utf-8").partition(":")[0])
        assert parsed(text), story
    if done.returncode and not streams:
        assert said.strip(), story


def parsed(text):
    """One document, or one a line."""
    try:
        return [json.loads(text)]
    except ValueError:
        return [json.loads(line) for line in text.splitlines()]
