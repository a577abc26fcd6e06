"""The audit of a small GAN-GAN, and what claims are made of it."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from gangan_cli.cli.audit import _show
from gangan_cli.errors import ConfigurationError
from gangan_cli.studies.alignment import Alignment, Shift
from gangan_cli.studies.audit import AVERAGES, PROJECTED, SNAPSHOT, Audit, Inside, check
from gangan_cli.studies.audit_results import Wish, audit_of, audited, document_of, known_audit
from gangan_cli.studies.claims import claims, covered, explained, matched, order
from gangan_cli.studies.decoding import Lineage
from gangan_cli.studies.latent_axis import draw, generated_weights
from gangan_cli.studies.measuring import DRAWN, GANGAN, Axis, Bench, HeldOut, Options, Row
from gangan_cli.studies.novelty import Found
from gangan_cli.studies.samplers import SAMPLERS
from gangan_cli.training.gangan import GanGanConfig, train_gangan
from gangan_cli.training.job import Machine
from store import Catalog

SMALL = Options(count=3, images=100, points=3)


def silent(*_: object) -> None:
    pass


@pytest.fixture(scope="module")
def catalog(audited_store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("audited") / "store"
    shutil.copytree(audited_store, folder)
    return Catalog(folder)


@pytest.fixture(scope="module")
def done(catalog):
    (audit,) = audited(catalog, "g", Wish(options=SMALL), None, silent, pytest.fail)
    return audit


def test_every_sampler_is_measured_in_the_same_way(done):
    assert (done.run, done.gan, done.epoch) == ("g", 0, 8)
    names = [row.name for row in done.rows]
    assert names[0] == GANGAN and {SNAPSHOT, *AVERAGES, "components + kernels"} < set(names)
    for row in done.rows:
        assert row.frechet.shape == row.pictures.shape == (3,)
        assert row.keys.shape == (DRAWN, 2) and row.distances.shape == row.residuals.shape == (DRAWN,)
        assert (row.residuals <= row.distances + 1e-3).all()
        assert np.isfinite(row.best) and row.best_error > 0
        assert row.inside.distances.shape == (DRAWN,)
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
    lines = done.row("between two GANs")
    assert lines.residuals.max() < 0.05 < np.median(lines.distances)


def test_an_audit_is_kept_and_read_again(catalog, done, monkeypatch):
    monkeypatch.setattr("gangan_cli.studies.audit_results.audits", lambda *_: pytest.fail("done again"))
    (again,) = audited(catalog, "g", Wish(options=SMALL), None, silent, pytest.fail)
    assert json.dumps(document_of(again)) == json.dumps(document_of(done))
    with catalog.open("g") as run:
        assert known_audit(run, 0, 8).options == SMALL
        assert known_audit(run, 0, 7) is None


def test_an_audit_that_did_not_look_within_the_components_is_done_again(catalog, done, monkeypatch):
    with catalog.open("g") as run:
        kept = known_audit(run, 0, 8)
    assert kept.options == SMALL
    monkeypatch.setattr(
        "gangan_cli.studies.audit_results._kept", lambda _: [dataclasses.replace(kept, inside=None)]
    )
    monkeypatch.setattr("gangan_cli.studies.audit_results.audits", lambda *_: iter(["done again"]))
    monkeypatch.setattr("gangan_cli.studies.audit_results._key", str)
    monkeypatch.setattr("gangan_cli.studies.audit_results.document_of", lambda _: {"claims": []})
    assert audited(catalog, "g", Wish(options=SMALL), None, silent, silent) == ["done again"]


def test_another_snapshot_is_held_against_the_same_samplers(catalog, done, monkeypatch):
    monkeypatch.setattr("gangan_cli.studies.audit.usable", lambda *_: pytest.fail("measured again"))
    wish = Wish(epochs="7-8", options=SMALL)
    seventh, eighth = audited(catalog, "g", wish, None, silent, pytest.fail)
    assert (seventh.epoch, eighth.epoch) == (7, 8)
    assert json.dumps(document_of(eighth)) == json.dumps(document_of(done))
    for row, other in zip(seventh.rows[1:], eighth.rows[1:], strict=True):
        assert row.name == other.name and row.frechet.tolist() == other.frechet.tolist()
    assert seventh.row(GANGAN).frechet.tolist() != eighth.row(GANGAN).frechet.tolist()


def test_what_cannot_be_audited_is_refused(catalog):
    with Lineage.open(catalog, "a") as lineage, pytest.raises(ConfigurationError, match="on images"):
        check(lineage, SMALL)
    with Lineage.open(catalog, "g") as lineage, pytest.raises(ConfigurationError, match="1 samples"):
        check(lineage, Options(count=1))
    with pytest.raises(ConfigurationError, match="no snapshot of epoch 99: the run has 1-8"):
        audited(catalog, "g", Wish(epochs="99", options=SMALL), None, silent, pytest.fail)


def test_images_that_are_not_those_learnt_from_are_warned_of(catalog, monkeypatch):
    monkeypatch.setattr("gangan_cli.studies.audit_results.audits", lambda *_: iter(()))
    said = []
    for dataset in ("mnist5k", "kmnist"):
        wish = Wish(options=dataclasses.replace(SMALL, dataset=dataset))
        audited(catalog, "g", wish, None, silent, said.append)
    assert said == ["g was trained on mnist5k, and is held against kmnist"]


def made_up(**changes) -> Audit:
    """An audit of 10 GANs × 10 epochs in which the GAN-GAN does all that it should."""
    random = np.random.default_rng(0)
    keys = np.array([(n % 10, 1 + n % 7) for n in range(100)])

    def row(name, distance, residual, frechet):
        return Row(
            name,
            frechet + random.normal(0, 1, 50),
            keys,
            distance + random.normal(0, 0.1, 100),
            residual + random.normal(0, 0.1, 100),
            {},
            np.ones(50),
            frechet,
            1.0,
        )

    plain = Audit(
        run="g",
        gan=0,
        epoch=1,
        judge="x",
        options=Options(),
        gans=list(range(10)),
        epochs=list(range(1, 11)),
        spacing=8.0,
        across=60.0,
        own=Found(np.zeros(5, np.int64), np.full(5, 7.0), np.full(5, 5.0)),
        rows=[
            row(GANGAN, 16, 10, 200),
            row(SNAPSHOT, 0, 0, 210),
            *(row(name, 5, 3, frechet) for name, frechet in zip(AVERAGES, (200, 205), strict=True)),
        ],
        matched=np.full(50, 210.0),
        axis=Axis(
            "z", np.arange(9.0), np.stack([np.zeros(9), np.arange(9)], 1), np.ones(9), -np.arange(9.0)
        ),
        floor=1.0,
    )
    return dataclasses.replace(plain, **changes)


def verdicts(audit):
    return {claim.claim.split(":")[0].split(",")[0]: claim.verdict for claim in claims(audit)}


def test_a_good_gangan_is_told_so_and_a_close_race_is_left_open():
    found = verdicts(made_up())
    assert found.pop("the best of its samples beats the trajectory averages") == "undecided"
    assert set(found.values()) == {"holds"} and len(found) == 10


@pytest.mark.parametrize(("worse", "verdict"), [((8, 4), "holds"), ((8, -9), "does not hold")])
def test_averages_are_beaten_if_the_better_of_them_is(worse, verdict):
    audit = made_up()
    own, snapshots, *_ = audit.rows
    averages = [
        dataclasses.replace(audit.row(name), frechet=own.frechet + more)
        for name, more in zip(AVERAGES, worse, strict=True)
    ]
    found = verdicts(made_up(rows=[own, snapshots, *averages]))
    assert found["the best of its samples beats the trajectory averages"] == verdict


def test_a_copier_is_told_so():
    audit = made_up()
    copier = dataclasses.replace(audit.rows[0], distances=np.full(100, 1.0), residuals=np.full(100, 1.0))
    found = verdicts(made_up(rows=[copier, *audit.rows[1:]]))
    assert found["samples are no copies"] == found["samples are no mixtures"] == "does not hold"


def test_what_is_far_off_but_a_copy_within_the_components_is_told_so():
    audit = made_up()
    inside = Inside(1.5, float("nan"), Found(np.zeros(5, np.int64), np.full(5, 1.6), np.full(5, 1.2)))
    keys = np.zeros(100, np.int64)

    def lying(distance):
        found = Found(keys, np.full(100, distance), np.full(100, 0.9 * distance))
        return made_up(
            rows=[dataclasses.replace(audit.rows[0], inside=found), *audit.rows[1:]], inside=inside
        )

    copier, maker = verdicts(lying(0.4)), verdicts(lying(7.0))
    assert copier["samples are no copies"] == copier["samples are no mixtures"] == "does not hold"
    assert maker["samples are no copies"] == maker["samples are no mixtures"] == "holds"
    figures = {claim.claim.split(":")[0]: claim.figures for claim in claims(lying(7.0))}
    assert figures["samples are no copies"] == (
        "median 7.0 [7.0, 7.0], snapshots 1.6, within the components"
    )
    again = audit_of(json.loads(json.dumps(document_of(lying(0.4)), allow_nan=False)))
    assert document_of(again) == document_of(lying(0.4))


@pytest.mark.parametrize(("worse", "verdict"), [(9, "holds"), (-9, "does not hold")])
def test_snapshots_on_components_are_rivals_too(worse, verdict):
    own = made_up().rows[0]
    rival = dataclasses.replace(own, name=PROJECTED, frechet=own.frechet + worse)
    found = verdicts(made_up(rows=[*made_up().rows, rival]))
    assert found["the best of its samples beats snapshots on components"] == verdict


def test_one_that_is_far_off_and_worse_is_told_so():
    audit = made_up()
    lost = dataclasses.replace(audit.rows[0], distances=np.full(100, 150.0), frechet=np.full(50, 400.0))
    found = verdicts(made_up(rows=[lost, *audit.rows[1:]]))
    for claim in (
        "samples lie near the snapshots (within 3 steps)",
        "samples come near 90% of the GANs",
        "samples are as good as the snapshots that they lie nearest to",
        "the best of its samples beats the best snapshots",
    ):
        assert found[claim] == "does not hold", claim


def test_few_gans_leave_a_median_undecided():
    audit = made_up()
    keys = np.array([(n % 2, 1) for n in range(100)])
    distances = np.where(keys[:, 0] == 0, 10.0, 40.0)
    found = verdicts(
        made_up(
            rows=[dataclasses.replace(audit.rows[0], keys=keys, distances=distances), *audit.rows[1:]]
        )
    )
    assert found["samples lie near the snapshots (within 3 steps)"] == "undecided"


def test_order_is_of_the_whole_axis_and_of_the_longer_side_of_its_turn():
    axis = made_up().axis
    assert order(axis, np.arange(9.0)) == (pytest.approx(1), pytest.approx(1))
    tent = np.array([1.0, 3, 5, 7, 9, 11, 13, 6, 2])
    whole, part = order(axis, tent)
    assert abs(whole) < 0.7 and part == pytest.approx(1)
    assert order(axis, np.ones(9)) == (0.0, 0.0)
    few = dataclasses.replace(axis, positions=np.arange(4.0), keys=axis.keys[:4], frechet=np.arange(4.0))
    assert verdicts(made_up(axis=few))["the latent axis follows quality"] == "undecided"
    turns = verdicts(made_up(axis=dataclasses.replace(axis, frechet=tent)))
    assert turns["the latent axis follows quality"] == "does not hold"
    assert turns["the latent axis follows quality on one side of its turn"] == "holds"


def test_what_was_asked_is_held_against_what_came():
    audit = made_up(condition="epoch")
    row = audit.rows[0]
    came = row.keys[:50, 1].astype(float)
    assert explained(audit, row, came) == 1
    assert explained(audit, row, np.full(50, came.mean())) == pytest.approx(0)
    asked = made_up(condition="epoch", asked=came)
    assert claims(asked)[-1].verdict == "holds"
    assert claims(made_up(condition="epoch", asked=came[::-1]))[-1].verdict == "does not hold"


@pytest.mark.parametrize(("images", "verdict"), [(2000, "holds"), (500, "undecided")])
def test_scores_that_were_asked_for_are_held_against_scores_alike(images, verdict):
    scores = made_up().rows[0].frechet
    asked = made_up(condition="score", asked=scores, asked_by="x", asked_on=images)
    assert claims(asked)[-1].verdict == verdict


def test_gans_that_were_held_out_are_found_or_not():
    def claimed(*distances):
        held_out = HeldOut([10, 11], np.array([(10, 3), (11, 5), (10, 4)]), np.array(distances))
        found = [one for one in claims(made_up(held_out=held_out)) if "held out" in one.claim]
        assert len(found) == 1
        return found[0]

    assert claimed(8.0, 16.0, 80.0).verdict == "holds"
    far = claimed(8.0, 80.0, 16.0)
    assert (far.verdict, far.value) == ("does not hold", 0.5)
    assert far.figures == "50% of 2 GANs; the nearest is 2.0 steps away in the median"
    assert not [one for one in claims(made_up()) if "held out" in one.claim]


def test_a_gangan_over_some_gans_is_held_against_the_others(catalog):
    config = GanGanConfig(
        on="a", run="some", gans="0", epochs=1, batch_size=2, components=2, templates=0
    )
    for _ in train_gangan(config, Machine(store=catalog.root, workers=1)):
        pass
    with catalog.open("a") as population, Lineage.open(catalog, "some") as lineage:
        found = Bench.open(lineage, SMALL, None, silent).held_out(0, 1)
        vectors, keys = population.matrix()
        made = generated_weights(lineage, draw(lineage, DRAWN, 0)[:5], 0, 1)
    assert found.gans == [1] and found.keys.shape == (DRAWN, 2)
    unseen = keys[:, 0] > 0
    apart = np.linalg.norm(made[:, None] - vectors[unseen], axis=2)
    assert found.keys[:5].tolist() == keys[unseen][apart.argmin(axis=1)].tolist()
    np.testing.assert_allclose(found.distances[:5], apart.min(axis=1), rtol=1e-3)


def test_a_gangan_over_all_gans_leaves_none_out(done):
    assert done.held_out is None


def test_claims_that_only_some_audits_make_are_counted_over_these(capsys):
    held_out = HeldOut([10, 11], np.array([(10, 3)]), np.array([8.0]))
    _show([made_up(), made_up(gan=1), made_up(gan=2, held_out=held_out)])
    lines = capsys.readouterr().out.splitlines()
    (of_some,) = [line for line in lines if "held out" in line]
    (of_all,) = [line for line in lines if "samples lie near" in line]
    assert of_some.split()[-6:] == ["0", "0", "1", "0.50", "0.50", "0.50"]
    assert of_all.split()[-6:-3] == ["3", "0", "0"]


@pytest.mark.parametrize("across", [60.0, float("nan")])
def test_documents_survive_json(across):
    held_out = HeldOut([10, 11], np.array([(10, 3)]), np.array([8.0]))
    aligned = Alignment("full", Shift(3, 2, 5, 4), {"generator.out": Shift(2, 1, 1, 1)}, 1e-6, 1e-7)
    audit = made_up(
        asked=np.ones(50), condition="score", across=across, held_out=held_out, aligned=aligned
    )
    document = json.loads(json.dumps(document_of(audit), allow_nan=False))
    assert document_of(audit_of(document)) == document_of(audit)
    assert matched(audit_of(document)) == matched(audit)
    assert audit_of(document).aligned == aligned


def test_of_aligned_gans_it_is_said_how_far_that_brought_them(catalog, monkeypatch, capsys):
    config = GanGanConfig(
        on="a", run="framed", align="full", epochs=1, batch_size=2, components=2, templates=0
    )
    for _ in train_gangan(config, Machine(store=catalog.root, workers=1)):
        pass
    few = [(name, sampler) for name, sampler in SAMPLERS.items() if name in (SNAPSHOT, *AVERAGES)]
    monkeypatch.setattr("gangan_cli.studies.audit.usable", lambda pool: few)
    (found,) = audited(catalog, "framed", Wish(options=SMALL), None, silent, pytest.fail)
    assert 0 < found.aligned.whole.after < found.aligned.whole.before
    _show([found])
    assert "aligned (full): two GANs at the same epoch lie" in capsys.readouterr().out
