"""Audits of small GAN-GANs, from beginning to end."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from gangan_cli.audit.anew import train_anew
from gangan_cli.audit.audit import check
from gangan_cli.audit.options import Options
from gangan_cli.audit.records import AuditRequest, audited, document_of, known_audit
from gangan_cli.cli import audit_page
from gangan_cli.config import GanGanConfig, RunEnvironment
from gangan_cli.errors import ConfigurationError
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.training.gangan import train_gangan
from gangan_cli.weightspace.baselines import BASELINES
from store import Catalog
from tests.unit.audit.made_up import a_concluded_audit

pytestmark = pytest.mark.xdist_group("audit")

SMALL = Options(count=3, images=100, points=3)

NONE_HELD_OUT = "was shown all GANs of its parent"


def silent(*_: object) -> None:
    pass


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """Few vectors are drawn and few images judged; and nothing is known from earlier audits."""
    monkeypatch.setattr("gangan_cli.audit.quality.AGAIN", 1)
    monkeypatch.setattr("gangan_cli.audit.options.DRAWN", 32)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def few(monkeypatch):
    """Only some samplers beside the GAN-GAN."""
    some = [(id, BASELINES[id].draw) for id in ("snapshot", "pca_snapshot")]
    monkeypatch.setattr("gangan_cli.sampling.weight_samplers.applicable", lambda data: some)


@pytest.fixture(scope="module")
def catalog(audited_store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("audited") / "store"
    shutil.copytree(audited_store, folder)
    return Catalog(folder)


def of(catalog, run, said=None, **changes):
    """The audit of a run's first GAN-GAN."""
    request = AuditRequest(options=dataclasses.replace(SMALL, **changes))
    heard = [] if said is None else said
    return audited(catalog, run, request, None, silent, heard.append)[0]


def over_a(catalog, run, **changes):
    """Train a small GAN-GAN over the run "a"."""
    settings = {"epochs": 1, "batch_size": 2, "components": 2, "family_options": "templates=0"}
    config = GanGanConfig(on="a", run=run, **{**settings, **changes})
    train_gangan(config, RunEnvironment(store=catalog.root, workers=1, compile=False))


@pytest.fixture(scope="module")
def done(catalog, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gangan_cli.audit.quality.AGAIN", 1)
        patch.setattr("gangan_cli.audit.options.DRAWN", 32)
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        said = []
        return of(catalog, "g", said), said


def test_every_sampler_is_measured_in_the_same_way(done):
    audit, said = done
    assert (audit.run, audit.gan, audit.epoch) == ("g", 0, 8)
    assert [one.id for one in audit.samplers][:3] == ["gangan", "snapshot", "last_snapshot"]
    drawn = len(audit.generator.keys)
    for one in audit.samplers:
        assert one.frechet.shape == one.mind.shape == one.tenths.shape == (3,)
        assert one.keys.shape == (drawn, 2) and one.distances.shape == one.ratios.shape == (drawn,)
        assert {space: len(near.distances) for space, near in one.near.items()} == {
            "weights": 3, "components": 3, "images": 3,
        }  # fmt: skip
        assert all(of.shape == (drawn,) for of in one.mixtures.values())
        assert np.isfinite(one.best) and np.isnan(one.best_error)  # 100 images are too few for one
    assert audit.walk.frechet.shape == audit.walk.projections.shape == (3,)
    assert audit.real < audit.sampler("snapshot").frechet.min()
    assert any(NONE_HELD_OUT in warning for warning in said)


def test_copies_are_known_as_copies(done):
    audit, _ = done
    copies = audit.sampler("snapshot")
    for space, near in copies.near.items():
        assert near.distances.max() < 1e-2 * audit.usual[space].epoch_step, space
    assert copies.nearest_frechet["whole"].tolist() == copies.frechet.tolist()
    on_components = audit.sampler("pca_snapshot")
    assert on_components.distances.max() < 0.05
    assert on_components.alike == "projected"
    np.testing.assert_allclose(
        on_components.nearest_frechet["projected"], on_components.frechet, rtol=0.05
    )
    between = audit.sampler("interpolation_within_gan")
    assert np.median(between.mixtures["2 snapshots of a GAN"]) < 0.05 * audit.epoch_step
    verdicts = {claim.id: claim.verdicts["snapshot"] for claim in audit.claims if claim.verdicts}
    assert verdicts["no_copies_of_snapshots"] == "does not hold"


def test_an_audit_is_kept_and_read_again(catalog, done, monkeypatch):
    audit, _ = done
    monkeypatch.setattr("gangan_cli.audit.auditor.Auditor.audit", lambda *_: pytest.fail("done again"))
    assert json.dumps(document_of(of(catalog, "g"))) == json.dumps(document_of(audit))
    with catalog.open("g") as run:
        assert known_audit(run, 0, 8).options == SMALL
        assert known_audit(run, 0, 7) is None


def test_another_snapshot_is_compared_with_what_was_measured(catalog, few, monkeypatch):
    over_a(catalog, "two", epochs=2)
    request = AuditRequest(epochs="1", options=SMALL)
    (first,) = audited(catalog, "two", request, None, silent, silent)
    monkeypatch.setattr("gangan_cli.audit.rivals.HeldOutSampler.sample", pytest.fail)
    measured = []
    sample = "gangan_cli.weightspace.baselines.BaselineSampler.sample"
    monkeypatch.setattr(sample, lambda *_: measured.append(1))
    second = of(catalog, "two")
    assert (first.epoch, second.epoch, measured) == (1, 2, [])
    for one, other in zip(first.samplers[1:], second.samplers[1:], strict=True):
        assert (one.id, one.frechet.tolist()) == (other.id, other.frechet.tolist())
    assert first.generator.frechet.tolist() != second.generator.frechet.tolist()


def test_what_cannot_be_audited_is_refused(catalog):
    with Lineage.open(catalog, "a") as lineage, pytest.raises(ConfigurationError, match="on images"):
        check(lineage, SMALL)
    with Lineage.open(catalog, "g") as lineage, pytest.raises(ConfigurationError, match="count is 1"):
        check(lineage, Options(count=1))
    with pytest.raises(ConfigurationError, match="no snapshot of epoch 99: the run has 1-8"):
        audited(catalog, "g", AuditRequest(epochs="99", options=SMALL), None, silent, silent)


def test_images_that_are_not_those_learnt_from_are_warned_of(catalog, monkeypatch):
    monkeypatch.setattr("gangan_cli.audit.records.audits", lambda *_: iter(()))
    said = []
    for dataset in ("mnist5k", "kmnist"):
        request = AuditRequest(options=dataclasses.replace(SMALL, dataset=dataset))
        audited(catalog, "g", request, None, silent, said.append)
    assert said == ["g was trained on mnist5k, and is compared with kmnist"]


def test_gans_that_were_not_shown_are_held_out_and_a_row_of_the_audit(catalog, few):
    over_a(catalog, "some", gans="0")
    over_a(catalog, "beside", gans="0")
    said = []
    audit = of(catalog, "some", said)
    assert audit.held_out == ["a:1"] and audit.gans == [0]
    unseen = audit.usual["weights"].held_out
    assert set(unseen.gans) == {0} and (unseen.values > 0).all()
    anew, beside = audit.sampler("trained_anew"), audit.sampler("run:beside")
    apart = np.abs(anew.near["weights"].distances[:, None] - unseen.values)
    assert (apart.min(axis=1) < 1e-3 * unseen.values.min()).all()
    assert beside.label == "GAN-GAN 'beside'" and beside.frechet.shape == (3,)
    assert "beats_run:beside" in {claim.id for claim in audit.claims}
    assert not any(NONE_HELD_OUT in warning for warning in said)


def test_gans_are_trained_anew_and_held_out_from_then_on(catalog, few):
    environment = RunEnvironment(store=catalog.root, workers=1, compile=False)
    over_a(catalog, "all")
    train_anew(catalog, "all", 2, environment, silent)
    with catalog.open("a") as parent, catalog.open("a-anew") as anew:
        assert anew.manifest.config["seed"] != parent.manifest.config["seed"]
        assert {**anew.manifest.config, "gans": 2, "seed": 0} == {**parent.manifest.config, "gans": 2}
    train_anew(catalog, "all", 2, environment, lambda event: pytest.fail(f"trained again: {event}"))
    audit = of(catalog, "all")
    assert audit.held_out == ["a-anew:0", "a-anew:1"]
    with pytest.raises(ConfigurationError, match="'a-anew' has 2 GANs: give --anew 2, or remove it"):
        train_anew(catalog, "all", 3, environment, silent)
    catalog.remove("a-anew")


def test_of_aligned_gans_it_is_said_how_far_that_brought_them(catalog, few, capsys):
    over_a(catalog, "framed", align="full")
    found = of(catalog, "framed")
    assert 0 < found.aligned.whole.after < found.aligned.whole.before
    audit_page.show(found)
    assert "aligned (full): two GANs at the same epoch lie" in capsys.readouterr().out


def test_a_conditional_gangan_is_compared_with_retrieval(catalog, few):
    over_a(catalog, "asked", condition="epoch", epochs=4, batch_size=3, family_options="templates=4")
    found = of(catalog, "asked")
    document = document_of(found)
    assert document["condition"] == "epoch" and all(1 <= epoch <= 3 for epoch in document["asked"])
    assert document["walk"]["positions"] == [1, 2, 3]
    (claim,) = [one for one in found.claims if one.id == "follows_condition"]
    assert {"snapshot", "pca_snapshot", "retrieval"} <= claim.verdicts.keys()


class TestPage:
    def test_verdicts_come_first_with_what_else_passes_them(self, capsys):
        audit = a_concluded_audit(gans=12, held_out=8)
        audit_page.show(audit)
        lines = capsys.readouterr().out.splitlines()
        (new,) = [line for line in lines if "samples are new GANs" in line]
        assert new.startswith("does not hold") and new.rstrip().endswith("0 of 15")
        assert any(line.startswith("verdict") for line in lines[:4])
        assert any(line.startswith("GAN-GAN") or "a GAN trained anew" in line for line in lines)
        assert any(line.startswith("weights ") and "to" in line for line in lines)  # Z_U by space

    def test_several_runs_are_counted_and_gangans_of_one_run_count_as_one(self, capsys):
        one = a_concluded_audit()
        members = [one, dataclasses.replace(one, gan=1), dataclasses.replace(one, run="h")]
        audit_page.show_together(members)
        lines = capsys.readouterr().out.splitlines()
        (copies,) = [line for line in lines if "no copies of training snapshots" in line]
        assert copies.split()[-6:-3] == ["2", "0", "0"]
        assert any(line.startswith("verdicts of 2 runs") for line in lines)
