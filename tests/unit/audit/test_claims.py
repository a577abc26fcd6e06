"""What claims are made of an audit."""

import dataclasses
import json

import numpy as np
import pytest

from gangan_cli.audit.audit import AVERAGES, PROJECTED, Inside
from gangan_cli.audit.benchmark import HeldOut
from gangan_cli.audit.claims import claims, covered, explained, order
from gangan_cli.audit.records import audit_of, document_of
from tests.unit.audit.made_up import found_at, made_up


def verdicts(audit):
    return {claim.id: claim.verdict for claim in claims(audit)}


def test_a_good_gangan_is_told_so_and_a_close_race_is_left_open():
    found = verdicts(made_up())
    assert found.pop("beats_averages") == "undecided"
    assert set(found.values()) == {"holds"} and len(found) == 10


@pytest.mark.parametrize(("worse", "verdict"), [((8, 4), "holds"), ((8, -9), "does not hold")])
def test_averages_are_beaten_if_the_better_of_them_is(worse, verdict):
    audit = made_up()
    own, snapshots, *_ = audit.rows
    averages = [
        dataclasses.replace(audit.row(id), frechet=own.frechet + more)
        for id, more in zip(AVERAGES, worse, strict=True)
    ]
    found = verdicts(made_up(rows=[own, snapshots, *averages]))
    assert found["beats_averages"] == verdict


def test_a_copier_is_told_so():
    audit = made_up()
    copier = dataclasses.replace(audit.rows[0], distances=np.full(100, 1.0), residuals=np.full(100, 1.0))
    found = verdicts(made_up(rows=[copier, *audit.rows[1:]]))
    assert found["no_copies"] == found["no_mixtures"] == "does not hold"


def test_what_is_far_off_but_a_copy_within_the_components_is_told_so():
    audit = made_up()
    inside = Inside(1.5, float("nan"), found_at(5, 1.6, 1.2))

    def lying(distance):
        found = found_at(100, distance, 0.9 * distance)
        return made_up(
            rows=[dataclasses.replace(audit.rows[0], inside=found), *audit.rows[1:]], inside=inside
        )

    copier, maker = verdicts(lying(0.4)), verdicts(lying(7.0))
    assert copier["no_copies"] == copier["no_mixtures"] == "does not hold"
    assert maker["no_copies"] == maker["no_mixtures"] == "holds"
    figures = {claim.id: claim.figures for claim in claims(lying(7.0))}
    assert figures["no_copies"] == ("median 7.0 [7.0, 7.0], snapshots 1.6, within the components")
    again = audit_of(json.loads(json.dumps(document_of(lying(0.4)), allow_nan=False)))
    assert document_of(again) == document_of(lying(0.4))


@pytest.mark.parametrize(("worse", "verdict"), [(9, "holds"), (-9, "does not hold")])
def test_snapshots_on_components_are_rivals_too(worse, verdict):
    own = made_up().rows[0]
    rival = dataclasses.replace(own, id=PROJECTED, frechet=own.frechet + worse)
    found = verdicts(made_up(rows=[*made_up().rows, rival]))
    assert found["beats_pca_snapshots"] == verdict


def test_one_that_is_far_off_and_worse_is_told_so():
    audit = made_up()
    lost = dataclasses.replace(audit.rows[0], distances=np.full(100, 150.0), frechet=np.full(50, 400.0))
    found = verdicts(made_up(rows=[lost, *audit.rows[1:]]))
    for claim in (
        "near_snapshots",
        "covers_gans",
        "as_good_as_nearest",
        "beats_snapshots",
    ):
        assert found[claim] == "does not hold", claim


@pytest.mark.parametrize(("far", "verdict"), [(1, "holds"), (50, "undecided"), (99, "does not hold")])
def test_a_median_between_two_crowds_is_undecided_and_one_stray_changes_nothing(far, verdict):
    audit = made_up()
    keys = np.array([(n < far, 1) for n in range(100)])
    distances = np.where(keys[:, 0] == 0, 10.0, 40.0)
    found = verdicts(
        made_up(
            rows=[dataclasses.replace(audit.rows[0], keys=keys, distances=distances), *audit.rows[1:]]
        )
    )
    assert found["near_snapshots"] == verdict


def test_what_lies_as_near_to_other_gans_comes_near_none():
    audit = made_up()
    amid = dataclasses.replace(audit.rows[0], ratios=np.full(100, 0.9))
    between = made_up(rows=[amid, *audit.rows[1:]])
    assert covered(audit, audit.rows[0]) == (1.0, 0.7) and covered(between, amid) == (0.0, 0.0)
    assert verdicts(between)["covers_gans"] == "does not hold"


def test_order_is_of_the_whole_axis_and_of_the_longer_side_of_its_turn():
    axis = made_up().axis
    assert order(axis, np.arange(9.0)) == (pytest.approx(1), pytest.approx(1))
    tent = np.array([1.0, 3, 5, 7, 9, 11, 13, 6, 2])
    whole, part = order(axis, tent)
    assert abs(whole) < 0.7 and part == pytest.approx(1)
    assert order(axis, np.ones(9)) == (0.0, 0.0)
    for level in ([100, 80, 60, 1, 1, 1, 1, 1, 1], [1, 9, 17, 25, 33, 33, 33, 33, 33]):  # no turn
        whole, part = order(axis, np.array(level, float))
        assert part == whole and abs(part) > 0.8
    few = dataclasses.replace(axis, positions=np.arange(4.0), keys=axis.keys[:4], frechet=np.arange(4.0))
    assert verdicts(made_up(axis=few))["axis_follows_quality"] == "undecided"
    turns = verdicts(made_up(axis=dataclasses.replace(axis, frechet=tent)))
    assert turns["axis_follows_quality"] == "does not hold"
    assert turns["axis_follows_quality_to_its_turn"] == "holds"


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
    def claimed(one, other):
        keys = np.array([(10, 3), (11, 5)] * 50)
        held_out = HeldOut([10, 11], keys, np.array([one, other] * 50))
        found = [one for one in claims(made_up(held_out=held_out)) if one.id == "covers_held_out_gans"]
        assert len(found) == 1
        return found[0]

    assert claimed(4.0, 6.0).verdict == "holds"
    for far in (claimed(4.0, 80.0), claimed(4.0, 14.0)):  # those learnt from lie at 16
        assert (far.verdict, far.value) == ("does not hold", 0.5)
    assert far.figures == "50% of 2 GANs; the nearest is 1.1 steps away in the median"
    assert not [one for one in claims(made_up()) if one.id == "covers_held_out_gans"]
