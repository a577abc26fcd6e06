"""The regularised family: losses and penalties as their papers have them, and conditions."""

import pytest
import torch
from torch.nn import functional as F

from gangan_cli.errors import ConfigurationError
from gangan_cli.models.registry import build

PROGRESS = torch.tensor(0.75)


def losses(**hparams):
    """A family's two losses on some batch, with its networks, examples and noise."""
    torch.manual_seed(0)
    family = build("r1-mlp", {"data_dim": 6, "latent_dim": 3, **hparams})
    networks = family.networks()
    examples, noise = torch.randn(5, 6), family.noise((5,), torch.Generator().manual_seed(1))
    generator, discriminator = (
        phase.losses(networks, examples, noise, PROGRESS)[0] for phase in family.phases
    )
    return generator, discriminator, networks, examples, noise


def test_the_default_is_logistic_with_r1():
    generator, discriminator, nets, x, z = losses()
    fake = nets["discriminator"](nets["generator"](z))
    torch.testing.assert_close(generator, F.softplus(-fake).mean())
    x.requires_grad_(True)
    real = nets["discriminator"](x)
    (slope,) = torch.autograd.grad(real.sum(), x)
    expected = F.softplus(-real).mean() + F.softplus(fake).mean() + 2.5 * slope.square().sum(1).mean()
    torch.testing.assert_close(discriminator, expected)


def test_r1_falls_by_equal_factors():
    _, constant, nets, x, _ = losses(r1=20.0)
    _, falling, *_ = losses(r1=20.0, r1_end=20.0 / 2**4)
    x.requires_grad_(True)
    (slope,) = torch.autograd.grad(nets["discriminator"](x).sum(), x)
    penalty = slope.square().sum(1).mean() / 2
    torch.testing.assert_close(constant - falling, (20 - 20 / 2**3) * penalty)


def test_hinge():
    generator, discriminator, nets, x, z = losses(loss="hinge", r1=0.0)
    real, fake = nets["discriminator"](x), nets["discriminator"](nets["generator"](z))
    torch.testing.assert_close(generator, -fake.mean())
    torch.testing.assert_close(discriminator, F.relu(1 - real).mean() + F.relu(1 + fake).mean())


def test_wasserstein_with_the_slope_held_at_one():
    _, discriminator, nets, x, z = losses(loss="wasserstein", r1=0.0, slope=10.0)
    made = nets["generator"](z).detach()
    along = torch.distributions.Normal(0, 1).cdf(z[:, :1])
    between = (x + along * (made - x)).requires_grad_(True)
    (slope,) = torch.autograd.grad(nets["discriminator"](between).sum(), between)
    expected = nets["discriminator"](made).mean() - nets["discriminator"](x).mean()
    torch.testing.assert_close(discriminator, expected + 10 * (slope.norm(dim=1) - 1).square().mean())


def test_a_conditional_generator_is_told_what_the_real_examples_are():
    generator, _, nets, x, z = losses(condition=1)
    told = torch.cat([z[:, :2], x[:, -1:]], dim=1)
    made = nets["generator"](told)
    assert made.shape == (5, 5)
    judged = nets["discriminator"](torch.cat([made, 4 * x[:, -1:]], dim=1))
    torch.testing.assert_close(generator, F.softplus(-judged).mean())


def test_templates_are_mixed_and_corrected():
    _, _, nets, _, z = losses(templates=4)
    layers, templates = nets["generator"].layers, nets["generator"].templates
    assert templates.shape == (4, 6)
    shares = F.softmax(3 * layers(z)[:, :4], dim=1)
    torch.testing.assert_close(nets["generator"](z), shares @ templates + layers(z)[:, 4:])


@pytest.mark.parametrize("condition", [0, 1])
def test_real_and_generated_examples_are_blurred_alike_but_never_what_is_asked(condition):
    _, _, _, x, z = losses()
    blur = torch.randn(5, 6)
    family = build("r1-mlp", {"data_dim": 6, "latent_dim": 3, "blur": 1.0, "condition": condition})
    nets, made = family.networks(), 6 - condition
    asked = x[:, made:]

    def seen(examples):
        return torch.cat([examples + blur[:, :made], 4 * asked], dim=1)

    fake = seen(nets["generator"](torch.cat([z[:, : 3 - condition], asked], 1)))
    generator, discriminator = (
        phase.losses(nets, x, torch.cat([z, blur], dim=1), PROGRESS)[0] for phase in family.phases
    )
    torch.testing.assert_close(generator, F.softplus(-nets["discriminator"](fake)).mean())
    real = seen(x[:, :made]).requires_grad_(True)
    judged = nets["discriminator"](real)
    (slope,) = torch.autograd.grad(judged.sum(), real)
    expected = F.softplus(-judged).mean() + F.softplus(nets["discriminator"](fake)).mean()
    torch.testing.assert_close(discriminator, expected + 2.5 * slope.square().sum(1).mean())


def test_conditions_are_drawn_evenly_from_all_that_can_be_asked():
    family = build("r1-mlp", {"data_dim": 6, "latent_dim": 3, "condition": 1})
    noise = family.noise((20_000,), torch.Generator().manual_seed(0))
    asked = noise[:, -1]
    assert asked.min() >= -1 and asked.max() <= 1
    assert asked.std() == pytest.approx(3**-0.5, abs=0.01)
    assert noise[:, 0].std() == pytest.approx(1, abs=0.02)


def test_an_unknown_loss_is_refused():
    with pytest.raises(ConfigurationError, match="no loss 'lsgan'"):
        build("r1-mlp", {"data_dim": 6, "loss": "lsgan"})
