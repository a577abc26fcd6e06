"""Metrics beside those of packages that gangan does not need: torchmetrics, and the authors' prdc."""

import pytest
import torch
from torch import nn

from gangan_cli.metrics import prdc as ours_of
from gangan_cli.metrics.entropy import label_scores
from gangan_cli.metrics.frechet import frechet_distance, moments
from gangan_cli.metrics.kernel import kernel_distance


class Passing(nn.Module):
    num_features = 32

    def forward(self, features):
        return features


def updated(metric, real, fake):
    """A metric of torchmetrics that has seen features of real and generated images, in float64."""
    metric.set_dtype(torch.float64)
    metric.update(torch.from_numpy(real).double(), real=True)
    metric.update(torch.from_numpy(fake).double(), real=False)
    return metric.compute()


def test_frechet_distances_are_those_of_torchmetrics(torchmetrics, features):
    real, fake = features(400), features(300, shift=0.2)
    theirs = updated(torchmetrics.fid.FrechetInceptionDistance(Passing()), real, fake)
    assert frechet_distance(moments(real), moments(fake)) == pytest.approx(theirs.item(), rel=1e-5)


@pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance`:UserWarning")
@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_kernel_distances_are_those_of_torchmetrics(torchmetrics, features, shift):
    """Where the subsets are the whole sets, and chance has no part."""
    real, fake = features(200), features(200, shift)
    metric = torchmetrics.kid.KernelInceptionDistance(Passing(), subsets=3, subset_size=200)
    theirs = updated(metric, real, fake)[0]
    ours = kernel_distance(real, fake, subsets=3, size=200)
    assert ours.distance == pytest.approx(theirs.item(), rel=1e-4, abs=1e-6)
    assert ours.std < 1e-12


@pytest.mark.filterwarnings("ignore:Metric `InceptionScore`:UserWarning", "ignore:std:UserWarning")
def test_inception_scores_are_those_of_torchmetrics(torchmetrics, random):
    logits = torch.from_numpy(3 * random.standard_normal((500, 10)))
    theirs = torchmetrics.inception.InceptionScore(nn.Identity(), splits=1)
    theirs.set_dtype(torch.float64)
    theirs.update(logits)
    scores = label_scores(logits.softmax(1).numpy())
    assert scores.inception_score == pytest.approx(theirs.compute()[0].item(), rel=1e-6)


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_precision_recall_density_and_coverage_are_those_of_their_authors(prdc, features, k, shift):
    real, fake = features(300), features(200, shift)
    theirs = prdc.compute_prdc(real, fake, nearest_k=k)
    ours = ours_of.prdc(ours_of.Manifold(real, k), ours_of.Manifold(fake, k))
    for name, value in theirs.items():
        assert getattr(ours, name) == pytest.approx(value, abs=1e-9), name
