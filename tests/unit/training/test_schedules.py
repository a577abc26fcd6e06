"""What changes in the course of training."""

import pytest

from gangan_cli.models.registry import build
from gangan_cli.training.schedules import learning_rates, progress_of_steps, step_scalars

CHANGING = build("r1-mlp", {"data_dim": 6, "latent_dim": 4, "instance_noise": 2.0, "lr_decay": True})


def test_the_learning_rate_stays_to_the_middle_and_then_falls_to_nothing():
    epochs = [
        learning_rates(CHANGING, 0.1, progress_of_steps(done, 5, 20)).tolist() for done in (0, 5, 10, 15)
    ]
    assert epochs[0] == epochs[1] == pytest.approx([0.1] * 5)
    assert epochs[2] == pytest.approx([0.1, 0.09, 0.08, 0.07, 0.06])
    assert epochs[3] == pytest.approx([0.05, 0.04, 0.03, 0.02, 0.01])


def test_other_families_keep_their_learning_rate():
    assert learning_rates(build("mlp", {}), 0.1, progress_of_steps(15, 5, 20)).tolist() == pytest.approx(
        [0.1] * 5
    )


def test_each_update_is_paced_by_its_optimiser_and_the_step_before_it():
    scalars = step_scalars(CHANGING, 0.1, 3, progress_of_steps(3, 2, 20))
    assert scalars.shape == (2, 2, 3)
    for step, t in ((0, 4), (1, 5)):
        # Adam's betas are 0 and 0.99 here.
        expected = [0.1, 1 / (1 - 0.99**t) ** 0.5, (t - 1) / 20]
        assert scalars[step, 0].tolist() == scalars[step, 1].tolist() == pytest.approx(expected)
