"""A store that an earlier gangan wrote: all commands read it, and results mean what they meant.

`stores/format-2.tar.xz` holds what commit 7922ae9 made, with one thread: `digits`, 2 small GANs of 3
epochs, evaluated; `gangan` over it, audited; and `cut`, interrupted.
"""

import tarfile
from pathlib import Path

import pytest

from gangan_cli.audit.records import known_audit
from gangan_cli.records import evaluations
from store import Catalog
from tests.commands import gangan

pytestmark = pytest.mark.xdist_group("earlier")

STORE = Path(__file__).parent / "stores" / "format-2.tar.xz"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("earlier")
    with tarfile.open(STORE) as file:
        file.extractall(folder, filter="data")
    return folder / "store"


def test_runs_are_listed_shown_and_whole(store):
    listed = {
        run["name"]: run["state"] for run in gangan("runs", "list", "--json", "--store", store).document
    }
    assert listed == {"digits": "complete", "gangan": "complete", "cut": "interrupted"}
    for name in listed:
        assert gangan("runs", "show", name, "--store", store).code == 0
    assert gangan("runs", "verify", "--store", store).code == 0


def test_results_are_read(store):
    with Catalog(store).open("digits") as run:
        assert {(one.subject.gan, one.subject.epoch) for one in evaluations(run)} == {
            (None, None), (0, 3), (1, 3),
        }  # fmt: skip


def test_an_earlier_audit_which_concluded_too_much_is_done_again(store):
    with Catalog(store).open("gangan") as run:
        [kept] = run.results("audit/").values()
        assert kept["version"] == 2 and known_audit(run, 0, 4) is None
    audited = gangan(
        "audit", "gangan", "--count", 3, "--images", 100, "--points", 3, "--json", "--store", store
    )
    assert (audited.code, audited.lines[0]["version"]) == (0, 4), audited.err
    assert "training the judge" not in audited.err


def test_a_run_that_was_interrupted_goes_on(store):
    """With the same settings, that is: of what came later it has the defaults."""
    with Catalog(store).open("cut") as run:
        before, command = len(run.keys()), run.manifest.command.split()[1:]
    done = gangan(*command[: command.index("--store")], "--json", "--store", store)
    assert done.code == 0, done.err
    assert done.lines[-1]["snapshots"] == before + done.lines[-1]["trained"] == 12
