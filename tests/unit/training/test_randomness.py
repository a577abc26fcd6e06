import torch

from gangan_cli.models import build
from gangan_cli.training import randomness
from gangan_cli.training.randomness import noise_of, stream

FAMILY = build("mlp", {"data_dim": 6, "latent_dim": 4})


def noises(gans, steps):
    streams = [stream(0, gan, 1, "cpu") for gan in gans]
    return torch.stack(list(noise_of(FAMILY, 8, streams, steps)))


def test_every_step_and_phase_of_every_gan_has_noise_of_its_own():
    drawn = noises([0, 1, 2], randomness.BLOCK + 3)
    assert drawn.shape == (randomness.BLOCK + 3, 2, 3, 8, 4)
    assert len(set(drawn.flatten().tolist())) > 0.99 * drawn.numel()
    assert abs(drawn.mean()) < 0.05
    assert abs(drawn.std() - 1) < 0.05


def test_a_gans_noise_does_not_depend_on_who_else_is_trained():
    assert torch.equal(noises([0, 1, 2], 5)[:, :, 1], noises([1], 5)[:, :, 0])
