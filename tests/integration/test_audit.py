"""The audit of a small GAN-GAN: measured, kept, shown."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from gangan_cli.audit.alignment_report import AlignmentReport, Shift
from gangan_cli.audit.audit import AVERAGES, PROJECTED, SNAPSHOT, check
from gangan_cli.audit.benchmark import GANGAN, OF_EACH, Bench, HeldOut, Options
from gangan_cli.audit.claims import covered, matched
from gangan_cli.audit.records import AuditRequest, audit_of, audited, document_of, known_audit
from gangan_cli.cli.audit import _show
from gangan_cli.config import GanGanConfig, RunEnvironment
from gangan_cli.errors import ConfigurationError
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.training.gangan import train_gangan
from gangan_cli.weightspace.baselines import BASELINES
from store import Catalog
from tests.integration.populations import only_the_judge
from tests.unit.audit.made_up import made_up

pytestmark = pytest.mark.xdist_group("audit")

SMALL = Options(count=3, images=100, points=3)


def silent(*_: object) -> None:
    pass


@pytest.fixture(autouse=True)
def once(monkeypatch):
    """The best of a sampler is judged on 100 fresh images, not on 500."""
    monkeypatch.setattr("gangan_cli.audit.benchmark.AGAIN", 1)


@pytest.fixture(scope="module")
def catalog(audited_store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("audited") / "store"
    shutil.copytree(audited_store, folder)
    return Catalog(folder)


@pytest.fixture(scope="module")
def done(catalog):
    (audit,) = audited(catalog, "g", AuditRequest(options=SMALL), None, silent, only_the_judge)
    return audit


def test_every_sampler_is_measured_in_the_same_way(done):
    assert (done.run, done.gan, done.epoch) == ("g", 0, 8)
    ids = [row.id for row in done.rows]
    assert ids[0] == GANGAN and {SNAPSHOT, *AVERAGES, "pca_kernels"} < set(ids)
    drawn = OF_EACH * 6  # snapshots
    for row in done.rows:
        assert row.frechet.shape == row.pictures.shape == (3,)
        assert row.keys.shape == (drawn, 2) and row.distances.shape == row.residuals.shape == (drawn,)
        assert (row.residuals <= row.distances + 1e-3).all()
        assert np.isfinite(row.best) and np.isnan(row.best_error)  # 500 images are too few for one
        assert row.inside.distances.shape == (drawn,)
        # Seen from within their space nothing is farther off.
        assert (row.inside.distances <= row.distances + 1e-2).all()
    assert done.matched.shape == (3,) and done.axis.frechet.shape == (3,)
    assert done.floor < done.row(SNAPSHOT).frechet.min()


def test_copies_are_known_as_copies(done):
    copies = done.row(SNAPSHOT)
    assert copies.distances.max() < 0.05 and copies.pictures.max() < 1e-3
    assert max(copies.layers.values()) < 1e-3
    assert covered(done, copies) == (1.0, 1.0)
    within = done.row(PROJECTED)
    assert within.inside.distances.max() < 0.05 and done.inside.spacing <= 1.001 * done.spacing
    lines = done.row("interpolation_between_gans")
    assert lines.residuals.max() < 0.05 < np.median(lines.distances)


def test_an_audit_is_kept_and_read_again(catalog, done, monkeypatch):
    monkeypatch.setattr("gangan_cli.audit.records.audits", lambda *_: pytest.fail("done again"))
    (again,) = audited(catalog, "g", AuditRequest(options=SMALL), None, silent, only_the_judge)
    assert json.dumps(document_of(again)) == json.dumps(document_of(done))
    with catalog.open("g") as run:
        assert known_audit(run, 0, 8).options == SMALL
        assert known_audit(run, 0, 7) is None


def test_an_audit_that_an_earlier_version_kept_is_done_again(catalog, done, monkeypatch):
    monkeypatch.setattr("gangan_cli.audit.records.VERSION", 1_000)
    with catalog.open("g") as run:
        assert known_audit(run, 0, 8) is None
    again = [made_up(epoch=99, doubt="the judge is weak")]
    monkeypatch.setattr("gangan_cli.audit.records.audits", lambda *_: iter(again))
    said = []
    assert audited(catalog, "g", AuditRequest(options=SMALL), None, silent, said.append) == again
    assert said == ["the judge is weak"]


def test_another_snapshot_is_held_against_the_same_samplers(catalog, done, monkeypatch):
    monkeypatch.setattr(
        "gangan_cli.sampling.weight_samplers.applicable", lambda *_: pytest.fail("measured again")
    )
    request = AuditRequest(epochs="7-8", options=SMALL)
    seventh, eighth = audited(catalog, "g", request, None, silent, only_the_judge)
    assert (seventh.epoch, eighth.epoch) == (7, 8)
    assert json.dumps(document_of(eighth)) == json.dumps(document_of(done))
    for row, other in zip(seventh.rows[1:], eighth.rows[1:], strict=True):
        assert row.id == other.id and row.frechet.tolist() == other.frechet.tolist()
    assert seventh.row(GANGAN).frechet.tolist() != eighth.row(GANGAN).frechet.tolist()


def test_what_cannot_be_audited_is_refused(catalog):
    with Lineage.open(catalog, "a") as lineage, pytest.raises(ConfigurationError, match="on images"):
        check(lineage, SMALL)
    with Lineage.open(catalog, "g") as lineage, pytest.raises(ConfigurationError, match="count is 1"):
        check(lineage, Options(count=1))
    with pytest.raises(ConfigurationError, match="no snapshot of epoch 99: the run has 1-8"):
        audited(catalog, "g", AuditRequest(epochs="99", options=SMALL), None, silent, only_the_judge)


def test_images_that_are_not_those_learnt_from_are_warned_of(catalog, monkeypatch):
    monkeypatch.setattr("gangan_cli.audit.records.audits", lambda *_: iter(()))
    said = []
    for dataset in ("mnist5k", "kmnist"):
        request = AuditRequest(options=dataclasses.replace(SMALL, dataset=dataset))
        audited(catalog, "g", request, None, silent, said.append)
    assert said == ["g was trained on mnist5k, and is compared with kmnist"]


def test_a_gangan_over_some_gans_is_held_against_the_others(catalog):
    config = GanGanConfig(
        on="a", run="some", gans="0", epochs=1, batch_size=2, components=2, family_options="templates=0"
    )
    train_gangan(config, RunEnvironment(store=catalog.root, workers=1))
    with catalog.open("a") as population, Lineage.open(catalog, "some") as lineage:
        bench = Bench.open(lineage, SMALL, None, silent)
        found = bench.held_out(0, 1)
        vectors, keys = population.matrix()
        made = lineage.sample_weights(lineage.sample_latents(bench.drawn, 0)[:5], 0, 1)
    assert found.gans == [1] and found.keys.shape == (OF_EACH * 3, 2)
    unseen = keys[:, 0] > 0
    apart = np.linalg.norm(made[:, None] - vectors[unseen], axis=2)
    assert found.keys[:5].tolist() == keys[unseen][apart.argmin(axis=1)].tolist()
    np.testing.assert_allclose(found.distances[:5], apart.min(axis=1), rtol=1e-3)


def test_a_gangan_over_all_gans_leaves_none_out(done):
    assert done.held_out is None


def test_claims_that_only_some_audits_make_are_counted_over_these(capsys):
    held_out = HeldOut([10, 11], np.array([(10, 3)] * 100), np.full(100, 8.0))
    _show([made_up(), made_up(gan=1), made_up(gan=2, held_out=held_out)])
    lines = capsys.readouterr().out.splitlines()
    (of_some,) = [line for line in lines if "held out" in line]
    (of_all,) = [line for line in lines if "samples lie near" in line]
    assert of_some.split()[-6:] == ["0", "0", "1", "0.50", "0.50", "0.50"]
    assert of_all.split()[-6:-3] == ["3", "0", "0"]


@pytest.mark.parametrize("across", [60.0, float("nan")])
def test_documents_survive_json(across):
    held_out = HeldOut([10, 11], np.array([(10, 3)] * 100), np.full(100, 8.0))
    aligned = AlignmentReport(
        "full", Shift(3, 2, 5, 4), {"generator.out": Shift(2, 1, 1, 1)}, 1e-6, 1e-7
    )
    audit = made_up(
        asked=np.ones(50), condition="score", across=across, held_out=held_out, aligned=aligned
    )
    document = json.loads(json.dumps(document_of(audit), allow_nan=False))
    assert document_of(audit_of(document)) == document_of(audit)
    assert matched(audit_of(document)) == matched(audit)
    assert audit_of(document).aligned == aligned


def test_of_aligned_gans_it_is_said_how_far_that_brought_them(catalog, monkeypatch, capsys):
    config = GanGanConfig(
        on="a",
        run="framed",
        align="full",
        epochs=1,
        batch_size=2,
        components=2,
        family_options="templates=0",
    )
    train_gangan(config, RunEnvironment(store=catalog.root, workers=1))
    few = [(id, BASELINES[id].draw) for id in (SNAPSHOT, *AVERAGES)]
    monkeypatch.setattr("gangan_cli.sampling.weight_samplers.applicable", lambda pool: few)
    (found,) = audited(catalog, "framed", AuditRequest(options=SMALL), None, silent, only_the_judge)
    assert 0 < found.aligned.whole.after < found.aligned.whole.before
    _show([found])
    assert "aligned (full): two GANs at the same epoch lie" in capsys.readouterr().out


def test_a_gangan_that_was_asked_for_epochs_says_how_well_it_listens(catalog, monkeypatch):
    config = GanGanConfig(
        on="a",
        run="asked",
        condition="epoch",
        epochs=4,
        batch_size=3,
        components=2,
        family_options="templates=4",
    )
    train_gangan(config, RunEnvironment(store=catalog.root, workers=1))
    few = [(id, BASELINES[id].draw) for id in (SNAPSHOT, *AVERAGES)]
    monkeypatch.setattr("gangan_cli.sampling.weight_samplers.applicable", lambda pool: few)
    (found,) = audited(catalog, "asked", AuditRequest(options=SMALL), None, silent, only_the_judge)
    document = document_of(found)
    assert document["condition"] == "epoch" and all(1 <= epoch <= 3 for epoch in document["asked"])
    assert document["axis"]["positions"] == [1, 2, 3]
    assert document["claims"][-1]["id"] == "follows_condition"
