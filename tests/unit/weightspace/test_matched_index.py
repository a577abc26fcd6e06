"""Distances to the nearest snapshot that no order of hidden units fools."""

import itertools

import numpy as np
import pytest
from torch import nn

from gangan_cli.weightspace import blocks, matched_index
from gangan_cli.weightspace.hidden_units import HiddenUnits
from gangan_cli.weightspace.matched_index import MatchedIndex
from gangan_cli.weightspace.plain_stacks import find_hidden_units
from store import Layout, Run
from tests.runs import numbers, small_manifest

GANS, EPOCHS = 12, 6

NETWORK = nn.Sequential(nn.Linear(9, 7), nn.ReLU(), nn.Linear(7, 6), nn.ReLU(), nn.Linear(6, 4))
LAYOUT = Layout.of({name: tensor.shape for name, tensor in NETWORK.state_dict().items()})
UNITS = find_hidden_units(NETWORK, LAYOUT)


def trajectories(seed, gans):
    """Random walks (gans, EPOCHS, P) from independent beginnings."""
    steps = 0.1 * numbers(seed, gans, EPOCHS, LAYOUT.size)
    return (numbers(seed + 1, gans, 1, LAYOUT.size) + steps.cumsum(axis=1)).astype(np.float32)


@pytest.fixture
def run(tmp_path):
    about = {"layout": LAYOUT, "gans": GANS, "epochs": EPOCHS}
    with Run.create(tmp_path / "run", small_manifest(**about)) as run:
        for epoch, vectors in enumerate(trajectories(0, GANS).swapaxes(0, 1), start=1):
            run.commit(epoch, list(range(GANS)), np.zeros((GANS, 2, 2)), vectors)
    return Run.open(tmp_path / "run")


def hidden(vectors, seed, scaled=True):
    """The same networks, each with its units in another order, and scaled."""
    rng = np.random.default_rng(seed)
    result = np.concatenate([UNITS.permute(vector[None], UNITS.random(rng)) for vector in vectors])
    if scaled:
        factors = [np.exp(rng.normal(0, 0.5, (len(vectors), group.units))) for group in UNITS.groups]
        UNITS.scale_(result, factors)
    return result


@pytest.mark.parametrize("block", [2_000, 64 << 20])
def test_five_hidden_copies_among_many_networks_are_found_and_no_other(run, monkeypatch, block):
    for module in (blocks, matched_index):
        monkeypatch.setattr(module, "BLOCK", block)
    monkeypatch.setattr(blocks, "KEPT", 4 * block)
    index = MatchedIndex(UNITS, run, run.keys())
    rows = np.array([3, 17, 30, 44, 71])
    copies = hidden(index.view.matrix(run.keys()[rows])[0], seed=5)
    vectors = np.concatenate([trajectories(77, 20)[:, -1], copies])
    found = index.nearest(vectors)
    assert np.array_equal(found.rows[20:], rows)
    assert found.distances[20:].max() < 1e-4 * np.linalg.norm(copies, axis=1).min()
    assert found.distances[:20].min() > 3 * index.epoch_step
    as_they_are = np.linalg.norm(copies[:, None] - run.matrix()[0], axis=2)
    assert as_they_are.min() > 3 * index.epoch_step


def test_distances_are_those_of_the_vectors_in_their_frames(run):
    index = MatchedIndex(UNITS, run, run.keys())
    vectors = hidden(trajectories(77, 9)[:, 2], seed=6)
    found = index.nearest(vectors)
    apart = np.linalg.norm(index.framed(vectors, found) - index.snapshots(found.rows), axis=1)
    np.testing.assert_allclose(found.distances, apart, rtol=1e-5)
    balanced = index.snapshots(np.arange(len(run.keys())))
    as_they_are = np.linalg.norm(UNITS.balance(vectors)[:, None] - balanced, axis=2)
    assert (found.distances < as_they_are.min(axis=1)).all()


def test_hiding_a_network_changes_its_distance_little(run):
    index = MatchedIndex(UNITS, run, run.keys())
    vectors = trajectories(77, 30)[:, 2]
    before, after = index.nearest(vectors).distances, index.nearest(hidden(vectors, seed=6)).distances
    np.testing.assert_allclose(after, before, rtol=0.1)
    assert abs(np.median(after / before) - 1) < 0.02


def test_a_vectors_own_gan_can_be_left_out(run):
    keys = run.keys()
    index = MatchedIndex(UNITS, run, keys)
    own = keys[::7]
    found = index.nearest(run.matrix(own)[0], without=own[:, 0])
    assert (keys[found.rows, 0] != own[:, 0]).all()
    assert (index.nearest(run.matrix(own)[0]).distances == 0).all()
    alone = MatchedIndex(UNITS, run, keys[keys[:, 0] == 2])
    with pytest.raises(ValueError, match="no other GAN"):
        alone.nearest(run.matrix(own[:1])[0], without=np.array([2]))


def test_networks_around_a_vector_come_in_its_units(run):
    index = MatchedIndex(UNITS, run, run.keys())
    vector = UNITS.balance(hidden(run.matrix(np.array([(4, 3)]))[0], seed=8))
    [rows] = index.around(vector, 5)
    assert index.keys[rows[0]].tolist() == [4, 3] and len(set(index.keys[rows, 0])) == 5
    [around] = index.in_units_of(vector, [rows])
    np.testing.assert_allclose(around[0], vector[0], atol=1e-5)
    [others] = index.around(vector, 12, without=np.array([4]))
    assert len(others) == 11 and 4 not in index.keys[others, 0]


def test_without_units_vectors_are_compared_as_they_are(run):
    index = MatchedIndex(HiddenUnits(LAYOUT, ()), run, run.keys()[::-1])
    vectors = numbers(3, 5, LAYOUT.size)
    found = index.nearest(vectors)
    plain = np.linalg.norm(vectors[:, None] - run.matrix()[0][::-1], axis=2)
    np.testing.assert_allclose(found.distances, plain.min(axis=1), rtol=1e-5)
    assert np.array_equal(found.rows, plain.argmin(axis=1))


def test_vectors_that_are_not_finite_are_an_error(run):
    index = MatchedIndex(UNITS, run, run.keys())
    vectors = numbers(3, 2, LAYOUT.size)
    vectors[1, 4] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        index.nearest(vectors)


def test_the_least_over_every_order_is_found_in_a_tiny_network(tmp_path):
    network = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))
    of = Layout.of({name: tensor.shape for name, tensor in network.state_dict().items()})
    units = find_hidden_units(network, of)
    gans = numbers(1, 4, of.size)
    with Run.create(tmp_path / "tiny", small_manifest(layout=of, gans=4, epochs=1)) as run:
        run.commit(1, [0, 1, 2, 3], np.zeros((4, 2, 2)), gans)
    tiny = Run.open(tmp_path / "tiny")
    index = MatchedIndex(units, tiny, tiny.keys())
    noisy = (gans + 0.4 * numbers(2, 4, of.size)).astype(np.float32)
    rng = np.random.default_rng(0)
    vectors = np.concatenate([units.permute(vector[None], units.random(rng)) for vector in noisy])
    every = list(itertools.product(*(itertools.permutations(range(g.units)) for g in units.groups)))
    for vector, distance in zip(vectors, index.nearest(vectors).distances, strict=True):
        moved = [units.permute(vector[None], tuple(map(np.array, orders)))[0] for orders in every]
        least = np.linalg.norm(np.stack(moved)[:, None] - gans, axis=2).min()
        assert distance == pytest.approx(least, rel=1e-5)
