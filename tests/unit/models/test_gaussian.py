"""GANs of one dimension, beside the released code's loop in plain PyTorch."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from gangan_cli.config import EngineSettings
from gangan_cli.errors import ConfigurationError
from gangan_cli.images.numbers import numbers_named
from gangan_cli.models.family import (
    ImageSpec,
    NumberSpec,
    distinct_parameters,
    layout,
    losses,
    parameters,
)
from gangan_cli.models.gaussian import Discriminator
from gangan_cli.models.registry import build, hparams_for
from gangan_cli.rng import stream
from gangan_cli.training.engine import train

STEPS, BATCH, RATE = 20, 8, 2e-3
SETTINGS = EngineSettings(1, BATCH, RATE, seed=3, snapshot_every=1, epoch_steps=STEPS)


def family(name: str, options: str = ""):
    return build(name, hparams_for(name, NumberSpec(), options))


def generator(w, z):
    for layer in range(len([name for name in w if name.startswith("hidden")]) // 2):
        z = F.softplus(z @ w[f"hidden.layers.{layer}.weight"].T + w[f"hidden.layers.{layer}.bias"])
    return z @ w["out.weight"].T + w["out.bias"]


def discriminator(w, x):
    for layer in range(len([name for name in w if name.startswith("hidden")]) // 2):
        x = torch.relu(x @ w[f"hidden.layers.{layer}.weight"].T + w[f"hidden.layers.{layer}.bias"])
    if "kernels.weight" in w:
        made = (x @ w["kernels.weight"].T).view(len(x), 5, 3)
        near = [sum(torch.exp(-(row - other).abs().sum(1)) for other in made) for row in made]
        x = torch.cat([x, torch.stack(near)], dim=1)
    return torch.sigmoid(x @ w["out.weight"].T + w["out.bias"])


def log(p):
    return torch.log(torch.maximum(p, torch.tensor(1e-5)))


def released(made, examples, gan):
    """The released code's loop; return all weights, the discriminator's first."""
    with torch.random.fork_rng():
        torch.set_rng_state(stream(SETTINGS.seed, gan, 0, "cpu").get_state())
        networks = made.networks()
    d, g = (dict(networks[name].named_parameters()) for name in ("discriminator", "generator"))
    shared = made.name == "shared-gaussian"
    kernel = "hidden.layers.1.weight"
    own = [p for name, p in g.items() if not (shared and name == kernel)]
    adams = [torch.optim.Adam(ps, lr=RATE) for ps in (d.values(), own)]
    source = stream(SETTINGS.seed, gan, 1, "cpu")
    order = torch.cat([torch.randperm(len(examples), generator=source) for _ in range(STEPS)])
    jitter = torch.rand(STEPS, 2, BATCH, 1, generator=source)
    for step in range(STEPS):
        x = examples.batch(order[step * BATCH : (step + 1) * BATCH])
        z = torch.linspace(-8, 8, BATCH)[:, None] + 0.01 * jitter[step]
        fake = discriminator(d, generator(g, z[0]))
        d_loss = -(log(discriminator(d, x)) + log(1 - fake)).mean()
        adams[0].zero_grad()
        d_loss.backward()
        adams[0].step()
        if shared:
            with torch.no_grad():
                g[kernel].copy_(d["hidden.layers.2.weight"])
        g_loss = -log(discriminator(d, generator(g, z[1]))).mean()
        adams[1].zero_grad()
        g_loss.backward()
        adams[1].step()
    return torch.cat([p.detach().flatten() for w in (d, g) for p in w.values()]).numpy()


@pytest.mark.parametrize(
    ("name", "options"),
    [("gaussian", ""), ("gaussian", "discriminator=8,8 minibatch=true"), ("shared-gaussian", "")],
)
def test_gans_in_a_stack_are_those_of_the_released_loop(name, options):
    made, examples = family(name, options), numbers_named(f"normal:4,0.5,{BATCH}").load("cpu")
    (epoch,) = train(made, examples, SETTINGS, [0, 1])
    alone = released(made, examples, gan=1)
    np.testing.assert_allclose(epoch.snapshots[1], alone, atol=2e-5)


def test_parameters_are_those_of_the_released_networks():
    assert parameters(family("gaussian")) == {"discriminator": 169, "generator": 13}
    assert parameters(family("shared-gaussian")) == {"discriminator": 118, "generator": 33}
    assert distinct_parameters(family("shared-gaussian")) == 151 - 16
    with_kernels = family("gaussian", "discriminator=8,8 minibatch=true")
    assert parameters(with_kernels)["discriminator"] == 16 + 72 + 8 * 15 + (8 + 5 + 1)


def test_the_shared_layer_is_the_discriminators_in_every_snapshot():
    made, examples = family("shared-gaussian"), numbers_named("normal:4,0.5,100").load("cpu")
    (epoch,) = train(made, examples, SETTINGS, [0, 1])
    for vector in epoch.snapshots:
        tensors = layout(made).split(vector)
        ours = tensors["generator.hidden.layers.1.weight"]
        assert np.array_equal(ours, tensors["discriminator.hidden.layers.2.weight"])
    ours = tensors["generator.hidden.layers.1.bias"]
    assert not np.array_equal(ours, tensors["discriminator.hidden.layers.2.bias"])


def test_a_stack_goes_on_from_its_checkpoints_with_the_same_bytes():
    made, examples = family("shared-gaussian"), numbers_named("normal:4,0.5,100").load("cpu")
    settings = replace(SETTINGS, epochs=2)
    first, second = train(made, examples, settings, [0, 1])
    (again,) = train(made, examples, settings, [0, 1], start=(1, first.checkpoints))
    assert again.snapshots.tobytes() == second.snapshots.tobytes()


def test_noise_covers_its_range_evenly_and_anew_each_time():
    made = family("gaussian", "reach=2")
    drawn = made.noise((3, 5), stream(0, 0, 1, "cpu"))[..., 0]
    even = torch.linspace(-2, 2, 5)
    assert ((drawn - even >= 0) & (drawn - even < 0.01)).all()
    assert not torch.equal(drawn[0], drawn[1])


def test_with_minibatch_discrimination_a_number_is_judged_beside_others():
    torch.manual_seed(0)
    judge, x = Discriminator([4], minibatch=True), torch.tensor([[1.0], [1.1], [5.0]])
    assert not torch.allclose(judge(x)[:1], judge(x[[0, 2]])[:1])
    plain = Discriminator([4], minibatch=False)
    torch.testing.assert_close(plain(x)[:1], plain(x[[0, 2]])[:1])


def test_minimax_and_more_updates_of_the_discriminator_are_options():
    made = family("gaussian", "loss=minimax discriminator_steps=3")
    assert losses(made) == ("d_loss", "g_loss") and made.phases[0].n_updates == 3
    examples = numbers_named("normal:4,0.5,100").load("cpu")
    (epoch,) = train(made, examples, SETTINGS, [0])
    assert (epoch.losses[0, 0] > 0).all() and (epoch.losses[0, 1] < 0).all()


@pytest.mark.parametrize(
    ("name", "spec", "options", "message"),
    [
        ("gaussian", ImageSpec(28, 28), "", "is for numbers, not images"),
        ("mlp", NumberSpec(), "", "give --family gaussian or shared-gaussian"),
        ("gaussian", NumberSpec(), "loss=hinge", "no loss 'hinge'"),
        ("gaussian", NumberSpec(), "generator=0", "give the sizes of its layers"),
        ("shared-gaussian", NumberSpec(), "generator=4,5", "which share a layer"),
        ("shared-gaussian", NumberSpec(), "discriminator=4,4", "which share a layer"),
    ],
)
def test_what_makes_no_sense_is_said(name, spec, options, message):
    with pytest.raises(ConfigurationError, match=message):
        hparams_for(name, spec, options)
