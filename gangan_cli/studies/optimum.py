"""The optimal discriminator and the equilibrium, in one dimension (Goodfellow et al. 2014, figure 1 and
section 4; 002, equations 2 and 3)."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gangan_cli.errors import ConfigurationError
from gangan_cli.images.numbers import Numbers
from gangan_cli.metrics.normal import (
    jensen_shannon,
    normal_quantiles,
    optimal_discriminator,
    value,
)
from gangan_cli.models.functional import split_networks
from gangan_cli.models.gaussian import Gaussian
from gangan_cli.models.objectives import cross_entropy, nonsaturating
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.studies.answers import Finding
from gangan_cli.studies.gaussian import last_snapshots, require_numbers
from gangan_cli.studies.optimum_result import SUPPORT, FourPanels, Optimum, Panel, findings, table
from gangan_cli.studies.study import StudiedRun, StudyContext, Table
from gangan_cli.weightspace.snapshots import Matrix

Networks = Mapping[str, nn.Module]

BINS = 160
"""Bins of densities, over 8 standard deviations to either side of the data's mean."""

MADE = 100_000
"""Numbers of which a generated density is made: equally spaced noise, so that it has no scatter."""

MOST = 50
"""Most GANs of a run that are measured."""

LEARNING = 0.1
"""Panel (a) is the first snapshot with a smaller divergence from the data: near convergence."""

EXAMPLES, D_UPDATES, G_UPDATES, RATE = 1000, 2000, 1, 2e-3
"""Numbers of either kind in a batch, and updates, that train the discriminator to its optimum and the
generator against it; the rate is the discriminator's, and falls to 0."""


class OptimumStudy:
    """The study: see the module."""

    result = Optimum

    def measure(self, context: StudyContext) -> Optimum:
        """Measure the GANs of the first run."""
        with context.opened(context.runs[0]) as studied:
            require_numbers(studied)
            run, lineage, config = studied.run, studied.lineage, studied.run.manifest.config
            if run.manifest.hparams["minibatch"]:
                raise ConfigurationError(
                    f"run {run.name!r} has minibatch discrimination, with which D is no function of a "
                    "number: give one without (--family-option minibatch=false)"
                )
            data = lineage.numbers
            assert data is not None
            gans = last_snapshots(run)[1][:MOST].tolist()
            measured = []
            for number, gan in enumerate(gans):
                measure = partial(_four_panels, studied, data, gan)
                measured.append(studied.once(f"gan/{gan}", FourPanels, measure, {}))
                context.on_progress("training discriminators to their optimum", number + 1, len(gans))
            x, _ = _bins(data)
            options = config.get("family_options") or "default options"
            return Optimum(
                run.name,
                f"{run.manifest.family}, {options}, batch {config['batch_size']}, rate {config['lr']:g}",
                int(config["seed"]),
                x,
                data.density(x),
                measured,
            )

    def tables(self, found: Optimum) -> list[Table]:
        """Return a table of the four moments."""
        return [table(found)]

    def findings(self, found: Optimum) -> list[Finding]:
        """Return what follows."""
        return findings(found)


def _four_panels(studied: StudiedRun, data: Numbers, gan: int) -> FourPanels:
    run, lineage = studied.run, studied.lineage
    keys = run.keys()
    epochs = keys[keys[:, 0] == gan, 1].tolist()
    for epoch in epochs:
        networks = _networks(lineage, run.snapshot(gan, epoch))
        a = _panel(networks, lineage, data)
        if a.divergence < LEARNING:
            break
    _train_discriminator(networks, lineage, data)
    b = _panel(networks, lineage, data)
    _train_generator(networks, lineage, float(run.manifest.config["lr"]))
    c = _panel(networks, lineage, data)
    d = _panel(_networks(lineage, run.snapshot(gan, epochs[-1])), lineage, data)
    return FourPanels(gan, epoch, a, b, c, d)


def _networks(lineage: Lineage, vector: Matrix) -> Networks:
    networks = lineage.family.networks()
    for name, weights in split_networks(lineage.top.manifest.layout, torch.tensor(vector)).items():
        networks[name].load_state_dict(weights)
    return networks


def _train_discriminator(networks: Networks, lineage: Lineage, data: Numbers) -> None:
    """Train D alone, on quantiles of the data and on what equally spaced noise becomes: to its optimum,
    as proposition 1 of Goodfellow et al. supposes."""
    judge = networks["discriminator"]
    real = torch.tensor(normal_quantiles(data.mean, data.std, EXAMPLES), dtype=torch.float32)[:, None]
    fake = networks["generator"](_noise(lineage, EXAMPLES)).detach()
    adam = torch.optim.Adam(judge.parameters(), lr=RATE)
    falling = torch.optim.lr_scheduler.LinearLR(adam, 1.0, 0.01, D_UPDATES)
    for _ in range(D_UPDATES):
        # Not clipped: a discriminator that is sure, and wrong, must learn too.
        loss = cross_entropy(judge(real), real=True) + cross_entropy(judge(fake), real=False)
        adam.zero_grad()
        loss.backward()
        adam.step()
        falling.step()


def _train_generator(networks: Networks, lineage: Lineage, rate: float) -> None:
    """Train G alone against D as it is."""
    adam, noise = (
        torch.optim.Adam(networks["generator"].parameters(), lr=rate),
        _noise(lineage, EXAMPLES),
    )
    for _ in range(G_UPDATES):
        loss = nonsaturating(networks["discriminator"](networks["generator"](noise)))
        adam.zero_grad()
        loss.backward()
        adam.step()


def _noise(lineage: Lineage, count: int) -> Tensor:
    family = lineage.family
    assert isinstance(family, Gaussian)
    return torch.linspace(-family.reach, family.reach, count)[:, None]


def _bins(data: Numbers) -> tuple[NDArray[np.float64], float]:
    """Return the centres (b,) of the bins, and their width."""
    edges = np.linspace(data.mean - 8 * data.std, data.mean + 8 * data.std, BINS + 1)
    return (edges[1:] + edges[:-1]) / 2, float(edges[1] - edges[0])


@torch.no_grad()
def _panel(networks: Networks, lineage: Lineage, data: Numbers) -> Panel:
    """Return the figures of a GAN with these networks."""
    x, width = _bins(data)
    numbers = networks["generator"](_noise(lineage, MADE))
    range_ = x[0] - width / 2, x[-1] + width / 2
    made = np.histogram(numbers.numpy(), BINS, range_)[0] / (MADE * width)
    real, judge = data.density(x), networks["discriminator"]
    judged = judge(torch.tensor(x, dtype=torch.float32)[:, None]).numpy()[:, 0].astype(np.float64)
    best, there = optimal_discriminator(real, made), real + made > SUPPORT
    of_real = torch.tensor(normal_quantiles(data.mean, data.std, MADE // 10), dtype=torch.float32)
    of_fake = judge(numbers[:: MADE // (MADE // 10)]).numpy()[:, 0]
    return Panel(
        made=made,
        judged=judged,
        moved=networks["generator"](_noise(lineage, 20)).numpy()[:, 0].astype(np.float64),
        error=float(np.abs(judged - best)[there].mean()),
        half_error=float(np.abs(0.5 - best)[there].mean()),
        to_half=float(np.abs(judged - 0.5)[there].mean()),
        value=float(value(judge(of_real[:, None]).numpy()[:, 0], of_fake)),
        divergence=float(jensen_shannon(made * width, real * width)),
        liked=float(of_fake.mean()),
    )
