"""What the plots of the live page show."""

import numpy as np
import pytest

from gangan_cli.summaries.losses import LossHistory
from gangan_cli.tui.curves import SCORE, Curves, PlotSettings, ScoreHistory, compose, compose_scores
from gangan_cli.tui.scores import Best, Scores

COLOUR = (86, 180, 233)
BEST = Best(1, 3, 50.0, None, 4, False)


@pytest.fixture
def losses():
    """Three GANs and five epochs; GAN 1's losses lie above the others'."""
    rows = np.array([[1.0, 1, 1, 1, 1], [2, 2, 3, 2, 2], [1, 1, 1, 1, np.nan]])
    return LossHistory(("d_loss",), rows[:, :, None])


def rows_with_a_mark(picture):
    return [row for row, line in enumerate(picture.plain.split("\n")) if "X" in line]


def column(picture):
    [line] = [line for line in picture.plain.split("\n") if "X" in line]
    return line.index("X")


def test_the_best_snapshot_is_marked_at_its_epoch_and_the_loss_of_its_gan(losses):
    picture, (low, high) = compose(
        "d_loss", [Curves(losses, COLOUR, True, BEST)], PlotSettings(), True, 60, 13
    )
    assert low < 1 < 3 < high
    assert rows_with_a_mark(picture) == [0]  # 3, the largest loss of all
    assert 6 + 0.45 * 53 < column(picture) < 6 + 0.55 * 53  # epoch 3 of 1 to 5


def test_among_several_runs_the_mark_is_within_the_axis(losses):
    flat = LossHistory(("d_loss",), np.ones((1, 5, 1)))
    runs = [Curves(losses, COLOUR, True, BEST), Curves(flat, COLOUR, False)]
    picture, _ = compose("d_loss", runs, PlotSettings(), True, 60, 13)
    assert rows_with_a_mark(picture) == [0]


@pytest.mark.parametrize(
    "best", [None, Best(2, 5, 1.0, None, 2, False), Best(3, 1, 1.0, None, 2, False),
             Best(1, 0, 1.0, None, 2, False), Best(1, 6, 1.0, None, 2, False)]
)  # fmt: skip
def test_a_snapshot_without_a_loss_has_no_mark(losses, best):
    picture, _ = compose("d_loss", [Curves(losses, COLOUR, True, best)], PlotSettings(), True, 60, 13)
    assert rows_with_a_mark(picture) == []


def test_a_mark_that_is_zoomed_out_of_sight_is_left_out(losses):
    look = PlotSettings(x=(4.0, 5.0))
    picture, (_, high) = compose("d_loss", [Curves(losses, COLOUR, True, BEST)], look, True, 60, 13)
    assert rows_with_a_mark(picture) == [] and high < 3


def test_scores_lie_over_the_epochs_of_the_losses(losses):
    scores = Scores({(0, 0): 900.0, (0, 1): 90.0, (1, 1): 95.0, (1, 3): 50.0}, 2000, "j", BEST)
    picture, (low, high) = compose_scores(
        [(scores, Curves(losses, COLOUR, True, BEST))], PlotSettings(gan=1), True, 60, 13
    )
    assert low < 50 < 95 < high < 900, "epoch 0 is no epoch of the plot"
    assert rows_with_a_mark(picture) == [10]
    beside, _ = compose("d_loss", [Curves(losses, COLOUR, True, BEST)], PlotSettings(), True, 60, 13)
    assert column(picture) == column(beside)


def test_a_median_is_of_half_of_the_judged_gans_or_more(losses):
    judged = {(gan, 1): 90.0 + gan for gan in range(3)} | {(0, 2): 5.0, (0, 9): 40.0, (2, 9): 60.0}
    history = ScoreHistory.of_scores(Scores(judged, 2000), losses)
    assert history.values.shape == (3, 9, 1)
    median = history.spread(SCORE)[2]
    assert np.flatnonzero(np.isfinite(median)).tolist() == [0, 8]
    assert (median[0], median[8]) == (91.0, 50.0)
    assert history.of(SCORE)[0, 1] == 5.0
