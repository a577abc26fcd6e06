"""Distances to snapshots, held against what is computed pair by pair."""

import numpy as np
import pytest

from gangan_cli.weightspace.novelty import epoch_steps_by_tensor, lengths_by_tensor
from gangan_cli.weightspace.pca import PrincipalComponents
from gangan_cli.weightspace.snapshot_index import PcaIndex, SnapshotIndex, WeightIndex
from tests.runs import numbers, run_of


@pytest.fixture
def vectors():
    return numbers(0, 9, 30)


@pytest.fixture
def index(tmp_path, vectors):
    with run_of(tmp_path / "r", vectors) as run:
        yield WeightIndex(run, run.keys())


def test_the_nearest_snapshot_is_that_of_a_plain_search(index, vectors):
    points = numbers(1, 4, 30)
    neighbours = index.neighbours(points)
    for row, point in enumerate(points):
        distances = np.linalg.norm(vectors - point, axis=1)
        assert neighbours.rows[row] == distances.argmin()
        assert neighbours.distances[row] == pytest.approx(distances.min(), rel=1e-5)
        assert neighbours.ratios[row] == 0  # there is no other GAN


def test_what_is_like_no_gan_is_as_near_to_several(vectors):
    keys = np.array([(row // 3, row % 3) for row in range(9)])
    index = SnapshotIndex(keys, 30, lambda place: vectors[:, place].copy())
    points = np.concatenate([numbers(1, 4, 30), (vectors[1:2] + vectors[8:9]) / 2])
    neighbours = index.neighbours(points)
    for row, point in enumerate(points):
        distances = np.linalg.norm(vectors - point, axis=1)
        others = distances[keys[:, 0] != keys[distances.argmin(), 0]].min()
        assert neighbours.ratios[row] == pytest.approx(distances.min() / others, rel=1e-5)
    assert neighbours.ratios[-1] == pytest.approx(1, rel=1e-5)


def test_a_copy_is_found_out_also_where_steps_are_tiny():
    keys = np.array([(row // 3, row % 3) for row in range(9)])
    vectors = 10 * np.repeat(numbers(0, 3, 30), 3, axis=0) + 1e-3 * numbers(1, 9, 30)
    index = SnapshotIndex(keys, 30, lambda place: vectors[:, place].copy())
    steps = np.linalg.norm(np.diff(vectors.astype(np.float64), axis=0), axis=1)[keys[1:, 1] > 0]
    assert index.epoch_step == pytest.approx(np.median(steps), rel=1e-4)
    assert index.neighbours(vectors).distances.max() < 1e-3 * index.epoch_step


def test_a_layer_that_rounding_alone_moves_has_no_step(tmp_path):
    vectors = np.ones((4, 30), np.float32)
    vectors[1::2] += 2e-7
    with run_of(tmp_path / "r", vectors) as run:
        assert epoch_steps_by_tensor(run, run.keys()) == {"discriminator.w": 0.0}


def test_a_copy_is_found_out(index, vectors):
    neighbours = index.neighbours(vectors[4:5])
    assert neighbours.rows[0] == 4 and neighbours.distances[0] < 1e-2


def test_snapshots_are_compared_with_all_others_or_with_other_gans(vectors):
    keys = np.array([(row // 3, row % 3) for row in range(9)])
    index = SnapshotIndex(keys, 30, lambda place: vectors[:, place].copy())
    rows = np.array([0, 4, 8])
    apart = np.linalg.norm(vectors[rows][:, None] - vectors, axis=2)
    for other_gans in (False, True):
        left_out = keys[rows, :1] == keys[:, 0] if other_gans else apart == 0
        found = index.of_snapshots(rows, other_gans=other_gans)
        nearest = np.where(left_out, np.inf, apart)
        assert found.rows.tolist() == nearest.argmin(axis=1).tolist()
        np.testing.assert_allclose(found.distances, nearest.min(axis=1), rtol=1e-4)
    centred = vectors - vectors.mean(axis=0)
    np.testing.assert_allclose(index.gram, centred @ centred.T, rtol=1e-4, atol=1e-4)


def test_the_epoch_step_is_between_epochs_of_a_gan(tmp_path, vectors):
    with run_of(tmp_path / "r", vectors) as run:
        keys = np.array([(0, 1), (0, 2), (0, 3), (0, 4)])
        steps = np.linalg.norm(np.diff(vectors[:4], axis=0), axis=1)
        index = WeightIndex(run, keys)
    assert index.epoch_step == pytest.approx(np.median(steps), rel=1e-5)
    with pytest.raises(ValueError, match="single GAN"):
        index.of_snapshots(np.array([0]), other_gans=True)


def test_within_a_space_of_components_a_copy_is_found_out_that_outside_is_a_step_away(tmp_path):
    vectors = numbers(0, 40, 300)
    vectors[:, :3] *= 40  # what components see; the rest is noise
    with run_of(tmp_path / "r", vectors) as run:
        components, _ = PrincipalComponents.fit(run, run.keys(), 3)
        index = WeightIndex(run, run.keys())
        pca = PcaIndex(run, run.keys(), components)
        copies = components.restore(components.project(vectors[[4, 9]]))
        off = copies[:1] + 30 * components.basis[:1]
        outside, inside = (one.neighbours(copies) for one in (index, pca))
        assert inside.rows.tolist() == [4, 9]
        assert inside.distances.max() < 0.05 and outside.distances.min() > 10
        seen = components.project(vectors)
        plain = np.linalg.norm(seen - components.project(off), axis=1).min()
        assert pca.neighbours(off).distances[0] == pytest.approx(plain, rel=1e-4)
    gaps = np.linalg.norm(np.diff(seen[[0, 1]], axis=0), axis=1)
    assert pca.epoch_step > 0 and np.isfinite(gaps).all()


def test_columns_at_a_time_do_not_matter(tmp_path, vectors, monkeypatch):
    monkeypatch.setattr("gangan_cli.weightspace.snapshot_index.COLUMN_BYTES", 4 * 9 * 7)
    with run_of(tmp_path / "r", vectors) as run:
        neighbours = WeightIndex(run, run.keys()).neighbours(numbers(1, 4, 30))
    assert neighbours.distances[0] == pytest.approx(
        np.linalg.norm(vectors - numbers(1, 4, 30)[0], axis=1).min(), rel=1e-5
    )


def test_lengths_by_layer_add_up(tmp_path, vectors):
    with run_of(tmp_path / "r", vectors) as run:
        layers = lengths_by_tensor(run.manifest.layout, vectors)
        whole = np.sqrt(sum(np.square(part) for part in layers.values()))
        np.testing.assert_allclose(whole, np.linalg.norm(vectors, axis=1), rtol=1e-5)
        (step,) = epoch_steps_by_tensor(run, run.keys()).values()
    assert step == pytest.approx(np.median(np.linalg.norm(np.diff(vectors, axis=0), axis=1)), rel=1e-5)
