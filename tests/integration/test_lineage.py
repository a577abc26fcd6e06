import numpy as np
import pytest
import torch

from gangan_cli.errors import ConfigurationError
from gangan_cli.models.family import layout
from gangan_cli.models.registry import build
from gangan_cli.sampling.lineage import Lineage, resolve_snapshot
from gangan_cli.sampling.over_training import samples_over_training
from gangan_cli.sampling.walks import sample, walk
from store import Catalog, Run
from store.errors import UnknownRun
from tests.runs import small_manifest


def test_a_stored_vector_loaded_into_modules_gives_bit_identical_images(tmp_path):
    torch.manual_seed(0)
    family = build("mlp", {})
    networks, noise = family.networks(), torch.randn(16, 64)
    with torch.no_grad():
        before = networks["generator"](noise)
    flat = layout(family)
    tensors = {f"{n}.{k}": t.numpy() for n, m in networks.items() for k, t in m.state_dict().items()}
    with Run.create(tmp_path / "r", small_manifest(layout=flat)) as run:
        run.commit(1, [0], np.zeros((1, 2, 2)), flat.join(tensors)[None])
    with Run.open(tmp_path / "r") as run:
        parts = run.manifest.layout.split(run.snapshot(0, 1))
    again = build("mlp", {}).networks()
    for name, module in again.items():
        module.load_state_dict(
            {
                k.partition(".")[2]: torch.from_numpy(v.copy())
                for k, v in parts.items()
                if k.startswith(name)
            }
        )
    with torch.no_grad():
        after = again["generator"](noise)
    assert torch.equal(before, after)


@pytest.fixture(scope="module")
def catalog(trained):
    return Catalog(trained)


def test_images_of_a_snapshot_are_those_of_its_generator(catalog):
    with Lineage.open(catalog, "a") as lineage:
        vector = lineage.top.snapshot(1, 3)
        (noise,) = lineage.fixed_noise(5, seed=3)
        images = lineage.render(vector[None], [noise])
        parts = lineage.top.manifest.layout.split(vector)
    module = build("mlp", {}).networks()["generator"]
    names = {k.partition(".")[2]: torch.from_numpy(v) for k, v in parts.items() if k.startswith("gen")}
    module.load_state_dict(names)
    with torch.no_grad():
        expected = module(torch.from_numpy(noise)).numpy().reshape(1, 5, 28, 28)
    np.testing.assert_allclose(images, expected, atol=1e-6)


def test_noise_is_that_of_its_seed(catalog):
    with Lineage.open(catalog, "a") as lineage:
        (one,), (again,), (other,) = (lineage.fixed_noise(5, seed) for seed in (3, 3, 4))
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_a_gangan_decodes_to_the_images_of_the_weights_it_makes(catalog):
    with Lineage.open(catalog, "g") as lineage:
        assert [run.name for run in lineage.runs] == ["g", "a"]
        grid = walk(lineage, latents=4, columns=3, seed=1)
        weights = lineage.sample_weights(grid.latents, grid.gan, grid.epoch)
        expected = lineage.render(weights, lineage.fixed_noise(3, 1, generated=True))
    assert grid.images.shape == (4, 3, 28, 28)
    assert np.array_equal(grid.images, expected)
    assert np.abs(grid.images).max() <= 1
    assert grid.positions[[0, -1]] == pytest.approx([-(16**0.5), 16**0.5])
    along = grid.latents[-1] / np.linalg.norm(grid.latents[-1])
    np.testing.assert_allclose(grid.latents, grid.positions[:, None] * along, atol=1e-6)


def test_a_gangangan_decodes_down_to_images(catalog):
    with Lineage.open(catalog, "gg") as lineage:
        grid = walk(lineage, latents=2, columns=3, seed=0)
        assert grid.images.shape == (2, 3, 28, 28)
        # Column j by hand: the GAN-GAN that the latent stands for, its GAN for noise j, its image.
        weights = lineage.sample_weights(grid.latents, grid.gan, grid.epoch)
        _, middle, bottom = lineage.fixed_noise(3, 0)
        gan = lineage._levels[1].generate(weights[:1], middle[None, 2:3])[0]
        image = lineage._levels[2].generate(gan, bottom[None, 2:3]).reshape(28, 28)
    np.testing.assert_allclose(grid.images[0, 2], image, atol=1e-5)


def test_independent_samples_are_ordered_by_the_epoch_they_are_near_to(catalog):
    with Lineage.open(catalog, "g") as lineage:
        grid = sample(lineage, latents=6, columns=2, seed=0)
        again = sample(lineage, latents=6, columns=2, seed=0)
    assert (np.diff(grid.near.keys[:, 1]) >= 0).all()
    assert np.array_equal(grid.images, again.images)


def test_only_a_gangan_has_a_latent_axis_over_weights(catalog):
    with Lineage.open(catalog, "a") as lineage, pytest.raises(ConfigurationError, match="on images"):
        walk(lineage)


def test_a_lineage_with_a_missing_link_says_so(catalog, tmp_path):
    (tmp_path / "g").symlink_to(catalog.root / "g")
    with pytest.raises(UnknownRun, match="'a' that this one was trained on"):
        Lineage.open(Catalog(tmp_path), "g")


def test_snapshots_are_picked_or_refused_by_number(catalog):
    with catalog.open("a") as run:
        assert resolve_snapshot(run, None, None) == (0, 3)
        assert resolve_snapshot(run, 1, 2) == (1, 2)
        with pytest.raises(ConfigurationError, match="no GAN 7: it has 0 to 1"):
            resolve_snapshot(run, 7, None)
        with pytest.raises(ConfigurationError, match="epoch 9: it has epochs 1 to 3"):
            resolve_snapshot(run, 0, 9)


def test_samples_over_training_take_the_epochs_nearest_to_the_papers(catalog):
    with Lineage.open(catalog, "a") as lineage:
        study = samples_over_training(lineage, side=3)
        assert study.epochs == [1, 2, 3]
        assert study.images.shape == (3, 9, 28, 28)
