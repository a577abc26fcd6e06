import numpy as np
import torch

from gangan_cli.models.registry import build
from gangan_cli.rng import stream
from gangan_cli.training.noise import BLOCK, step_noise

FAMILY = build("mlp", {"data_dim": 6, "latent_dim": 4})


def noises(gans, steps):
    streams = [stream(0, gan, 1, "cpu") for gan in gans]
    return torch.stack(list(step_noise(FAMILY, 8, streams, np.zeros(steps))))


def test_every_step_and_phase_of_every_gan_has_noise_of_its_own():
    drawn = noises([0, 1, 2], BLOCK + 3)
    assert drawn.shape == (BLOCK + 3, 2, 3, 8, 4)
    assert len(set(drawn.flatten().tolist())) > 0.99 * drawn.numel()
    assert abs(drawn.mean()) < 0.05
    assert abs(drawn.std() - 1) < 0.05


def test_a_gans_noise_does_not_depend_on_who_else_is_trained():
    assert torch.equal(noises([0, 1, 2], 5)[:, :, 1], noises([1], 5)[:, :, 0])


BLURRED = build("r1-mlp", {"data_dim": 6, "latent_dim": 4, "instance_noise": 2.0})


def test_blur_falls_to_nothing_by_the_middle_of_training_and_is_every_examples_own():
    streams = [stream(0, gan, 1, "cpu") for gan in (0, 1)]
    # It falls linearly, from 2 to 0 by the middle of training.
    progress = np.array([0.0] * 40 + [0.375] * 40 + [0.5] * 20 + [1.0] * 20)
    drawn = torch.stack(list(step_noise(BLURRED, 64, streams, progress)))
    assert drawn.shape == (120, 2, 2, 64, 4 + 6)
    assert (drawn[..., :4].std() - 1).abs() < 0.01
    for first, strength in ((0, 2.0), (40, 0.5), (80, 0.0)):
        blur = drawn[first : first + 40, ..., 4:]
        assert abs(blur.std() - strength) < 0.01
    assert len(set(drawn[:80, ..., 4:].flatten().tolist())) > 0.99 * drawn[:80, ..., 4:].numel()
