"""Figures of what evaluations and audits found."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gangan_cli.audit.auditor import concluded
from gangan_cli.audit.records import document_of
from gangan_cli.audit.score_history import ScoreHistory
from gangan_cli.figures.audit import draw_audit
from gangan_cli.figures.entropies import draw_entropies
from gangan_cli.figures.export import _scores_along, export_figures
from gangan_cli.figures.scores import draw_gangan_scores, draw_scores
from gangan_cli.figures.style import Output
from gangan_cli.records import Subject, comparable
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.sampling.walks import points_along
from store import Catalog
from tests.runs import numbers, run_of
from tests.unit.audit.made_up import JUDGE, STEP, a_concluded_audit, an_audit, frechet_at
from tests.unit.figures.made_up import a_population, an_evaluated, documents, drawn_gans


@pytest.fixture
def run(tmp_path):
    with run_of(tmp_path / "r", numbers(0, 3, 4)) as run:
        yield run


@pytest.fixture
def output(tmp_path):
    return Output(tmp_path / "out", ("png",), 60, 0)


def keeping(folder, found):
    """A run that keeps results."""
    run_of(folder, numbers(0, 3, 4)).close()
    run = Catalog(folder.parent).open(folder.name, write=True)
    run.add_results(found)
    return run


def facts(paths):
    [path] = paths
    with Image.open(path) as picture:
        assert np.asarray(picture.convert("L")).std() > 1
    return json.loads(path.with_suffix(".json").read_text(), parse_constant=pytest.fail)


class TestHistory:
    def test_it_is_of_those_that_one_judge_saw_on_as_many_images(self, tmp_path):
        found = documents(a_population(2, [1, 2, 3]) + a_population(2, [3, 4], samples=500))
        with keeping(tmp_path / "r", found) as run:
            history = ScoreHistory.read(run)
        assert (history.judge, history.samples, history.floor) == (JUDGE, 2000, 6.3)
        assert history.keys.tolist() == [[0, 1], [0, 2], [0, 3], [1, 1], [1, 2], [1, 3]]
        assert history.frechet.tolist() == [frechet_at(*key) for key in history.keys.tolist()]
        epochs, median = history.median
        assert epochs.tolist() == [1, 2, 3]
        assert median[1] == pytest.approx((frechet_at(0, 2) + frechet_at(1, 2)) / 2)

    def test_the_median_is_where_half_of_the_gans_are_known(self, tmp_path):
        found = [*a_population(4, [1]), an_evaluated(Subject(0, 2))]
        with keeping(tmp_path / "r", documents(found)) as run:
            assert ScoreHistory.read(run).median[0].tolist() == [1]

    def test_nothing_is_known_without_results(self, run):
        assert ScoreHistory.read(run) is None
        assert comparable([]) == []

    def test_what_a_gangan_drew_is_no_snapshot(self, tmp_path):
        with keeping(tmp_path / "r", documents(drawn_gans(3))) as run:
            assert ScoreHistory.read(run) is None

    def test_samples_are_held_against_the_same_judge_and_count(self, tmp_path):
        audit = an_audit(gans=2, epochs=5)
        found = a_population(2, [1, 5]) + a_population(2, range(1, 6), judge="another")
        with keeping(tmp_path / "r", documents(found)) as parent:
            assert ScoreHistory.beside(audit, parent).keys.tolist() == [[0, 1], [0, 5], [1, 1], [1, 5]]

    def test_or_else_against_the_snapshots_in_the_audit(self, run):
        audit = an_audit(gans=2, epochs=5)
        history = ScoreHistory.beside(audit, run)
        assert len(history.keys) == 10
        assert history.floor == audit.real
        near = audit.generator.keys[0].tolist()
        of_nearest = audit.generator.nearest_frechet["whole"][0]
        assert history.frechet[history.keys.tolist().index(near)] == pytest.approx(of_nearest)


class TestScores:
    @pytest.mark.parametrize(
        "found",
        [a_population(8, range(1, 101)), a_population(3, [9]), a_population(1, [1])[1:]],
        ids=["many", "one epoch", "one snapshot, no real images"],
    )
    def test_every_snapshot_is_drawn(self, tmp_path, output, found):
        with keeping(tmp_path / "r", documents(found)) as run:
            told = facts(draw_scores(run, ScoreHistory.read(run), output))
        snapshots = [one for one in found if one.subject.gan is not None]
        assert (told["judge"], told["samples"]) == (JUDGE, 2000)
        assert told["keys"] == [[one.subject.gan, one.subject.epoch] for one in snapshots]
        assert told["frechet"] == [one.scored.values["frechet"] for one in snapshots]
        assert told["floor"] == (6.3 if len(snapshots) < len(found) else None)

    @pytest.mark.parametrize("steps", [2.4, 20])
    def test_what_a_gangan_drew_is_over_its_parents(self, run, output, steps):
        audit = an_audit(steps=steps)
        told = facts(draw_gangan_scores(run, run, audit, ScoreHistory.beside(audit, run), output))
        assert (told["gan"], told["epoch"]) == (0, 500)
        assert told["drawn"]["nearest"] == audit.generator.keys[:64].tolist()
        assert told["drawn"]["frechet"] == audit.generator.frechet.tolist()
        assert told["drawn"]["far"] == (audit.generator.near["weights"].distances >= 3 * STEP).tolist()
        assert all(told["drawn"]["far"]) == (steps == 20)


class TestAudit:
    @pytest.fixture(autouse=True)
    def any_place(self, monkeypatch):
        """Where labels hide least is looked for elsewhere (tests/unit/figures/test_labels.py)."""
        monkeypatch.setattr("gangan_cli.figures.labels.STARTS", 1)

    @pytest.mark.parametrize(
        "changes",
        [
            {"held_out": 4},
            {"gans": 1, "steps": 20, "worse": 3.6},
            {"condition": "epoch", "components": False},
            {"condition": "score", "gans": 35},
            {"count": 3, "places": 3, "gans": 2, "epochs": 2, "steps": 0.6},
        ],
        ids=["GANs held out", "far, of one GAN", "asked for epochs", "asked for scores", "small"],
    )
    def test_the_page_says_what_was_found(self, run, output, changes):
        audit = an_audit(**changes)
        shown = {"gangan", "snapshot", "pca_kernels", "trained_anew", "retrieval"}
        audit = concluded(replace(audit, samplers=[one for one in audit.samplers if one.id in shown]))
        told = facts(draw_audit(run, audit, output))
        assert (told["judge"], told["samples"], told["count"]) == (JUDGE, 2000, audit.options.count)
        assert told["keys"] == audit.generator.keys[: audit.options.count].tolist()
        assert [one["id"] for one in told["samplers"].values()] == [one.id for one in audit.samplers]
        assert told["samplers"]["the GAN-GAN"]["frechet"][1] == np.median(audit.generator.frechet)
        assert [one["id"] for one in told["claims"]] == [one.id for one in audit.claims]
        assert (told["between_gans"] is None) == (changes.get("gans") == 1)
        assert ("trained_anew" in told["novelty"]) == ("held_out" in changes)


class TestEntropies:
    def test_nothing_is_drawn_when_nothing_was_judged(self, run, output):
        assert draw_entropies(run, [], output) == []
        assert draw_entropies(run, [an_evaluated(Subject())], output) == []
        assert not output.folder.exists()

    def test_at_most_eight_gans_each_at_its_last_epoch(self, run, output):
        found = a_population(35, [1, 100])
        told = facts(draw_entropies(run, found, output))
        assert told["keys"] == [[gan, 100] for gan in (0, 5, 10, 15, 19, 24, 29, 34)]
        assert told["left_out"] == 62
        assert (told["judge"], told["samples"]) == (JUDGE, 2000)
        assert told["real"]["mean"] == found[0].scored.values["entropy"]
        assert told["entropies"][0]["histogram"] == found[2].scored.entropies

    def test_a_single_gan_at_all_its_epochs(self, run, output):
        told = facts(draw_entropies(run, a_population(1, [1, 10, 50]), output))
        assert told["keys"] == [[0, 1], [0, 10], [0, 50]]
        assert told["left_out"] == 0

    def test_what_a_gangan_drew(self, run, output):
        told = facts(draw_entropies(run, drawn_gans(2), output))
        assert told["keys"] == [[0, 500], [0, 500]]
        assert told["drawn"] == [0, 1]

    def test_one_result_alone(self, run, output):
        told = facts(draw_entropies(run, a_population(1, [1])[1:], output))
        assert told["real"] is None


@pytest.mark.xdist_group("exported")
class TestExport:
    @pytest.fixture(scope="class")
    def known(self, trained, tmp_path_factory):
        """The figures of runs that keep results, by run, and where they are."""
        folder = tmp_path_factory.mktemp("known")
        shutil.copytree(trained, folder / "store")
        catalog = Catalog(folder / "store")
        with catalog.open("a", write=True) as run:
            run.add_results(documents(a_population(2, [1, 2, 3])))
        audit = a_concluded_audit(gans=2, epochs=3, epoch=8)
        with Lineage.open(catalog, "g") as lineage:
            places, _, words = points_along(lineage, 32, 0, 8, 0)
        audit = replace(audit, walk=replace(audit.walk, positions=places, words=words))
        with catalog.open("g", write=True) as run:
            run.add_results({"audit/0/8": document_of(audit), **documents(drawn_gans(2, epoch=8))})
        output = Output(folder / "out", ("png",), 60, 0)
        return (
            audit,
            folder / "out",
            {name: list(export_figures(catalog, name, output)) for name in "ag"},
        )

    def test_figures_are_drawn_of_what_is_known(self, known):
        _, _, made = known
        kinds = {name: {figure for figure, _ in paths} for name, paths in made.items()}
        assert kinds["a"] == {"samples", "training", "losses", "lineage", "scores", "entropies"}
        walks = {"walk", "walk-animation", "samples", "losses", "lineage"}
        assert kinds["g"] == walks | {"scores", "audit", "entropies"}
        assert all(path.stat().st_size > 500 for paths in made.values() for _, path in paths)

    def test_a_walk_along_the_audits_axis_shows_its_scores(self, known):
        audit, out, _ = known
        walk = json.loads((out / "g" / "walk.json").read_text())
        assert walk["frechet"] == audit.walk.frechet.tolist()
        assert "frechet" not in json.loads((out / "g" / "samples.json").read_text())

    def test_a_walk_elsewhere_does_not(self, known):
        audit, _, _ = known
        along = SimpleNamespace(positions=audit.walk.positions, axis=audit.walk.words, seed=0)
        assert _scores_along(along, audit) is audit.walk.frechet
        assert _scores_along(along, None) is None
        for changes in (
            {"seed": 1},
            {"positions": along.positions[1:]},
            {"positions": None},
            {"axis": "another axis"},
        ):
            elsewhere = SimpleNamespace(**{**vars(along), **changes})
            assert _scores_along(elsewhere, audit) is None, changes
