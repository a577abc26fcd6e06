from math import log

import numpy as np
import pytest
import torch

from gangan_cli.models.registry import build

CLASSES = torch.arange(1000) % 10


def information(heads, **hparams):
    """What images say of their classes by a discriminator with these outputs."""
    return build("infogan", hparams).information({"discriminator": lambda _: heads}, None, CLASSES)


def heads(logits):
    """Outputs for a score, logits of the classes, and two codes."""
    return torch.cat([torch.full((1000, 1), 9.0), logits, torch.full((1000, 2), 9.0)], dim=1)


def test_who_knows_nothing_is_told_nothing_and_who_knows_all_log_10():
    assert information(heads(torch.zeros(1000, 10))).abs().max() < 1e-6
    certain = information(heads(50 * torch.nn.functional.one_hot(CLASSES, 10).float()))
    assert certain.tolist() == pytest.approx([log(10)] * 1000)


def test_in_a_channel_with_known_noise_the_bound_is_the_information():
    """Images that show their class in 9 of 10 cases, else the next one, and the true posterior."""
    shown = torch.where(torch.arange(1000) % 100 < 90, CLASSES, (CLASSES + 1) % 10)
    likely = 0.9 * torch.eye(10)[shown] + 0.1 * torch.eye(10)[(shown - 1) % 10] + 1e-30
    found = information(heads(likely.log())).mean().item()
    entropy = -(0.9 * log(0.9) + 0.1 * log(0.1))
    assert found == pytest.approx(log(10) - entropy, abs=1e-5)


def test_without_the_class_in_the_loss_there_is_no_bound():
    assert information(heads(torch.zeros(1000, 10)), categorical=0.0) is None


def test_a_real_discriminator_says_something_of_every_image():
    family = build("infogan", {"generator": "8,8,4", "discriminator": "4,8"})
    network = family.networks()["discriminator"].eval()
    images = torch.from_numpy(np.random.default_rng(0).normal(size=(50, 784)).astype(np.float32))
    with torch.no_grad():
        found = family.information({"discriminator": network}, images, CLASSES[:50])
    assert found.shape == (50,) and (found < log(10)).all() and found.abs().mean() < 1
