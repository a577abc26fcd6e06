"""The studies of GANs of numbers, of runs that were trained."""

import numpy as np
import pytest

from gangan_cli.figures.gaussian import draw_gaussian
from gangan_cli.figures.optimum import draw_optimum
from gangan_cli.figures.style import Output
from gangan_cli.metrics.normal import normal_quantiles
from gangan_cli.sampling.densities import DRAWN, generated_numbers
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.studies import optimum
from gangan_cli.studies.conduct import conduct
from store import Catalog
from tests.commands import gangan

pytestmark = pytest.mark.xdist_group("numbers")

TWO = ["train-gans", "--run", "o", "--family", "gaussian", "--dataset", "normal:0,1,1000", "--gans", 2,
       "--epochs", 2, "--epoch-steps", 50, "--family-option", "discriminator=32,32",
       "--family-option", "normal_init=false"]  # fmt: skip


def ask(study, store, *runs):
    return conduct(Catalog(store), study, runs, None, lambda *_: None, lambda said: None)


@pytest.fixture(scope="module")
def store(tmp_path_factory, numbers_store):
    folder = tmp_path_factory.mktemp("studies")
    for name in ("n", "over"):
        (folder / name).symlink_to(numbers_store / name)
    result = gangan(*TWO, "--store", folder)
    assert result.code == 0, result.err
    return folder


def test_arms_are_measured_at_their_last_epoch(store, tmp_path):
    found = ask("gaussian", store, "o", "n").found
    native, shared = found.arms
    assert (native.title, shared.title) == ("native, redrawn", "shared, minibatch disc., redrawn")
    assert (native.steps, len(native.means), len(shared.means)) == (100, 2, 60)
    with Lineage.open(Catalog(store), "o") as lineage:
        vectors, _ = lineage.top.matrix(np.array([(0, 2), (1, 2)]))
        numbers = generated_numbers(lineage, vectors, DRAWN, 0)
    np.testing.assert_allclose(native.means, numbers.mean(axis=1), rtol=1e-5)
    outside = [np.mean(np.abs(of_gan) > 4) for of_gan in numbers]
    np.testing.assert_allclose(native.outside, outside)
    distance = np.abs(np.sort(numbers[0]) - normal_quantiles(0, 1, DRAWN)).mean()
    assert native.distances[0] == pytest.approx(distance, rel=1e-5)
    (path,) = draw_gaussian(found, Output(tmp_path, ["png"], 40, 0))
    assert path.stat().st_size > 5000


def test_a_discriminator_that_is_trained_alone_reaches_its_optimum(store, tmp_path, monkeypatch):
    monkeypatch.setattr(optimum, "D_UPDATES", 500)  # enough for such networks
    found = ask("optimum", store, "o").found
    assert found.of("b", "error").max() < 0.05 < found.of("a", "error").min()
    assert (found.of("c", "liked") > found.of("b", "liked")).all()
    for gan in found.gans:  # V at the optimum is the divergence (Goodfellow et al. 2014, theorem 1)
        assert gan.b.value == pytest.approx(-np.log(4) + 2 * gan.b.divergence, abs=0.03)
    (path,) = draw_optimum(found, Output(tmp_path, ["png"], 40, 0))
    assert path.stat().st_size > 5000


@pytest.mark.parametrize(
    ("study", "run", "said"),
    [
        ("gaussian", "over", "not of GANs of numbers"),
        ("optimum", "n", "give one without (--family-option minibatch=false)"),
    ],
)
def test_other_runs_are_refused_with_what_helps(store, study, run, said):
    result = gangan("study", study, run, "--store", store)
    assert result.code == 2 and said in result.err
