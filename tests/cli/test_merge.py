"""`gangan runs merge`: runs that were trained apart become one population."""

import numpy as np
import pytest

from gangan_cli.config import GansConfig, RunEnvironment
from gangan_cli.training.gans import train_gans
from store import Catalog
from tests.commands import gangan


def train(store, run, **changes):
    settings = {"dataset": "mnist5k", "gans": 2, "epochs": 2, "batch_size": 128}
    config = GansConfig(run=run, **{**settings, **changes})
    train_gans(config, RunEnvironment(store=store, workers=1, compile=False))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("apart")
    train(folder, "a")
    train(folder, "b", seed=1, gans=1)
    train(folder, "longer", seed=2, epochs=3, gans=1)
    return folder


def snapshots(store, run):
    with Catalog(store).open(run) as opened:
        return opened.matrix()[0], opened.keys().tolist(), opened.losses()[0]


def test_the_gans_of_both_runs_are_numbered_on(store):
    found = gangan("runs", "merge", "a", "b", "--into", "ab", "--store", store, "--json")
    assert found.code == 0, found.err
    assert {name: found.document[name] for name in ("gans", "snapshots", "state")} == {
        "gans": 3, "snapshots": 6, "state": "complete",
    }  # fmt: skip
    (a, _, a_losses), (b, _, b_losses) = snapshots(store, "a"), snapshots(store, "b")
    merged, keys, losses = snapshots(store, "ab")
    assert keys == [[0, 1], [0, 2], [1, 1], [1, 2], [2, 1], [2, 2]]
    assert np.array_equal(merged, np.concatenate([a, b]))
    assert np.array_equal(losses, np.concatenate([a_losses, b_losses]))
    assert gangan("runs", "verify", "ab", "--store", store).code == 0


def test_what_was_interrupted_is_finished_with_the_random_numbers_it_began_with(store):
    with Catalog(store).open("b", write=True) as run:
        run.drop([("snapshot", 0, 2), ("losses", 0, 2)], gaps=[0])
        run.release("interrupted")
    assert gangan("runs", "merge", "a", "b", "--into", "half", "--store", store).code == 0
    with Catalog(store).open("half") as run:
        assert run.state().status == "interrupted" and len(run.keys()) == 5
    train(store, "half", gans=3)
    train(store, "b", gans=1, seed=1)
    assert np.array_equal(snapshots(store, "half")[0][4:], snapshots(store, "b")[0])


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        (["a"], "give two or more different runs"),
        (["a", "a"], "give two or more different runs"),
        (["a", "longer"], "longer and a differ in epochs: not merged"),
        (["a", "nobody"], "no run"),
        (["a", "ab"], "GAN 0 of seed 0 is in two of the runs"),
    ],
)
def test_runs_that_do_not_belong_together_stay_as_they_are(store, runs, message):
    gangan("runs", "merge", "a", "b", "--into", "ab", "--store", store)
    found = gangan("runs", "merge", *runs, "--into", "c", "--store", store)
    assert found.code in (1, 2) and message in found.err
    assert "c" not in Catalog(store)


def test_a_run_that_exists_is_not_overwritten(store):
    before = snapshots(store, "a")[0]
    found = gangan("runs", "merge", "a", "b", "--into", "a", "--store", store)
    assert found.code != 0 and "already" in found.err
    assert np.array_equal(snapshots(store, "a")[0], before)
