from statistics import median

import pytest

from gangan_cli.audit.claims import claims
from gangan_cli.audit.records import document_of
from gangan_cli.tui import scores
from gangan_cli.tui.scores import Best, Scores, Verdicts
from tests.tui.asking import CLAIMS, audit, evaluation
from tests.unit.figures.made_up import JUDGE, a_population, an_audit, documents, drawn_gans, frechet_at

REAL = evaluation(None, None, 4.8)


def snapshots(*found, **changes):
    """Evaluations of (gan, epoch, Fréchet distance)."""
    return [evaluation(*one, **changes) for one in found]


def test_of_a_run_that_nobody_judged_nothing_is_known():
    assert scores.read([], []) == Scores()
    assert scores.read([REAL], []) == Scores()


def test_a_population_is_summed_up_at_the_last_epoch_that_was_judged():
    found = scores.read(
        [*snapshots((0, 1, 900.0), (0, 2, 500.0), (1, 2, 300.0), (2, 2, 350.0)), REAL], []
    )
    assert found.snapshots == {(0, 1): 900.0, (0, 2): 500.0, (1, 2): 300.0, (2, 2): 350.0}
    assert found.images == 2000
    said = found.summary
    assert (said.epoch, said.gans, said.drawn) == (2, 3, False)
    assert (said.median, said.best, said.real) == (350.0, 300.0, 4.8)
    assert said.entropy == pytest.approx(0.35)
    assert (said.images, said.judge) == (2000, "0123456789ab")


def test_the_best_snapshot_is_the_one_with_the_least_distance_of_those_that_compare():
    better = snapshots((0, 1, 1.0), (1, 1, 2.0), judge="other")
    most = snapshots((0, 1, 900.0), (0, 2, 500.0), (2, 80, 118.24), errors={"frechet": 0.94})
    best = scores.read([*better, *most, REAL], []).best
    assert best == Best(2, 80, 118.24, 0.94, 3, False)
    assert str(best) == "best by Fréchet distance: GAN 2, epoch 80, 118.2 ± 0.9, of 3 judged"
    without = scores.read(snapshots((0, 1, 9.0), (0, 2, 9.0), errors={}), []).best
    assert str(without) == "best by Fréchet distance: GAN 0, epoch 1, 9.0, of 2 judged"


def test_of_one_snapshot_none_is_the_best():
    assert scores.read([*snapshots((0, 1, 9.0)), REAL], []).best is None


def test_the_best_of_gan_gans_is_by_the_median_of_what_is_drawn_from_them():
    drawn = [
        evaluation(0, epoch, value, drawn=k)
        for epoch, values in ((5, (9.0, 1.0, 8.0)), (10, (7.0, 6.0, 5.0)))
        for k, value in enumerate(values)
    ]
    best = scores.read(drawn, []).best
    assert str(best) == "best by median Fréchet distance: GAN 0, epoch 10, 6.0, of 2 judged"


def test_of_gans_drawn_from_a_snapshot_the_median_is_its_score():
    drawn = [evaluation(0, 5, value, drawn=k) for k, value in enumerate((9.0, 1.0, 2.0))]
    found = scores.read(drawn, [])
    assert found.snapshots == {(0, 5): 2.0}
    assert (found.summary.gans, found.summary.drawn, found.summary.real) == (3, True, None)


@pytest.mark.parametrize("changes", [{"judge": "other"}, {"samples": 10_000}, {"seed": 1}])
def test_only_what_one_judge_said_on_equally_many_images_is_put_together(changes):
    most = snapshots((0, 1, 9.0), (0, 2, 8.0))
    found = scores.read([*snapshots((0, 3, 7.0), **changes), *most, {**REAL, **changes}], [])
    assert found.snapshots == {(0, 1): 9.0, (0, 2): 8.0}
    assert found.images == 2000
    assert (found.summary.epoch, found.summary.best, found.summary.real) == (3, 7.0, 4.8)


def test_at_the_same_epoch_more_gans_count_for_more_and_then_more_images():
    all_gans = snapshots((0, 2, 5.0), (1, 2, 6.0))
    one = snapshots((0, 2, 4.0), samples=10_000)
    assert scores.read([*one, *all_gans], []).summary.gans == 2
    both = snapshots((0, 2, 4.0), (1, 2, 4.5), samples=10_000)
    assert scores.read([*both, *all_gans], []).summary.images == 10_000


def test_the_audit_of_the_last_epoch_counts_and_of_these_the_largest():
    later = (("it is later", "holds"),)
    audits = [audit(0, 9, later), audit(0, 10, count=16), audit(1, 10, later, count=64)]
    assert scores.read([], audits).verdicts == Verdicts(1, 10, (("holds", "it is later"),))
    (one,) = [scores.read([], audits[1:2]).verdicts]
    assert one.claims == tuple((verdict, claim) for claim, verdict in CLAIMS)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"claims": 3},
        evaluation(0, 1, 1.0, values={}),
        evaluation(0, 1, 1.0, values=None),
        evaluation(0, "x", 1.0),
        {**audit(0, 3), "claims": [{"claim": "without a verdict"}]},
        {**audit(0, 3), "options": None},
    ],
)
def test_what_another_version_wrote_is_left_out(document):
    whole = scores.read(snapshots((0, 2, 5.0)), [audit(0, 2)])
    assert scores.read([document, *snapshots((0, 2, 5.0))], [document, audit(0, 2)]) == whole


def test_evaluations_are_read_as_they_are_kept():
    found = scores.read(documents(a_population(3, [1, 9])).values(), [])
    assert found.snapshots[2, 9] == frechet_at(2, 9)
    last = [frechet_at(gan, 9) for gan in range(3)]
    said = found.summary
    assert (said.epoch, said.gans, said.best, said.median) == (9, 3, min(last), median(last))
    assert (said.real, said.images, said.judge) == (6.3, 2000, JUDGE)
    assert scores.read(documents(drawn_gans(5)).values(), []).summary.drawn


def test_audits_are_read_as_they_are_kept():
    done = an_audit(condition="epoch")
    said = scores.read([], [document_of(done)]).verdicts
    assert (said.gan, said.epoch) == (0, 500)
    assert said.claims == tuple((one.verdict, one.claim) for one in claims(done))
