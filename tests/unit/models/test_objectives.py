"""The generator's objectives, and the number of discriminator steps, as options of `mlp` and `gan`."""

import numpy as np
import pytest
import torch

from gangan_cli.config import EngineSettings
from gangan_cli.errors import ConfigurationError
from gangan_cli.models.family import ImageSpec, batches_per_step
from gangan_cli.models.objectives import OBJECTIVES
from gangan_cli.models.registry import build, hparams_for
from gangan_cli.rng import stream
from gangan_cli.training.engine import train
from gangan_cli.weightspace.sources import ArrayExamples

SETTINGS = EngineSettings(epochs=1, batch_size=16, learning_rate=1e-3, seed=2, snapshot_every=1)


@pytest.mark.parametrize(
    ("name", "slope"), [("minimax", lambda d: -d), ("nonsaturating", lambda d: d - 1)]
)
def test_their_slopes_by_the_logit_are_those_of_the_paper(name, slope):
    logits = torch.linspace(-12, 12, 49).requires_grad_()
    values = [OBJECTIVES[name](torch.sigmoid(logit)) for logit in logits[:, None]]
    (found,) = torch.autograd.grad(torch.stack(values).sum(), logits)
    torch.testing.assert_close(found, slope(torch.sigmoid(logits.detach())), atol=1e-6, rtol=1e-3)


def test_neither_is_infinite_or_nan_where_the_discriminator_is_sure():
    for objective in OBJECTIVES.values():
        for sure in (0.0, 1.0):
            assert torch.isfinite(objective(torch.tensor([[sure]])))


def log(p):
    return torch.log(p).mean()


WRITTEN_OUT = {"minimax": lambda p: log(1 - p), "nonsaturating": lambda p: -log(p)}

LOOPS = [
    ("mlp", "", "minimax", 3, ["g", "d", "d", "d"], 1),
    ("gan", "generator=32 discriminator=32", "minimax", 2, ["d", "d", "g"], 2),
    ("gan", "generator=32 discriminator=32", "nonsaturating", 2, ["d", "d", "g"], 2),
]
"""Family, options, objective, k, the order of updates in a step, and by what the discriminator's loss is
divided."""


@pytest.mark.parametrize(("family", "options", "loss", "k", "order", "share"), LOOPS)
def test_a_step_is_k_updates_of_the_discriminator_to_one_of_the_generator(
    family, options, loss, k, order, share
):
    given = f"{options} loss={loss} discriminator_steps={k}"
    family = build(family, hparams_for(family, ImageSpec(8, 8), given))
    examples = np.tanh(np.random.default_rng(0).standard_normal((8 * k * 16 + 5, 64))).astype(np.float32)
    assert batches_per_step(family) == k
    (trained,) = train(family, ArrayExamples(torch.from_numpy(examples), 1), SETTINGS, [0])
    assert trained.losses.shape == (1, 2, 2)
    expected = written_out(family, examples, WRITTEN_OUT[loss], k, order, share)
    np.testing.assert_allclose(trained.snapshots[0], expected, atol=2e-5)


def written_out(family, examples, objective, k, order, share):
    """The weights after an epoch of Algorithm 1 as one would write it down."""
    with torch.random.fork_rng():
        torch.set_rng_state(stream(SETTINGS.seed, 0, 0, "cpu").get_state())
        networks = family.networks()
    judge, make = networks["discriminator"], networks["generator"]
    betas = family.phases[0].optimizer.betas
    adams = {
        name: torch.optim.Adam(network.parameters(), SETTINGS.learning_rate, betas)
        for name, network in (("d", judge), ("g", make))
    }
    source, batch = stream(SETTINGS.seed, 0, 1, "cpu"), SETTINGS.batch_size
    rows = torch.randperm(len(examples), generator=source)
    for step in range(len(examples) // (k * batch)):
        batches = iter(torch.from_numpy(examples)[rows[step * k * batch :]].split(batch))
        for turn in order:
            fake = judge(make(torch.randn(batch, family.latent_dim, generator=source)))
            if turn == "d":
                loss = -(log(judge(next(batches))) + log(1 - fake)) / share
            else:
                loss = objective(fake)
            adams[turn].zero_grad()
            loss.backward()
            adams[turn].step()
    return torch.cat([p.detach().flatten() for n in networks.values() for p in n.parameters()]).numpy()


@pytest.mark.parametrize("family", ["mlp", "gan"])
def test_by_default_a_family_is_the_one_that_it_was(family):
    family = build(family, {})
    assert (family.loss, family.discriminator_steps) == ("nonsaturating", 1)
    assert batches_per_step(family) == 1


@pytest.mark.parametrize("family", ["mlp", "gan"])
@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("loss=hinge", "no loss 'hinge': choose from nonsaturating, minimax"),
        ("discriminator_steps=0", "give a whole number from 1 on"),
    ],
)
def test_an_objective_that_there_is_not_is_an_error_of_usage(family, option, message):
    with pytest.raises(ConfigurationError, match=message):
        hparams_for(family, ImageSpec(28, 28), option)
