"""Codes that an autoencoder makes shorter: learnt, kept with a run, undone."""

import numpy as np
import pytest
import torch

from gangan_cli.config import GanGanConfig, RunEnvironment
from gangan_cli.weightspace import autoencoder
from gangan_cli.weightspace.autoencoder import Decoder
from gangan_cli.weightspace.encoder import WeightEncoder
from gangan_cli.weightspace.pca import PrincipalComponents
from store import Catalog
from tests.integration.test_gangan import created
from tests.runs import numbers, run_of


@pytest.fixture(scope="module")
def curve():
    """A hundred points along a closed curve in twelve dimensions: one number would be enough."""
    angle = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    turns = np.stack([wave(turn * angle) for turn in (1, 2, 3) for wave in (np.sin, np.cos)])
    return (turns.T @ numbers(0, 6, 12)).astype(np.float32)


def apart(one, other):
    return np.linalg.norm(one - other, axis=1)


def test_two_numbers_are_enough_for_a_curve_that_spans_six_dimensions(curve):
    decoder, short = Decoder.fit(curve, 2)
    assert short.shape == (100, 2)
    step = np.median(apart(curve[1:], curve[:-1]))
    assert np.median(apart(decoder(short), curve)) < 0.5 * step
    linear, codes = components_of(curve, 2)
    assert np.median(apart(linear.coordinates(codes) @ linear.basis + linear.mean, curve)) > 2 * step


def components_of(vectors, count):
    mean = vectors.mean(0)
    _, _, basis = np.linalg.svd(vectors - mean, full_matrices=False)
    linear = PrincipalComponents(mean, basis[:count], np.ones(count, np.float32))
    return linear, linear.project(vectors)


def test_short_codes_are_standard_and_the_same_each_time(curve, monkeypatch):
    monkeypatch.setattr(autoencoder, "PASSES", 20)
    decoder, short = Decoder.fit(curve, 3)
    np.testing.assert_allclose(short.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(short.std(0), 1, atol=1e-3)
    torch.rand(3)  # other randomness was used in between
    again, same = Decoder.fit(curve, 3)
    assert np.array_equal(short, same)
    assert all(np.array_equal(a, b) for a, b in zip(decoder.layers, again.layers, strict=True))
    _, other = Decoder.fit(curve, 3, seed=1)
    assert not np.allclose(short, other, atol=0.1)


def test_learning_leaves_the_randomness_of_others_alone(curve, monkeypatch):
    monkeypatch.setattr(autoencoder, "PASSES", 1)
    torch.manual_seed(5)
    before = torch.rand(3)
    torch.manual_seed(5)
    Decoder.fit(curve, 2)
    assert torch.equal(torch.rand(3), before)


def test_codes_of_any_shape_are_decoded(curve, monkeypatch):
    monkeypatch.setattr(autoencoder, "PASSES", 2)
    decoder, short = Decoder.fit(curve, 3)
    many = decoder(short.reshape(10, 10, 3))
    assert many.shape == (10, 10, 12) and many.dtype == np.float32
    np.testing.assert_allclose(many[3, 4], decoder(short[34]), rtol=1e-5, atol=1e-5)


def test_a_gangan_decodes_what_its_snapshots_became(tmp_path):
    with run_of(tmp_path / "a", numbers(0, 47, 10)) as population:
        config = GanGanConfig(
            on="a",
            run="g",
            epochs=1,
            batch_size=8,
            components=9,
            bottleneck=4,
            family_options="templates=0",
        )
        created(config, RunEnvironment(store=tmp_path))
        vectors, _ = population.matrix()
    with Catalog(tmp_path).open("g") as run:
        assert run.manifest.hparams["data_dim"] == 4
        codes = run.constant("codes")
        rebuilt = WeightEncoder.of(run).decode(codes)
    assert codes.shape == (47, 4) and rebuilt.shape == vectors.shape
    spread = np.median(apart(vectors, vectors.mean(0)))
    assert np.median(apart(rebuilt, vectors)) < 0.3 * spread


@pytest.mark.parametrize(("bottleneck", "numbers_left"), [(0, 10), (10, 10), (99, 10)])
def test_a_code_that_is_short_enough_is_left_as_it_is(tmp_path, bottleneck, numbers_left):
    with run_of(tmp_path / "r", numbers(0, 47, 10)) as run:
        code, codes = WeightEncoder.fit(run, run.keys(), 9, True, bottleneck)
    assert code.decoder is None and codes.shape == (47, numbers_left)
