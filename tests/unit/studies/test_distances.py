import numpy as np
import pytest

from gangan_cli.studies import distances
from gangan_cli.studies.distances import nearest
from store import Run
from tests.conftest import numbers, small_manifest


@pytest.fixture
def run(tmp_path):
    with Run.create(tmp_path / "r", small_manifest(gans=3, epochs=7)) as run:
        for epoch in range(1, 8):
            run.commit(epoch, [0, 1, 2], np.zeros((3, 2, 2)), numbers(epoch, 3, 10))
        yield run


@pytest.mark.parametrize("block", [1, 2, 5, 256])
def test_nearest_and_spacing_are_those_of_brute_force(run, monkeypatch, block):
    monkeypatch.setattr(distances, "BLOCK", block)
    matrix, keys = run.matrix()
    vectors = numbers(99, 6, 10)
    near = nearest(vectors, run, keys)
    all_distances = np.linalg.norm(vectors[:, None] - matrix, axis=2)
    assert np.array_equal(near.keys, keys[all_distances.argmin(1)])
    np.testing.assert_allclose(near.distances, all_distances.min(1), rtol=1e-4)
    steps = [np.linalg.norm(np.diff(matrix[keys[:, 0] == gan], axis=0), axis=1) for gan in range(3)]
    assert near.spacing == pytest.approx(np.median(np.concatenate(steps)), rel=1e-5)


def test_a_snapshot_is_nearest_to_itself(run):
    near = nearest(run.snapshot(2, 4)[None], run, run.keys())
    assert near.keys.tolist() == [[2, 4]]
    assert near.distances[0] == pytest.approx(0, abs=1e-2)


def test_only_the_snapshots_asked_for_count(run):
    keys = run.keys()[run.keys()[:, 0] == 1]
    assert (nearest(numbers(5, 4, 10), run, keys).keys[:, 0] == 1).all()


def test_a_single_snapshot_has_no_spacing(run):
    assert np.isnan(nearest(numbers(5, 1, 10), run, run.keys()[:1]).spacing)
