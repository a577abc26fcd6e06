"""How much work a step is."""

import pytest
import torch

from gangan_cli.models.registry import build
from gangan_cli.training.cost import cost_of


def test_products_are_counted_as_by_hand():
    family = build("mlp", {"data_dim": 6, "latent_dim": 4, "generator_width": 8})
    weights = {
        name: sum(p.numel() for p in network.parameters() if p.dim() == 2)
        for name, network in family.networks().items()
    }
    # Each of the two updates makes images; the discriminator looks at them, and once at real ones.
    once = 2 * weights["generator"] + 3 * weights["discriminator"]
    assert cost_of(family, 16).flops == 2 * 16 * once


HPARAMS = {"r1-mlp": {"data_dim": 257, "templates": 16, "r1": 1.0}}


@pytest.mark.parametrize("name", ["r1-mlp", "cgan", "dcgan-small", "infogan", "shared-wgan", "cyclegan"])
def test_twice_the_batch_is_twice_the_work(name):
    before = torch.get_rng_state()
    one, two = (cost_of(build(name, HPARAMS.get(name, {})), batch) for batch in (64, 128))
    assert two.flops == 2 * one.flops > 0
    assert two.numbers == pytest.approx(2 * one.numbers, rel=0.05)
    assert torch.equal(torch.get_rng_state(), before)
