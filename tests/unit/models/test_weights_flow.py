"""Flow matching: its loss as the paper has it, and that it learns a distribution with gaps."""

import numpy as np
import torch

from gangan_cli.config import EngineSettings
from gangan_cli.models.family import WeightSpec, layout
from gangan_cli.models.functional import bind_weights, split_networks
from gangan_cli.models.registry import build, weight_hparams_for, weight_options
from gangan_cli.training.engine import train
from gangan_cli.weightspace.sources import ArraySource
from tests.runs import numbers

PROGRESS = torch.tensor(0.5)


def flow(dim, options="", conditions=0):
    chosen = weight_options("flow", options)
    return build("flow", weight_hparams_for("flow", WeightSpec(dim, 1.0, conditions), chosen))


def bound(family):
    modules = family.networks()
    return bind_weights(modules, {name: module.state_dict() for name, module in modules.items()})


def test_the_loss_is_the_squared_error_of_the_velocity_along_straight_paths():
    family = flow(3, "width=8 layers=1")
    networks = bound(family)
    x1, x0, time = torch.randn(5, 3), torch.randn(5, 3), torch.rand(5, 1)
    (loss,) = family.phases[0].losses(networks, x1, torch.cat([x0, time], 1), PROGRESS)
    at = (1 - time) * x0 + time * x1
    angles = time * torch.pi * torch.arange(1, 5)
    seen = torch.cat([at, time, angles.sin(), angles.cos()], 1)
    expected = (networks["velocity"](seen) - (x1 - x0)).square().mean()
    torch.testing.assert_close(loss, expected)


def test_a_constant_velocity_is_integrated_exactly():
    family = flow(3, "width=8 layers=1 solver_steps=3")
    modules = family.networks()
    torch.nn.init.zeros_(modules["velocity"].out.weight)
    torch.nn.init.constant_(modules["velocity"].out.bias, 2.0)
    networks = bind_weights(modules, {"velocity": modules["velocity"].state_dict()})
    x0 = torch.randn(4, 3)
    torch.testing.assert_close(family.generate(networks, x0), x0 + 2)


def test_a_mixture_is_recovered_with_its_gaps_and_its_weights():
    random = np.random.default_rng(0)
    centres = np.array([(-3, -3), (3, -3), (3, 3)], np.float32)
    chosen = random.choice(3, 3000, p=[0.5, 0.25, 0.25])
    examples = centres[chosen] + 0.3 * numbers(1, 3000, 2)
    family = flow(2, "width=64 layers=2 ema_decay=0.99")
    settings = EngineSettings(epochs=60, batch_size=200, learning_rate=3e-3, seed=0, snapshot_every=60)
    *_, last = train(family, ArraySource(examples).load("cpu"), settings, [0])
    parts = split_networks(layout(family), torch.from_numpy(last.snapshots[0]))
    networks = bind_weights(family.networks(), parts)
    with torch.no_grad():
        made = family.generate(networks, torch.from_numpy(numbers(2, 2000, 2))).numpy()
    distances = np.linalg.norm(made[:, None] - centres, axis=2)
    near = distances.min(axis=1) < 1
    assert near.mean() > 0.95
    shares = np.bincount(distances.argmin(axis=1)[near], minlength=3) / near.sum()
    np.testing.assert_allclose(shares, [0.5, 0.25, 0.25], atol=0.06)


def test_a_condition_is_an_input_that_stays_as_it_is():
    family = flow(3, "width=8 layers=1", conditions=1)
    assert (family.data_dim, family.latent_dim) == (4, 4)
    noise = family.noise((1000,), torch.Generator().manual_seed(0))
    assert noise[:, :3].std() > 0.9 and 0.9 < noise[:, 3].abs().max() <= 1
    networks = bound(family)
    made = family.generate(networks, noise)
    other = noise.clone()
    other[:, 3] = 0.5
    assert made.shape == (1000, 3)
    assert not torch.equal(family.generate(networks, other), made)
