"""What changes in the course of training."""

import pytest

from gangan_cli.models import build
from gangan_cli.training.schedules import blurs, learning_rates, shares

CHANGING = build("r1-mlp", {"data_dim": 6, "latent_dim": 4, "blur": 2.0, "decays": True})


def test_blur_falls_to_nothing_by_the_middle_of_training():
    epochs = [blurs(CHANGING, shares(done, 5, 20)).tolist() for done in (0, 5, 10, 15)]
    assert epochs[0] == pytest.approx([2.0, 1.8, 1.6, 1.4, 1.2])
    assert epochs[1] == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2])
    assert epochs[2] == epochs[3] == [0.0] * 5


def test_the_learning_rate_stays_to_the_middle_and_then_falls_to_nothing():
    epochs = [learning_rates(CHANGING, 0.1, shares(done, 5, 20)).tolist() for done in (0, 5, 10, 15)]
    assert epochs[0] == epochs[1] == pytest.approx([0.1] * 5)
    assert epochs[2] == pytest.approx([0.1, 0.09, 0.08, 0.07, 0.06])
    assert epochs[3] == pytest.approx([0.05, 0.04, 0.03, 0.02, 0.01])


def test_other_families_keep_their_learning_rate():
    assert learning_rates(build("mlp", {}), 0.1, shares(15, 5, 20)).tolist() == pytest.approx([0.1] * 5)
