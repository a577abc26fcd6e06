"""A run without its batch statistics, and GANs that get theirs back."""

import numpy as np
import pytest
import torch

from gangan_cli.config import GanGanConfig, GansConfig, RunEnvironment
from gangan_cli.models.family import layout
from gangan_cli.models.functional import split_networks
from gangan_cli.models.registry import build
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.training.gangan import train_gangan
from gangan_cli.weightspace.alignment import training_view
from gangan_cli.weightspace.trainable import without_statistics
from store import Catalog
from tests.integration.populations import few_digits, population

pytestmark = pytest.mark.xdist_group("trainable")

FLAT = layout(build("dcgan-small", {}))
PARAMETERS = np.concatenate(
    [np.arange(FLAT.size)[tensor.place] for tensor in FLAT.tensors if not tensor.statistic]
)


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A store with two small convolutional GANs of a few steps each."""
    machine = RunEnvironment(store=tmp_path_factory.mktemp("runs"), workers=1, compile=False)
    config = GansConfig(
        run="a", dataset="mnist5k", family="dcgan-small", gans=2, epochs=4, batch_size=50
    )
    population(config, few_digits(every=20), machine)
    return machine


def test_only_parameters_are_seen(machine):
    with Catalog(machine.store).open("a") as run:
        seen = without_statistics(run)
        keys = run.keys()
        whole, _ = run.matrix(keys)
        assert seen.manifest.layout.size == 21_686
        assert np.array_equal(seen.matrix(keys)[0], whole[:, PARAMETERS])
        assert np.array_equal(seen.snapshot(1, 3), run.snapshot(1, 3)[PARAMETERS])
        # These columns go over where statistics lie.
        place = slice(560, 2_700)
        assert np.array_equal(seen.columns(keys, place), whole[:, PARAMETERS][:, place])


def test_a_gan_without_statistics_gets_those_of_what_it_makes(machine):
    with Lineage.open(Catalog(machine.store), "a") as lineage:
        level = lineage._levels[0]
        snapshot = lineage.top.snapshot(0, 4)
        (complete,) = level.with_batchnorm_stats(snapshot[None, PARAMETERS])
        assert np.array_equal(complete[PARAMETERS], snapshot[PARAMETERS])
        weights = split_networks(FLAT, torch.from_numpy(complete))["generator"]
        noise = level.family.noise((20_000,), torch.Generator().manual_seed(7))
        before = torch.nn.functional.conv_transpose2d(
            noise[:, :, None, None], weights["0.weight"], weights["0.bias"]
        )
        mean, variance = before.mean((0, 2, 3)), before.var((0, 2, 3))
        torch.testing.assert_close(weights["1.running_mean"], mean, rtol=0, atol=0.1)
        torch.testing.assert_close(weights["1.running_var"], variance, rtol=0.2, atol=0)
        short = lineage.pictures(snapshot[PARAMETERS], 5, seed=0)
        assert np.array_equal(short, lineage.pictures(complete, 5, seed=0))
        assert np.array_equal(level.with_batchnorm_stats(complete[None])[0], complete)


def test_a_variance_that_was_made_up_below_zero_is_zero(machine):
    with Lineage.open(Catalog(machine.store), "a") as lineage:
        snapshot = lineage.top.snapshot(0, 4)
        (place,) = [t.place for t in FLAT.tensors if t.name == "generator.4.running_var"]
        below, zero = snapshot.copy(), snapshot.copy()
        below[place.start], zero[place.start] = -0.5, 0
        (found,) = lineage._levels[0].with_batchnorm_stats(below[None])
        assert np.array_equal(found, zero) and below[place.start] == -0.5
        assert np.isfinite(lineage.pictures(below, 5, seed=0)).all()
        assert lineage._levels[0].with_batchnorm_stats(snapshot[None]).base is snapshot


@pytest.mark.parametrize(("statistics", "width"), [("estimated", 21_686), ("modelled", 21_846)])
def test_a_gangan_makes_parameters_or_statistics_too(machine, statistics, width):
    config = GanGanConfig(
        on="a",
        run=statistics,
        statistics=statistics,
        epochs=2,
        batch_size=4,
        components=3,
        family_options="templates=4",
    )
    train_gangan(config, machine)
    with Lineage.open(Catalog(machine.store), statistics) as lineage:
        below = training_view(lineage.top, lineage.below)
        assert below.manifest.layout.size == width
        images = lineage.render(lineage.top.snapshot(0, 2)[None], lineage.fixed_noise(3, seed=0))
        assert images.shape == (1, 3, 28, 28)
        assert np.abs(images).max() <= 1
