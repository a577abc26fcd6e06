"""Each baseline draws what its name says."""

from dataclasses import replace

import numpy as np
import pytest

from gangan_cli.weightspace.baselines import BASELINES, LAST, BaselineData, applicable
from gangan_cli.weightspace.encoder import WeightEncoder
from store import Layout, Run
from tests.runs import small_manifest

SIZE, GANS, EPOCHS = 40, 3, 12


@pytest.fixture
def pool(tmp_path):
    """Three GANs that walk away from origins of their own, a step of length 1 an epoch."""
    random = np.random.default_rng(0)
    starts = 10 * random.standard_normal((GANS, SIZE))
    ways = random.standard_normal((GANS, SIZE))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    layout = Layout.of({"discriminator.w": (SIZE,)})
    manifest = small_manifest(layout=layout, gans=GANS, epochs=EPOCHS)
    with Run.create(tmp_path / "r", manifest) as run:
        for epoch in range(1, EPOCHS + 1):
            vectors = (starts + epoch * ways).astype(np.float32)
            run.commit(epoch, list(range(GANS)), np.zeros((GANS, 2, 2)), vectors)
    with Run.open(tmp_path / "r") as run:
        yield BaselineData(run, run.keys(), epoch_step=1.0, components=5)


def drawn(pool, id, count=200):
    return BASELINES[id].draw(pool, count, np.random.default_rng(1))


def apart(pool, vectors):
    snapshots = pool.vectors(np.arange(len(pool.keys)))
    return np.linalg.norm(vectors[:, None] - snapshots, axis=2)


def test_every_sampler_draws_vectors_of_the_right_shape_and_the_same_again(pool):
    for name, sampler in applicable(pool):
        one, other = (sampler(pool, 4, np.random.default_rng(3)) for _ in range(2))
        assert one.shape == (4, SIZE) and one.dtype == np.float32, name
        assert np.isfinite(one).all() and np.array_equal(one, other), name


def test_snapshots_are_snapshots_of_all_gans(pool):
    distances = apart(pool, drawn(pool, "snapshot"))
    assert distances.min(axis=1).max() == 0
    assert len(np.unique(pool.keys[distances.argmin(axis=1), 0])) == GANS


def test_last_snapshots_are_of_the_last_tenth_of_every_gan(pool):
    distances = apart(pool, drawn(pool, "last_snapshot"))
    assert distances.min(axis=1).max() == 0
    assert {tuple(key) for key in pool.keys[distances.argmin(axis=1)].tolist()} == {
        (gan, EPOCHS) for gan in range(GANS)
    }


@pytest.mark.parametrize(("name", "steps"), [("0.5", 0.5), ("1", 1), ("2", 2)])
def test_noise_is_of_the_size_that_it_says(pool, name, steps):
    vectors = drawn(pool, f"snapshot_noise_{name}", 20)
    plain = drawn(pool, "snapshot", 20)
    np.testing.assert_allclose(np.linalg.norm(vectors - plain, axis=1), steps, rtol=1e-4)


def test_the_mean_of_the_last_lies_half_as_far_back(pool):
    vectors = drawn(pool, "mean_of_last", 50)
    rows = pool.pick(50, np.random.default_rng(1))
    for vector, row in zip(vectors, rows, strict=True):
        back = min(LAST, int(pool.keys[row, 1]))
        assert np.linalg.norm(vector - pool.vectors(np.array([row]))[0]) == pytest.approx(
            (back - 1) / 2, abs=1e-3
        )


def test_the_moving_average_looks_back_along_its_own_trajectory(pool):
    vectors = drawn(pool, "moving_average", 30)
    rows = pool.pick(30, np.random.default_rng(1))
    nearest = apart(pool, vectors).argmin(axis=1)
    assert np.array_equal(pool.keys[nearest, 0], pool.keys[rows, 0])
    assert (pool.keys[nearest, 1] <= pool.keys[rows, 1]).all()


def test_between_stays_within_a_gan_or_leaves_it(pool):
    within, across = (
        apart(pool, drawn(pool, name)).min(axis=1)
        for name in ("interpolation_within_gan", "interpolation_between_gans")
    )
    assert within.max() <= 0.51 and np.median(across) > 5


def test_gaussians_have_the_snapshots_moments(pool):
    snapshots = pool.vectors(np.arange(len(pool.keys)))
    for name in ("gaussian", "pca_gaussian"):
        vectors = drawn(pool, name, 4000)
        np.testing.assert_allclose(vectors.mean(axis=0), snapshots.mean(axis=0), atol=0.8)
        np.testing.assert_allclose(vectors.std(axis=0), snapshots.std(axis=0), atol=0.8)


def test_a_snapshot_on_components_has_lost_what_lies_outside_of_them(pool):
    plain, projected = drawn(pool, "snapshot"), drawn(pool, "pca_snapshot")
    components, _ = pool.code
    np.testing.assert_allclose(components.project(projected), components.project(plain), atol=1e-3)
    np.testing.assert_allclose(components.restore(components.project(projected)), projected, atol=1e-3)


def test_of_a_short_code_kernels_are_drawn_too(pool):
    code, codes = WeightEncoder.fit(pool.view, pool.keys, 5, False, 2)
    autoencoder = replace(pool, autoencoder=(code, codes))
    new = [name for name, _ in applicable(autoencoder) if name not in dict(applicable(pool))]
    assert new == ["autoencoder_kernels", "autoencoder_snapshot"]
    rebuilt = drawn(autoencoder, "autoencoder_snapshot", 30)
    assert np.linalg.norm(rebuilt[:, None] - code.decode(codes), axis=2).min(axis=1).max() < 1e-3
    gaussian = code.decode(np.random.default_rng(1).standard_normal((200, 2), np.float32))
    far, near = (
        np.median(np.linalg.norm(vectors[:, None] - code.decode(codes), axis=2).min(axis=1))
        for vectors in (gaussian, drawn(autoencoder, "autoencoder_kernels"))
    )
    assert near < far / 2


def test_kernels_stay_nearer_than_a_gaussian(pool):
    kernels, gaussian = (
        np.median(apart(pool, drawn(pool, f"pca_{name}")).min(axis=1))
        for name in ("kernels", "gaussian")
    )
    assert kernels < gaussian


def test_what_needs_two_gans_is_left_out_for_one(pool):
    one = BaselineData(pool.view, pool.keys[pool.keys[:, 0] == 0], 1.0, 3)
    names = [name for name, _ in applicable(one)]
    assert "interpolation_between_gans" not in names and "interpolation_within_gan" in names
    for _, sampler in applicable(one):
        assert np.isfinite(sampler(one, 3, np.random.default_rng(0))).all()
