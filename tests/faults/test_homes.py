"""Homes, caches, temporary and working folders as they may be on other people's machines."""

import os
import subprocess
from pathlib import Path

import pytest

from gangan_cli.cli.environment_checks import INSTALLED
from store import Catalog, Run
from store.errors import NotAStore
from tests.commands import COMMAND, ONE_THREAD, clean_environment, command, gangan
from tests.runs import small_manifest
from tests.tui.terminal import Terminal

NOBODY = ["unshare", "--user", "--map-user=54321", "--map-group=54321"]
"""Runs a command as a user whom /etc/passwd does not know."""

needs_nobody = pytest.mark.skipif(
    subprocess.run([*NOBODY, "true"], capture_output=True).returncode != 0,
    reason="this machine lets nobody be another user",
)


def run(*arguments, before=(), cwd=None, **environment):
    return subprocess.run(
        [*before, *command(*arguments)], cwd=cwd, capture_output=True, text=True, timeout=240,
        stdin=subprocess.DEVNULL, env=clean_environment(**ONE_THREAD | environment),
    )  # fmt: skip


@pytest.fixture
def store(tmp_path):
    Run.create(tmp_path / "store" / "r", small_manifest()).close()
    return tmp_path / "store"


@pytest.fixture
def homeless():
    """What runs a command as nobody, with an environment that says nothing."""
    kept = [f"{name}={os.environ[name]}" for name in ("PATH", "PYTHONPATH") if name in os.environ]
    return [*NOBODY, "env", "-i", *kept, "OMP_NUM_THREADS=1", "TERM=xterm-256color"]


@needs_nobody
def test_the_tui_opens_without_a_home_and_says_what_it_does_without(tmp_path, store):
    away = "env -u HOME -u XDG_STATE_HOME -u XDG_CACHE_HOME"
    homeless = f'sh() {{ {" ".join(NOBODY)} {away} sh "$@"; }}'
    with Terminal(tmp_path, "--store", store, before=homeless) as terminal:
        terminal.wait_for("2 × 3")
        terminal.keys("q")
        assert terminal.status() == 0
        assert "the last page is not remembered: there is no home folder" in terminal.said()


@needs_nobody
def test_datasets_need_a_folder_to_be_named_where_there_is_no_home(tmp_path, homeless):
    done = run("train-gans", "--store", tmp_path, before=homeless)
    assert done.returncode == 2
    assert "no home folder" in done.stderr and "--data-dir" in done.stderr
    assert done.stderr.count("\n") == 1


@needs_nobody
@pytest.mark.long
def test_a_training_needs_no_home(tmp_path, undisturbed, homeless):
    done = run(*COMMAND, "--store", tmp_path, before=homeless)
    assert done.returncode == 0, done.stderr


@pytest.mark.long
@pytest.mark.parametrize("home", ["relative", "file", "unwritable", "missing"])
def test_judging_needs_no_cache(tmp_path, trained, home):
    (tmp_path / "file").touch()
    homes = {"relative": "here", "file": f"{tmp_path}/file", "unwritable": "/proc", "missing": "/sys/no"}
    cache = {"XDG_CACHE_HOME": homes[home]} if home != "relative" else {}
    done = run("evaluate", "a", "--quick", "--samples", 200, "--store", trained,
               cwd=tmp_path, HOME=homes[home], **cache)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "kept" not in done.stderr
    assert not (tmp_path / "here").exists()


def long_folder(tmp_path):
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    return folder


@pytest.mark.parametrize("kind", ["long", *(pytest.param(kind, marks=pytest.mark.long)
                                            for kind in ("missing", "unwritable", "file"))])  # fmt: skip
def test_a_training_needs_no_particular_tmpdir(tmp_path, undisturbed, kind):
    (tmp_path / "file").touch()
    folder = {"long": long_folder(tmp_path), "missing": tmp_path / "none", "unwritable": "/proc",
              "file": tmp_path / "file"}[kind]  # fmt: skip
    done = run(*COMMAND[:-6], "--gans", 1, "--epochs", 1, "--batch-size", 256, "--workers", 1,
               "--store", tmp_path / "s", TMPDIR=str(folder))  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert kind != "long" or list(Path(folder).iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["train-gans"],
        ["runs", "list"],
        *(
            pytest.param(arguments, marks=pytest.mark.long)
            for arguments in (["train-gangan", "--on", "a"], ["export-figures"], ["tui"])
        ),
    ],
)
def test_a_working_folder_that_is_gone_is_said_in_a_sentence(tmp_path, arguments):
    gone = tmp_path / "gone"
    gone.mkdir()
    done = run(*arguments, before=["sh", "-c", 'cd "$0" && rmdir "$0" && "$@"', str(gone)])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: the working folder is gone")
    assert done.stderr.count("\n") == 1


def test_the_version_can_be_asked_for_anywhere(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    done = run("--version", before=["sh", "-c", 'cd "$0" && rmdir "$0" && "$@"', str(gone)])
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user for real")
def test_a_store_below_a_folder_that_may_not_be_entered_cannot_be_reached(tmp_path):
    """In a fork that is another user from then on, who could not even begin to import."""
    (tmp_path / "closed").mkdir(mode=0o700)
    child = os.fork()
    if not child:
        os.chdir(tmp_path / "closed")
        os.setuid(54321)
        try:
            Catalog("gangan-runs")
        except NotAStore as error:
            os._exit("cannot be reached (Permission denied)" not in str(error))
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("kind", ["package", "module"])
def test_another_package_named_store_is_named(tmp_path, kind):
    other = tmp_path / ("store" if kind == "package" else "store.py")
    if kind == "package":
        other.mkdir()
        (other / "__init__.py").touch()
    else:
        other.touch()
    for arguments in (["runs", "list"], ["--help"]):
        done = run(*arguments, cwd="/", PYTHONPATH=os.pathsep.join([str(tmp_path), str(INSTALLED)]))
        assert (done.returncode, done.stdout) == (2, "")
        assert f"hides gangan's own: {other}. Take {tmp_path} out of PYTHONPATH" in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_folder_named_store_without_python_in_it_hides_nothing(tmp_path, store):
    done = run("runs", "list", "--json", cwd=tmp_path, GANGAN_STORE=str(store))
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def drawn(tmp_path_factory, trained):
    """The figures of a run, drawn where nothing is set."""
    out = tmp_path_factory.mktemp("drawn")
    done = gangan("export-figures", "a", *FIGURES, "--store", trained, "--out", out)
    assert (done.code, done.err) == (0, "drawing a\n")
    return pictures(out)


FIGURES = ("--format", "png,svg", "--dpi", 40)


def pictures(folder):
    found = {path.name: path.read_bytes() for path in sorted(folder.glob("a/*.[ps][nv]g"))}
    assert found
    return found


def test_figures_are_the_same_whatever_is_set_for_matplotlib(tmp_path, trained, drawn):
    """All at once, since each alone would make another figure, or none."""
    here, there = tmp_path / "here", tmp_path / "config"
    for folder in (here, there, there / "matplotlib"):
        folder.mkdir()
        (folder / "matplotlibrc").write_bytes(b"text.usetex: True\nno colon\nlines.linewidth: \xff\n")
    done = run(
        "export-figures", "a", *FIGURES, "--store", trained, "--out", tmp_path / "f", cwd=here,
        MPLBACKEND="module://no.such.backend", MATPLOTLIBRC=str(there), MPLCONFIGDIR=str(there),
        XDG_CONFIG_HOME=str(there),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "drawing a\n")
    assert pictures(tmp_path / "f") == drawn


@pytest.mark.long
@pytest.mark.parametrize("cache", ["/proc", "/dev/null", "relative"])
def test_figures_need_no_cache_and_no_word_is_said_of_it(tmp_path, trained, drawn, cache):
    done = run(
        "export-figures", "a", *FIGURES, "--store", trained, "--out", "f", cwd=tmp_path,
        XDG_CACHE_HOME=cache, HOME=cache, MPLCONFIGDIR=cache, XDG_CONFIG_HOME=cache,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "drawing a\n")
    assert pictures(tmp_path / "f") == drawn
