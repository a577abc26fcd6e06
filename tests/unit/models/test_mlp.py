import pytest
import torch
from torch.nn import functional as F

from gangan_cli.errors import ConfigurationError
from gangan_cli.models.family import layout
from gangan_cli.models.mlp import discriminator_loss, generator_loss
from gangan_cli.models.registry import build

HALF = torch.tensor(0.5)
"""Training half done."""


def test_the_papers_gan_has_113745_parameters_discriminator_first():
    flat = layout(build("mlp", {}))
    assert flat.size == 113_745
    assert [tensor.name for tensor in flat.tensors] == [
        f"{network}.{layer}.{kind}"
        for network in ("discriminator", "generator")
        for layer in ("input", "hidden", "out")
        for kind in ("weight", "bias")
    ]
    assert flat.tensors[6].offset == 54_465
    assert flat.shapes["discriminator.input.weight"] == (64, 784)


def test_the_papers_gangan_has_the_parameters_of_the_specification():
    hparams = {"data_dim": 113_745, "latent_dim": 1, "discriminator_width": 8, "generator_width": 64}
    flat = layout(build("mlp", hparams))
    generator = sum(t.size for t in flat.tensors if t.name.startswith("generator"))
    assert generator == 7_397_713
    assert flat.size - generator == 910_049


def test_losses_are_those_of_the_released_code():
    torch.manual_seed(0)
    networks = build("mlp", {"data_dim": 20}).networks()
    x, z = torch.rand(8, 20), torch.randn(8, 64)
    real, fake = networks["discriminator"](x), networks["discriminator"](networks["generator"](z))
    bce = torch.nn.BCELoss()
    expected = bce(real, torch.ones(8, 1)) + bce(fake, torch.zeros(8, 1))
    torch.testing.assert_close(discriminator_loss(networks, x, z, HALF), (expected,))
    torch.testing.assert_close(generator_loss(networks, x, z, HALF), (bce(fake, torch.ones(8, 1)),))


def test_the_penalty_is_half_gamma_times_the_squared_slope():
    torch.manual_seed(0)
    plain, steep = (build("r1-mlp", {"data_dim": 5, "r1": r1}) for r1 in (0.0, 3.0))
    networks = plain.networks()
    x, z = torch.rand(8, 5, requires_grad=True), torch.randn(8, 8)
    slope = torch.autograd.grad(networks["discriminator"](x).sum(), x)[0]
    without, penalised = (one.phases[1].losses(networks, x, z, HALF) for one in (plain, steep))
    difference = penalised[0] - without[0]
    torch.testing.assert_close(difference, 1.5 * slope.square().sum(1).mean())
    logits = networks["discriminator"](x)
    fakes = networks["discriminator"](networks["generator"](z))
    torch.testing.assert_close(
        plain.phases[1].losses(networks, x, z, HALF),
        (F.softplus(-logits).mean() + F.softplus(fakes).mean(),),
    )


@pytest.mark.parametrize("name", ["mlp", "r1-mlp"])
def test_both_generate_what_they_discriminate(name):
    family = build(name, {"data_dim": 12})
    networks = family.networks()
    noise = family.noise((3,), torch.Generator().manual_seed(0))
    made = family.generate(networks, noise)
    assert noise.shape == (3, family.latent_dim)
    assert made.shape == (3, 12)
    assert networks["discriminator"](made).shape == (3, 1)
    assert next(iter(networks)) == "discriminator"


def test_unknown_families_and_sizes_are_named():
    with pytest.raises(ConfigurationError, match=r"'nope'.*mlp"):
        build("nope", {})
    with pytest.raises(ConfigurationError, match="colour"):
        build("mlp", {"colour": 3})
