"""The nets of 2014 beside a plain loop, and the parts of their recipe."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from gangan_cli.config import EngineSettings
from gangan_cli.images.loading import load_images
from gangan_cli.models.family import layout, parameters
from gangan_cli.models.optimizers import Momentum
from gangan_cli.models.registry import build, family_info
from gangan_cli.rng import stream
from gangan_cli.training.engine import train
from gangan_cli.training.messages import InitialWeights

SETTINGS = EngineSettings(
    epochs=2, batch_size=100, learning_rate=0.1, seed=4, snapshot_every=1, keep_initial=True
)


@pytest.fixture(scope="module")
def digits():
    """Enough for ten steps an epoch."""
    return load_images("mnist5k").picked(np.arange(0, 5000, 5))


@pytest.fixture(scope="module")
def trained(digits):
    """The initial weights, and what makes the two epochs of twenty steps."""
    return list(train(build("goodfellow", {}), digits.load("cpu"), SETTINGS, [1]))


def test_the_parameters_are_those_of_the_specification():
    assert parameters(build("goodfellow", {})) == {"discriminator": 1_231_441, "generator": 2_503_984}


def test_the_defaults_are_those_of_the_released_code():
    assert family_info("goodfellow").defaults == {"batch_size": 100, "lr": 0.1, "epochs": 250}


def test_twenty_steps_are_those_of_a_plain_loop(digits, trained):
    first, *epochs = trained
    assert isinstance(first, InitialWeights)
    weights = {
        name: torch.from_numpy(values.copy()).requires_grad_()
        for name, values in layout(build("goodfellow", {})).split(first.snapshots[0]).items()
    }
    for epoch, (found, losses) in zip(epochs, plain_loop(weights, digits), strict=True):
        moved = np.linalg.norm(found - first.snapshots[0])
        assert np.linalg.norm(epoch.snapshots[0] - found) < 1e-4 * moved
        np.testing.assert_allclose(epoch.losses[0, :, 0], losses, rtol=1e-5)


def plain_loop(weights, digits):
    """Yield weights and mean losses (2,) after each epoch of gradient descent with momentum, written
    out: both networks at once, dropout in the discriminator only."""
    images = torch.from_numpy(digits.pixels / np.float32(255))
    speeds = {name: torch.zeros_like(value) for name, value in weights.items()}
    updates = 0
    for epoch in (1, 2):
        source, losses = stream(SETTINGS.seed, 1, epoch, "cpu"), []
        rows = torch.randperm(len(images), generator=source).view(10, 100)
        noises = math.sqrt(3) * (2 * torch.rand(10, 100, 100, generator=source) - 1)
        chances = torch.rand(10, 100, 2 * (784 + 240 + 240), generator=source)
        for step in range(10):
            of_real, of_made = chances[step].split(784 + 240 + 240, dim=1)
            made = generate(weights, noises[step])
            fake = judge(weights, made, of_made)
            d_loss = (
                F.softplus(-judge(weights, images[rows[step]], of_real)) + F.softplus(fake)
            ).mean() / 2
            g_loss = F.softplus(-fake).mean()
            gradients = {}
            for network, loss in (("discriminator", d_loss), ("generator", g_loss)):
                names = [name for name in weights if name.startswith(network)]
                found = torch.autograd.grad(loss, [weights[name] for name in names], retain_graph=True)
                gradients |= dict(zip(names, found, strict=True))
            with torch.no_grad():
                for name, gradient in gradients.items():
                    momentum = 0.5 + 0.2 * (epoch - 1) / 249
                    speeds[name] = momentum * speeds[name] - 0.1 / 1.000004**updates * gradient
                    weights[name] += speeds[name]
            updates += 1
            losses.append([g_loss.item(), d_loss.item()])
        flat = torch.cat([value.detach().flatten() for value in weights.values()])
        yield flat.numpy().copy(), np.mean(losses, axis=0)


def generate(weights, z):
    for layer in (0, 1, 2):
        z = z @ weights[f"generator.linear.{layer}.weight"].T + weights[f"generator.linear.{layer}.bias"]
        z = torch.relu(z) if layer < 2 else torch.sigmoid(z)
    return z


def judge(weights, x, chances):
    """The logit: 240 units of five pieces, twice; pixels are kept with chance 0.8, units with 0.5."""
    of_pixels, of_first, of_second = chances.split((784, 240, 240), dim=1)
    x = x * (of_pixels >= 0.2) * 1.25
    for layer, keeping in ((0, of_first), (1, of_second)):
        name = f"discriminator.maxout.{layer}.linear"
        x = (
            (x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])
            .view(-1, 5, 240)
            .max(dim=1)
            .values
        )
        x = x * (keeping >= 0.5) * 2
    return x @ weights["discriminator.out.weight"].T + weights["discriminator.out.bias"]


SMALL = {"generator": "16,16", "discriminator": "6,4", "pieces": 3}


def test_a_training_goes_on_with_the_same_bytes_and_gans_are_trained_together_as_alone(digits):
    family, examples = build("goodfellow", SMALL), digits.load("cpu")
    first, second = list(train(family, examples, SETTINGS, [0, 1]))[1:]
    (again,) = train(family, examples, SETTINGS, [0, 1], start=(1, first.checkpoints))
    assert np.array_equal(again.checkpoints, second.checkpoints)
    *_, alone = train(family, examples, SETTINGS, [1])
    np.testing.assert_allclose(alone.snapshots[0], second.snapshots[1], atol=1e-5)


def test_untrained_images_begin_at_the_mean_image(digits, trained):
    initial = layout(build("goodfellow", {})).split(trained[0].snapshots[0])
    mean = digits.pixels.mean(axis=0) / 255
    found = torch.sigmoid(torch.from_numpy(initial["generator.linear.2.bias"])).numpy()
    np.testing.assert_allclose(found, mean, atol=1e-6)
    assert np.isfinite(initial["generator.linear.2.bias"]).all()
    for name, bound in (
        ("generator.linear.0.weight", 0.05),
        ("discriminator.maxout.0.linear.weight", 0.005),
    ):
        assert bound * 0.99 < np.abs(initial[name]).max() <= bound
        assert initial[name].std() == pytest.approx(bound / math.sqrt(3), rel=0.01)


def test_noise_is_uniform_of_unit_variance():
    noise = build("goodfellow", {}).noise((2000,), torch.Generator().manual_seed(0))
    assert noise.shape == (2000, 100)
    assert noise.abs().max() <= math.sqrt(3)
    assert noise.var() == pytest.approx(1, abs=0.01)


def test_nothing_drops_out_where_no_noise_is_given():
    torch.manual_seed(0)
    networks = build("goodfellow", {"data_dim": 20, "discriminator": "6,4"}).networks()
    x = torch.rand(3, 20)
    kept = torch.full((3, 20 + 6 + 4), 0.999)
    scaled = networks["discriminator"](x, kept)
    assert not torch.allclose(networks["discriminator"](x), scaled, rtol=1e-3, atol=0)
    torch.testing.assert_close(networks["discriminator"](x)[:1], networks["discriminator"](x[:1]))


def test_momentum_grows_by_epochs_and_the_rate_falls_by_updates():
    rule = Momentum()
    rates = np.full(500, 0.1)
    first, second, last, later = (rule.rates(rates, 500 * before) for before in (0, 1, 249, 400))
    assert (first[:, 1] == 0.5).all()
    np.testing.assert_allclose(second[:, 1], 0.5 + 0.2 / 249)
    np.testing.assert_allclose([last[0, 1], later[0, 1]], 0.7)
    assert first[0, 0] == 0.1
    np.testing.assert_allclose(last[-1, 0], 0.1 / 1.000004**124_999)
    assert rule.rates(rates, 10**9)[0, 0] == 1e-6
