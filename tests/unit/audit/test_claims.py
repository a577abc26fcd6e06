"""Which claims an audit makes, of numbers with known answers."""

import dataclasses
import json

import numpy as np
import pytest

from gangan_cli.audit.auditor import concluded
from gangan_cli.audit.quality_claims import explained, worse_than_nearest
from gangan_cli.audit.records import audit_of, document_of
from gangan_cli.audit.rivals import RETRIEVAL, TRAINED_ANEW
from gangan_cli.audit.spaces import Near
from gangan_cli.metrics.statistics import Interval
from tests.unit.audit.made_up import SPACES, an_audit, with_generator


def few(audit, *ids):
    """The same audit with the GAN-GAN and the samplers `ids` alone: each takes a while to test."""
    some = [one for one in audit.samplers if one.id in ("gangan", *ids)]
    return dataclasses.replace(audit, samplers=some)


def claimed(audit, *ids):
    """The claims of an audit, by id."""
    return {claim.id: claim for claim in concluded(few(audit, *ids)).claims}


def moved(audit, distances):
    """The same audit, with its GAN-GAN's samples at distances (drawn,), in steps, in all spaces."""
    one = audit.generator
    near = {
        space: Near(of.keys, SPACES[space] * distances[: len(of.keys)]) for space, of in one.near.items()
    }
    return with_generator(audit, near=near, distances=SPACES["components"] * distances)


@pytest.fixture(scope="module")
def shown():
    """An audit of a GAN-GAN that makes new snapshots of known GANs, with GANs held out."""
    return an_audit(gans=12, held_out=8)


def new_gans(audit):
    """Distances of as many samples as are drawn, as GANs have them that are held out."""
    own = 0.1 * np.random.default_rng(1).standard_normal(len(audit.generator.distances))
    return 5.5 * np.exp(own)


def test_new_snapshots_of_known_gans_are_no_new_gans_and_no_copies_of_a_snapshot(shown):
    found = claimed(shown, "pca_kernels", TRAINED_ANEW)
    assert found["new_gans"].verdict == found["no_copies_of_gans"].verdict == "does not hold"
    assert found["no_copies_of_snapshots"].verdict == "holds"
    # What a kernel density passes too says nothing for a GAN-GAN; GANs trained anew pass as a control.
    assert found["no_copies_of_snapshots"].verdicts["pca_kernels"] == "holds"
    assert found["new_gans"].verdicts == {"pca_kernels": "does not hold", TRAINED_ANEW: "holds"}


def test_samples_as_far_from_training_gans_as_gans_held_out_are_new(shown):
    found = claimed(moved(shown, new_gans(shown)))
    assert found["new_gans"].verdict == "holds"
    assert found["no_copies_of_gans"].verdict != "does not hold"


def test_samples_farther_off_than_any_gan_are_not_like_new_ones(shown):
    assert claimed(moved(shown, 3 * new_gans(shown)))["new_gans"].verdict == "does not hold"


def test_one_exact_copy_among_new_gans_turns_the_verdict(shown):
    distances = new_gans(shown)
    distances[11] = 0.0
    audit = concluded(few(moved(shown, distances)))
    found = {claim.id: claim for claim in audit.claims}
    assert found["no_copies_of_gans"].verdict == "does not hold"
    assert audit.novelty["gangan"]["weights"].named == [11]


def test_a_fifth_of_exact_copies_is_found_although_the_median_is_far_off(shown):
    distances = new_gans(shown)
    distances[::5] = 0.0
    found = claimed(moved(shown, distances))["no_copies_of_snapshots"]
    assert (found.verdict, found.value) == ("does not hold", pytest.approx(0.2, abs=0.01))


def test_a_fifth_of_mixtures_is_found(shown):
    mixtures = {id: of.copy() for id, of in shown.generator.mixtures.items()}
    mixtures["2 GANs"][::5] = 0.0
    found = claimed(with_generator(shown, mixtures=mixtures))
    assert found["no_mixtures_of_snapshots"].verdict == "does not hold"
    assert "(2 GANs)" in found["no_mixtures_of_snapshots"].figures


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [((0.97, 0.93), "holds"), ((0.4, 0.3), "does not hold"), ((1, 0.8), "undecided")],
)
def test_a_collapsed_generator_is_not_dispersed(shown, ratio, verdict):
    middle, low = ratio
    audit = with_generator(shown, spread=Interval(middle, low, 2 * middle - low))
    assert claimed(audit)["dispersed"].verdict == verdict


def test_gans_that_are_drawn_too_seldom_are_not_covered(shown):
    keys = shown.generator.keys.copy()
    assert claimed(shown)["covers_gans"].verdict == "holds"
    keys[keys[:, 0] < 4, 0] = 11
    keys[:2, 0] = 1  # one near sample is not coverage
    found = claimed(with_generator(shown, keys=keys))["covers_gans"]
    assert found.verdict == "does not hold" and "3 GANs missed" in found.figures
    far = with_generator(shown, ratios=np.ones(len(keys)))
    assert claimed(far)["covers_gans"].figures == "0% of samples are near a GAN: too few to tell"


def test_samples_are_compared_with_what_has_lost_as_much():
    audit = an_audit(worse=0.97)  # better than whole snapshots, worse than these on components
    assert worse_than_nearest(audit.generator, "whole").estimate < 0
    found = claimed(with_generator(audit, frechet=1.04 * audit.generator.nearest_frechet["projected"]))
    assert found["as_good_as_nearest"].verdict == "holds"  # within the margin of 5 %
    found = claimed(with_generator(audit, frechet=1.2 * audit.generator.nearest_frechet["projected"]))
    assert found["as_good_as_nearest"].verdict == "does not hold"


@pytest.mark.parametrize(
    ("factor", "verdict", "said"),
    [(0.7, "holds", ""), (1.0, "does not hold", ": level"), (1.4, "does not hold", ": worse")],
)
def test_the_best_are_better_level_or_worse(factor, verdict, said):
    audit = an_audit(count=200)
    rival = audit.sampler("snapshot")
    near = rival.frechet.min() * (1 + 0.01 * np.random.default_rng(0).random((2, 200)))
    audit = with_generator(audit, frechet=factor * near[0])
    audit = dataclasses.replace(
        audit,
        samplers=[
            dataclasses.replace(one, frechet=near[1]) if one.id == "snapshot" else one
            for one in audit.samplers
        ],
    )
    found = claimed(audit, "snapshot")["beats_snapshots"]
    assert found.verdict == verdict and found.figures.endswith(said)


def test_a_close_race_is_left_open():
    assert claimed(an_audit(count=16), "snapshot")["beats_snapshots"].verdict == "undecided"


def test_claims_that_cannot_be_tested_are_left_out_or_open():
    alone = claimed(an_audit(gans=1))
    assert not {"new_gans", "no_copies_of_gans", "dispersed", "covers_gans"} & alone.keys()
    assert {"no_copies_of_snapshots", "covers_training"} < alone.keys()
    none_held_out = claimed(an_audit())
    assert not {"new_gans", "no_mixtures_of_gans", "beats_trained_anew"} & none_held_out.keys()
    small = claimed(an_audit(count=8, gans=12, held_out=8))
    assert small["new_gans"].verdict == "undecided"
    assert "fewer than 30 samples" in small["new_gans"].figures


def test_an_axis_is_in_order_only_beyond_what_smooth_curves_reach():
    audit = an_audit(places=32)
    smooth = claimed(audit)["axis_follows_training"]
    assert smooth.verdict == "undecided"  # it rises throughout, as a smooth random curve may
    wavy = 50 + 40 * np.sin(np.linspace(0, 40, 32)) + np.linspace(0, 400, 32)
    keys = np.column_stack([np.zeros(32, int), wavy.astype(int)])
    along = dataclasses.replace(audit, walk=dataclasses.replace(audit.walk, keys=keys))
    assert claimed(along)["axis_follows_training"].verdict == "holds"
    random = np.random.default_rng(0).standard_normal(64)
    lost = dataclasses.replace(audit, walk=dataclasses.replace(audit.walk, projections=random))
    assert claimed(lost)["axis_follows_training"].verdict == "does not hold"


def test_what_is_asked_for_comes_and_retrieval_does_as_well():
    audit = an_audit(condition="epoch")
    came = audit.generator.keys[:64, 1].astype(float)
    assert explained(audit, audit.generator, came) == 1
    assert explained(audit, audit.generator, np.full(64, came.mean())) == pytest.approx(0)
    found = claimed(audit, RETRIEVAL)["follows_condition"]
    assert (found.verdict, found.verdicts[RETRIEVAL]) == ("holds", "holds")
    backwards = dataclasses.replace(audit, asked=came[::-1])
    assert claimed(backwards)["follows_condition"].verdict == "does not hold"


def test_scores_that_another_judge_gave_decide_nothing():
    audit = dataclasses.replace(an_audit(condition="score"), asked_by="another", asked_on=2000)
    assert claimed(audit)["follows_condition"].verdict == "undecided"


def test_documents_survive_json(shown):
    for audit in (shown, an_audit(gans=1, components=False), an_audit(condition="score")):
        audit = concluded(few(audit, "snapshot"))
        document = json.loads(json.dumps(document_of(audit), allow_nan=False))
        assert document_of(audit_of(document)) == document_of(audit)
