"""The studies of Goodfellow et al. (2014), on GANs of ten seconds: what they measure, conclude and ask
for."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from gangan_cli.config import GansConfig, RunEnvironment
from gangan_cli.errors import ConfigurationError
from gangan_cli.evaluation.reference import reference_of
from gangan_cli.figures.objectives import draw_objectives
from gangan_cli.figures.parzen import draw_parzen
from gangan_cli.figures.style import Output
from gangan_cli.images.loading import load_images
from gangan_cli.metrics.parzen import SIGMAS, Parzen
from gangan_cli.studies import objectives, objectives_result, parzen, parzen_result
from gangan_cli.studies.conduct import conduct
from store import Catalog
from tests.commands import made_once
from tests.integration.populations import population

pytestmark = pytest.mark.xdist_group("evaluation")

ROWS = ",".join(f"{500 * digit}-{500 * digit + 79}" for digit in range(10))
"""800 digits of all classes."""

RUNS = {
    "k1": ("mlp", 2, "", 0),
    "k2": ("mlp", 2, "discriminator_steps=2", 20),
    "nets": ("goodfellow", 1, "generator=16,16 discriminator=6,4 pieces=2", 0),
}
"""Family, epochs, options, and steps of an epoch where these are not one pass."""


@pytest.fixture(scope="module")
def store(shared, tmp_path_factory):
    """A store with these runs, of two GANs each."""

    def make(folder):
        machine = RunEnvironment(store=folder)
        folder.mkdir()
        for name, (family, epochs, options, steps) in RUNS.items():
            config = GansConfig(
                run=name, dataset="mnist5k", examples=ROWS, family=family, family_options=options,
                gans=2, epochs=epochs, batch_size=40, keep_initial=True, epoch_steps=steps,
            )  # fmt: skip
            # Recorded as the study records them, when it times a step.
            population(config, load_images("mnist5k").part(ROWS), machine, together=False)

    folder = tmp_path_factory.mktemp("2014") / "store"
    shutil.copytree(made_once(shared / "2014", make), folder)
    return folder


def few_test_images(dataset, *_):
    reference = reference_of(dataset, None, lambda *_: None)
    images = reference.images
    few = replace(images, test=images.test[::20], test_labels=images.test_labels[::20])
    return replace(reference, images=few)


def ask(store, study, *runs):
    """Ask a study; what it measures of many images is measured of few."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objectives, "IMAGES", 100)
        patch.setattr(objectives, "SAMPLES", 100)
        patch.setattr(objectives, "JUDGED", 200)
        patch.setattr(objectives, "MARKS", (0, 10, 300))
        patch.setattr(objectives, "TIMED", 2)
        patch.setattr(objectives, "reference_of", few_test_images)
        patch.setattr(parzen, "SAMPLES", 100)
        patch.setattr(parzen, "real_images", lambda *_: few_test_images("mnist5k").images)
        return conduct(Catalog(store), study, runs, None, lambda *_: None, pytest.fail)


@pytest.fixture(scope="module")
def asked(store):
    """The answer of the study of objectives about the runs of mlp; asked for once."""
    return ask(store, "objectives", "k1", "k2")


def test_gradients_starve_as_the_paper_says(asked):
    starved = asked.found.starved
    assert [one.epoch for one in starved] == [0, 0]
    for one in starved:
        judged = np.array(one.judged)
        assert one.certainties[-1] > 0.99 > one.certainties[1]
        assert (np.diff(judged) < 0).all()
        # Image by image the ratio is (1 - D) / D; of a mean over images it is near that of the mean.
        np.testing.assert_allclose(one.ratios, (1 - judged) / judged, rtol=0.5)
        assert one.ratio_when(one.certainties) == one.ratios[2] > 50
    first, *_ = asked.answer.findings
    assert (first.claim, first.n) == ("C3.2", 2)


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [([90, 110, 100], "holds"), ([20, 22, 21], "does not hold"), ([20, 900, 100], "undecided"),
     ([100], "undecided")],
)  # fmt: skip
def test_the_minimax_gradient_must_be_fifty_times_as_short(asked, ratios, verdict):
    starved = [
        objectives_result.StarvedGenerator(
            gan, 0, [0, 9], [0.5, 0.995], [0.5, 0.995], [0.5, 0.01],
            {"minimax": [1.0, 1.0], "nonsaturating": [1.0, float(ratio)]},
        )
        for gan, ratio in enumerate(ratios)
    ]  # fmt: skip
    first, *_ = objectives_result.findings(replace(asked.found, starved=starved))
    assert (first.claim, first.verdict, first.n) == ("C3.2", verdict, len(ratios))


def test_runs_stand_beside_each_other_after_as_many_generator_steps(asked):
    k1, k2 = asked.found.arms
    assert [arm.discriminator_steps for arm in (k1, k2)] == [1, 2]
    assert k1.gans[0].steps == k2.gans[0].steps == [20, 40]
    for arm in asked.found.arms:
        for gan in arm.gans:
            assert len(gan.frechet) == len(gan.advantage) == len(gan.gap) == len(gan.steps)
            assert gan.likelihood.samples == 100
            assert all(0.3 < share < 0.9 for share in gan.advantage)
        assert arm.seconds.per_step > 0
    assert [finding.claim for finding in asked.answer.findings] == ["C3.2", "C3.3"]


def made_up(k, seconds, advantage, loss="nonsaturating", steps=40):
    likelihood = Parzen(100.0, 1.0, 0.2, 100)
    gans = [
        objectives_result.GanProgress(gan, [steps], [300.0 - gan], [value], [0.1], likelihood)
        for gan, value in enumerate(advantage)
    ]
    seconds = objectives_result.Seconds(seconds)
    return objectives_result.Arm(f"k{k}", "mlp", "mnist", loss, k, 0, 800, seconds, gans)


@pytest.mark.parametrize(
    ("few", "many", "verdict"),
    [
        ((1, 1.0, [0.50, 0.51, 0.50]), (20, 9.0, [0.80, 0.82, 0.81]), "holds"),
        (
            (1, 1.0, [0.50, 0.51, 0.50]),
            (20, 9.0, [0.50, 0.51, 0.50]),
            "does not hold",
        ),  # remembers as much
        ((1, 1.0, [0.50, 0.51, 0.50]), (20, 1.5, [0.80, 0.82, 0.81]), "does not hold"),  # costs little
        ((1, 1.0, [0.50, 0.51, 0.50]), (20, 9.0, [0.30, 0.90, 0.60]), "undecided"),
    ],
)
def test_many_steps_must_cost_and_overfit(asked, few, many, verdict):
    found = replace(asked.found, arms=[made_up(*many), made_up(*few)])
    *_, last = objectives_result.findings(found)
    assert (last.claim, last.verdict, last.n) == ("C3.3", verdict, 3)


@pytest.mark.parametrize(
    ("distances", "verdict"),
    [([400.0, 401.0, 402.0], "holds"), ([250.0, 251.0, 249.0], "does not hold"),
     ([320.0, 280.0, 300.0], "undecided")],
)  # fmt: skip
def test_the_minimax_objective_is_worse_if_its_gans_are(asked, distances, verdict):
    plain, minimax = made_up(1, 1.0, [0.5] * 3), made_up(1, 1.0, [0.5] * 3, loss="minimax")
    gans = [replace(gan, frechet=[at]) for gan, at in zip(minimax.gans, distances, strict=True)]
    found = replace(asked.found, arms=[plain, replace(minimax, gans=gans)])
    assert objectives_result.findings(found)[1].verdict == verdict


def test_runs_of_other_lengths_or_seeds_are_not_compared(asked):
    few, many = made_up(1, 1.0, [0.5, 0.5]), made_up(20, 9.0, [0.8, 0.8])
    longer = made_up(20, 9.0, [0.8, 0.8], steps=60)
    for other in (longer, replace(many, seed=1), replace(many, images=900)):
        found = replace(asked.found, arms=[few, other])
        assert [one.claim for one in objectives_result.findings(found)] == ["C3.2"]


def test_the_figure_and_the_tables_show_all_runs(asked, tmp_path):
    [path] = draw_objectives(asked.found, Output(tmp_path, ["png"], 60, 0))
    assert path.stat().st_size > 10_000
    gradients, beside = objectives.ObjectivesStudy().tables(asked.found)
    assert [row[0] for row in gradients.rows] == ["0", "10", "300"]
    assert [row[0] for row in beside.rows] == ["k1", "k2"]


@pytest.fixture(scope="module")
def likely(store):
    """The answer of the study of Parzen windows about two runs."""
    return ask(store, "parzen", "nets", "k1")


def test_log_likelihoods_are_measured_before_and_after_training(likely):
    nets, plain = likely.found.runs
    assert [run.family for run in (nets, plain)] == ["goodfellow", "mlp"]
    for one in (*nets.gans, *plain.gans):
        assert one.trained.samples == one.untrained.samples == 100
        assert one.trained.sigma in SIGMAS
    # An untrained generator of 2014 makes mean images, one of Suarez's grey noise.
    assert nets.untrained[0].log_likelihood > plain.untrained[0].log_likelihood + 100
    real, mean = (likely.found.others[name] for name in (parzen_result.TRAINING, parzen_result.MEAN))
    assert (real.samples, mean.samples) == (100, 1)
    assert real.log_likelihood > max(nets.trained.max(), mean.log_likelihood)


def test_pictures_have_the_training_image_that_is_nearest(likely):
    pictures = likely.found.pictures
    assert pictures.samples.shape == (6, 5, 784) and pictures.between.shape == (3, 11, 784)
    train = load_images("mnist5k").part(ROWS).pixels.astype(float)
    for sample, image, distance in zip(
        pictures.samples[:, -1], pictures.nearest, pictures.distances, strict=True
    ):
        direct = np.linalg.norm(train - sample, axis=1) / 255
        assert distance == pytest.approx(direct.min())
        assert np.array_equal(image, train[direct.argmin()])


def test_the_published_table_stands_above_ours(likely, tmp_path):
    [table] = parzen.ParzenStudy().tables(likely.found)
    assert table.rows[3] == ["adversarial nets", "", "10,000", "", "225 ± 2", "2057 ± 26"]
    assert "not run" in table.title
    assert len(table.rows) == 4 + 2 * 2 * 2 + 3
    [path] = draw_parzen(likely.found, Output(tmp_path, ["png"], 60, 0))
    assert path.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("values", "epochs", "verdict"),
    [
        ([224.0, 226.0, 225.0], 250, "holds"),
        ([214.0, 216.0, 215.0], 250, "does not hold"),
        ([214.0, 216.0, 215.0], 50, "undecided"),  # not the whole of the training
        ([224.0, 226.0, 225.0], 50, "holds"),
        ([200.0, 240.0, 225.0], 250, "undecided"),
        ([225.0], 250, "undecided"),  # one net says nothing of others
    ],
)
def test_what_is_concluded_of_the_published_figure(likely, values, epochs, verdict):
    gans = [
        parzen_result.GanLikelihood(gan, epochs, Parzen(value, 2.0, 0.2, 10_000), None)
        for gan, value in enumerate(values)
    ]
    run = parzen_result.RunLikelihood("goodfellow", "goodfellow", epochs, 0, gans)
    first, *_ = parzen_result.findings(replace(likely.found, runs=[run]))
    assert (first.claim, first.verdict, first.n) == ("C3.1", verdict, len(values))


def test_runs_that_lack_what_is_needed_are_told_with_a_command(store, trained):
    for folder, study, run, said in (
        (store, "objectives", "nets", "has no discriminator steps to choose.*--family mlp"),
        (trained, "objectives", "a", "on all images of its dataset.*--examples 0-49999"),
        (trained, "objectives", "g", "has no discriminator steps"),
        (trained, "parzen", "g", "no GANs of grey images of 28 × 28 pixels.*mnist5k"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            ask(folder, study, run)
