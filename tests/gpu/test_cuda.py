"""Training on an NVIDIA GPU, where an update is a CUDA graph. Skipped where there is none."""

import numpy as np
import pytest
import torch

from gangan_cli.config import EngineSettings
from gangan_cli.images.loading import load_images
from gangan_cli.models.family import ImageSpec, batches_per_step
from gangan_cli.models.registry import build, hparams_for
from gangan_cli.rng import stream
from gangan_cli.training.engine import Population, train
from gangan_cli.training.gans import examples_for
from gangan_cli.training.messages import EpochResult
from gangan_cli.training.noise import step_noise
from gangan_cli.training.schedules import progress_of_steps, step_scalars
from tests.commands import gangan
from tests.small_families import SMALL

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")

FAMILIES = [("mlp", ""), *SMALL]
SETTINGS = EngineSettings(epochs=2, batch_size=16, learning_rate=2e-4, seed=3, snapshot_every=1)
STEPS = 4


@pytest.fixture(autouse=True)
def float32(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)


@pytest.fixture(scope="module")
def digits():
    return load_images("mnist5k").picked(np.arange(0, 5000, 20))


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("name", "options"), FAMILIES)
def test_a_step_is_that_of_the_processor(name, options, count, digits):
    family, gans = build(name, hparams_for(name, ImageSpec(28, 28), options)), list(range(count))
    examples, size = examples_for(family, digits).load("cpu"), SETTINGS.batch_size
    streams = [stream(SETTINGS.seed, gan, 1, "cpu") for gan in gans]
    progress = progress_of_steps(0, STEPS, 2 * STEPS)
    paces = torch.from_numpy(step_scalars(family, SETTINGS.learning_rate, 0, progress))
    here = Population(family, SETTINGS, gans, "cpu")
    there = Population(family, SETTINGS, gans, "cuda:0")
    for noise, pace in zip(step_noise(family, size, streams, progress), paces, strict=True):
        rows = torch.stack([torch.randperm(len(examples), generator=s) for s in streams])
        batch = examples.batch(rows[:, : batches_per_step(family) * size])
        expected = here.step(batch, noise, pace)
        found = there.step(batch.cuda(), noise.cuda(), pace.cuda())
        torch.testing.assert_close(found.cpu(), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("name", "options"), FAMILIES)
def test_training_goes_on_from_where_it_was(name, options, digits):
    family = build(name, hparams_for(name, ImageSpec(28, 28), options))
    examples = examples_for(family, digits).load("cuda:0")
    told = list(train(family, examples, SETTINGS, [0, 1], device="cuda:0"))
    first, second = (epoch for epoch in told if isinstance(epoch, EpochResult))
    assert not second.diverged
    (again,) = train(family, examples, SETTINGS, [0, 1], device="cuda:0", start=(1, first.checkpoints))
    np.testing.assert_allclose(again.losses, second.losses, rtol=2e-3, atol=1e-3)


def test_a_population_and_gans_over_it(tmp_path):
    store = ("--store", tmp_path, "--device", "cuda", "--seed", 1, "--epochs", 2)
    told = gangan("train-gans", "--run", "a", "--dataset", "mnist5k", "--gans", 8, *store)
    assert (told.code, "on cuda" in told.err) == (0, True), told.err
    size = ("--batch-size", 16)
    for preset in ("default", "paper"):
        told = gangan("train-gangan", "--on", "a", "--run", preset, "--preset", preset, *size, *store)
        assert told.code == 0, told.err
        shown = gangan("runs", "show", preset, "--json", "--store", tmp_path).document
        execution = shown["execution"]
        assert (shown["state"], execution["device"], execution["repeats"]) == ("complete", "cuda", False)
