"""Metrics beside those of packages that gangan does not need: torchmetrics, torch-fidelity, the authors'
prdc, and parts of scipy.

A package that is missing is an error: a test that is skipped compares nothing.
"""

import numpy as np
import prdc as authors
import pytest
import torch
import torch_fidelity.metric_fid
import torch_fidelity.metric_kid
import torch_fidelity.metric_prc
import torchmetrics.image.fid
import torchmetrics.image.inception
import torchmetrics.image.kid
from scipy import linalg, optimize
from torch import nn

from gangan_cli.evaluation.reference import reference_of
from gangan_cli.metrics import prdc as ours_of
from gangan_cli.metrics.entropy import label_scores
from gangan_cli.metrics.frechet import frechet_distance, moments
from gangan_cli.metrics.kernel import kernel_distance
from gangan_cli.metrics.mind import Projections, directions


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


@pytest.fixture(scope="module")
def judged():
    """The judge's features of 1,500 test images, and of as many real ones with noise."""
    reference = reference_of("mnist", None, lambda *_: None)
    noise = np.random.default_rng(0).normal(0, 40, (1500, 784))
    pixels = (reference.images.real[:1500] + noise).clip(0, 255).astype(np.uint8)
    return reference.some(1500), reference.judge.judged(pixels)[0]


def test_frechet_distances_are_those_of_torchmetrics(features):
    real, fake = features(400), features(300, shift=0.2)
    theirs = updated(torchmetrics.image.fid.FrechetInceptionDistance(Passing()), real, fake)
    assert frechet_distance(moments(real), moments(fake)) == pytest.approx(theirs.item(), rel=1e-5)


@pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance`:UserWarning")
@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_kernel_distances_are_those_of_torchmetrics(features, shift):
    """Where the subsets are the whole sets, and chance has no part."""
    real, fake = features(200), features(200, shift)
    metric = torchmetrics.image.kid.KernelInceptionDistance(Passing(), subsets=3, subset_size=200)
    theirs = updated(metric, real, fake)[0]
    ours = kernel_distance(real, fake, subsets=3, size=200)
    assert ours.distance == pytest.approx(theirs.item(), rel=1e-4, abs=1e-6)
    assert ours.std < 1e-12


@pytest.mark.filterwarnings("ignore:Metric `InceptionScore`:UserWarning", "ignore:std:UserWarning")
def test_inception_scores_are_those_of_torchmetrics(random):
    logits = torch.from_numpy(3 * random.standard_normal((500, 10)))
    theirs = torchmetrics.image.inception.InceptionScore(nn.Identity(), splits=1)
    theirs.set_dtype(torch.float64)
    theirs.update(logits)
    scores = label_scores(logits.softmax(1).numpy())
    assert scores.inception_score == pytest.approx(theirs.compute()[0].item(), rel=1e-6)


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_precision_recall_density_and_coverage_are_those_of_their_authors(features, k, shift):
    real, fake = features(300), features(200, shift)
    theirs = authors.compute_prdc(real, fake, nearest_k=k)
    ours = ours_of.prdc(ours_of.Manifold(real, k), ours_of.Manifold(fake, k))
    for name, value in theirs.items():
        assert getattr(ours, name) == pytest.approx(value, abs=1e-9), name


@pytest.mark.parametrize("k", [3, 5])
@pytest.mark.parametrize("in_parts", [False, True])
def test_precision_and_recall_are_those_of_torch_fidelity(judged, k, in_parts):
    """It counts generated images first, and whatever lies on a radius as inside."""
    real, fake = judged
    theirs = torch_fidelity.metric_prc.prc_features_to_metric(
        torch.from_numpy(fake).double(),
        torch.from_numpy(real).double(),
        prc_neighborhood=k,
        prc_batch_size=400,
        save_cpu_ram=in_parts,
        verbose=False,
    )
    ours = ours_of.prdc(ours_of.Manifold(real, k), ours_of.Manifold(fake, k))
    assert 0.05 < ours.precision < 0.95 and 0.05 < ours.recall < 0.95
    for name in ("precision", "recall"):
        assert abs(getattr(ours, name) - theirs[name]) <= 1 / 1500 + 1e-9, name


def test_precision_recall_density_and_coverage_of_digits_are_those_of_their_authors(judged):
    theirs = authors.compute_prdc(*judged, nearest_k=5)
    ours = ours_of.prdc(*(ours_of.Manifold(part) for part in judged))
    for name, value in theirs.items():
        assert getattr(ours, name) == pytest.approx(value, abs=1 / 1500), name


@pytest.mark.filterwarnings("ignore:Matrix is")  # class probabilities add up to 1
def test_frechet_distances_of_digits_are_those_of_torch_fidelity_and_of_scipy(judged):
    ours = frechet_distance(*map(moments, judged))
    statistics = [
        torch_fidelity.metric_fid.fid_features_to_statistics(torch.from_numpy(part).double())
        for part in judged
    ]
    theirs = torch_fidelity.metric_fid.fid_statistics_to_metric(*statistics, verbose=False)
    assert ours == pytest.approx(theirs["frechet_inception_distance"], rel=1e-6)
    (mean, covariance), (other, other_covariance) = (
        (part.mean(axis=0, dtype=np.float64), np.cov(part, rowvar=False, dtype=np.float64))
        for part in judged
    )
    root = linalg.sqrtm(covariance @ other_covariance).real
    direct = np.square(mean - other).sum() + np.trace(covariance + other_covariance - 2 * root)
    assert ours == pytest.approx(direct, rel=1e-6)


def test_kernel_distances_of_digits_are_those_of_torch_fidelity(judged):
    """Where the subsets are the whole sets, and chance has no part."""
    theirs = torch_fidelity.metric_kid.kid_features_to_metric(
        *(torch.from_numpy(part).double() for part in judged),
        kid_subsets=2,
        kid_subset_size=1500,
        kid_kernel="poly",
        kid_kernel_poly_degree=3,
        kid_kernel_poly_gamma=None,
        kid_kernel_poly_coef0=1,
        rng_seed=0,
        verbose=False,
    )
    ours = kernel_distance(*judged, subsets=2, size=1500)
    assert ours.distance == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-5)


def test_mind_averages_the_costs_of_the_cheapest_assignments(judged):
    """The squared 2-Wasserstein distance of two sets on a line is that of scipy's assignment."""
    real, fake = (part[:150] for part in judged)
    costs = []
    for one in directions(real.shape[1]):
        apart = np.subtract.outer(real @ one, fake @ one) ** 2
        costs.append(apart[optimize.linear_sum_assignment(apart)].mean())
    theirs = 3 * real.shape[1] * np.mean(costs)
    assert Projections(real).mind(Projections(fake)) == pytest.approx(theirs, rel=1e-5)
