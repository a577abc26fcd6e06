import numpy as np
import pytest

from gangan_cli.weightspace import index
from gangan_cli.weightspace.index import DecodedIndex, nearest
from gangan_cli.weightspace.pca import PrincipalComponents
from store import Run
from tests.runs import numbers, run_of, small_manifest


@pytest.fixture
def run(tmp_path):
    with Run.create(tmp_path / "r", small_manifest(gans=3, epochs=7)) as run:
        for epoch in range(1, 8):
            run.commit(epoch, [0, 1, 2], np.zeros((3, 2, 2)), numbers(epoch, 3, 10))
        yield run


@pytest.mark.parametrize("block", [1, 2, 5, 256])
def test_nearest_and_spacing_are_those_of_brute_force(run, monkeypatch, block):
    monkeypatch.setattr(index, "ROWS", block)
    matrix, keys = run.matrix()
    vectors = numbers(99, 6, 10)
    near = nearest(vectors, run, keys)
    all_distances = np.linalg.norm(vectors[:, None] - matrix, axis=2)
    assert np.array_equal(near.keys, keys[all_distances.argmin(1)])
    np.testing.assert_allclose(near.distances, all_distances.min(1), rtol=1e-4)
    steps = [np.linalg.norm(np.diff(matrix[keys[:, 0] == gan], axis=0), axis=1) for gan in range(3)]
    assert near.epoch_step == pytest.approx(np.median(np.concatenate(steps)), rel=1e-5)


def test_a_snapshot_is_nearest_to_itself(run):
    near = nearest(run.snapshot(2, 4)[None], run, run.keys())
    assert near.keys.tolist() == [[2, 4]]
    assert near.distances[0] == pytest.approx(0, abs=1e-2)


def test_only_the_snapshots_asked_for_count(run):
    keys = run.keys()[run.keys()[:, 0] == 1]
    assert (nearest(numbers(5, 4, 10), run, keys).keys[:, 0] == 1).all()


def test_a_single_snapshot_has_no_spacing(run):
    assert np.isnan(nearest(numbers(5, 1, 10), run, run.keys()[:1]).epoch_step)


@pytest.mark.parametrize("block", [1, 5, 256])
@pytest.mark.parametrize("chosen", [slice(None), slice(3, 12), slice(None, None, -2)])
def test_landmarks_say_of_what_components_make_what_the_snapshots_say(run, monkeypatch, block, chosen):
    monkeypatch.setattr(index, "ROWS", block)
    code, _ = PrincipalComponents.fit(run, run.keys(), 4)
    vectors, keys = code.decode(2 * numbers(1, 9, 4)), run.keys()[chosen]
    found, expected = DecodedIndex(run, keys, code).nearest(vectors), nearest(vectors, run, keys)
    assert len(np.unique(expected.keys, axis=0)) > 3
    assert np.array_equal(found.keys, expected.keys)
    np.testing.assert_allclose(found.distances, expected.distances, rtol=1e-3)
    assert found.epoch_step == pytest.approx(expected.epoch_step, rel=1e-6)


def test_what_a_snapshot_has_outside_a_codes_space_counts_too(tmp_path):
    vectors = numbers(0, 3, 10)
    with run_of(tmp_path / "near", vectors[:2]) as run:
        code, codes = PrincipalComponents.fit(run, run.keys(), 1)
    snapshots = code.decode(codes)
    snapshots[0] += 50 * vectors[2]
    with Run.create(tmp_path / "far", small_manifest()) as run:
        run.commit(1, [0, 1], np.zeros((2, 2, 2)), snapshots)
        near = DecodedIndex(run, run.keys(), code).nearest(code.decode(codes[:1]))
    assert near.keys.tolist() == [[1, 1]]
    assert near.distances[0] == pytest.approx(np.linalg.norm(vectors[0] - vectors[1]), rel=1e-4)
