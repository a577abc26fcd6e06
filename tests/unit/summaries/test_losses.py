import numpy as np

from gangan_cli.summaries.losses import LossHistory, quantiles
from store import Run
from tests.runs import small_manifest


def commit(run: Run, epoch: int, gans: list[int], seed: int) -> np.ndarray:
    losses = np.random.default_rng(seed).random((len(gans), 2, 2))
    run.commit(epoch, gans, losses)
    return losses


def test_a_history_grows_by_what_a_training_adds_and_reads_only_that(tmp_path):
    with Run.create(tmp_path / "r", small_manifest()) as run:
        first = commit(run, 1, [0, 1], 1)
        history = LossHistory.read(run)
        assert history.extended(run) is history
        second = commit(run, 2, [1], 2)
        longer = history.extended(run)
    assert longer.names == ("g_loss", "d_loss")
    assert longer.epochs.tolist() == [1, 2]
    assert longer.done.tolist() == [1, 2]
    assert longer.of("d_loss")[:, 0].tolist() == first[:, 1, 0].tolist()
    assert longer.of("g_loss")[1, 1] == second[0, 0, 0]
    assert np.isnan(longer.of("g_loss")[0, 1])
    assert history.epochs.tolist() == [1]


def test_a_run_without_an_epoch_has_an_empty_history(tmp_path):
    with Run.create(tmp_path / "r", small_manifest()) as run:
        history = LossHistory.read(run)
    assert history.done.tolist() == [0, 0]
    assert history.spread("g_loss").shape == (5, 0)


def test_gans_keep_the_numbers_they_had_before_an_import(tmp_path):
    with Run.create(tmp_path / "r", small_manifest(gans=1)) as run:
        commit(run, 1, [4], 1)
        history = LossHistory.read(run)
    assert history.done.tolist() == [0, 0, 0, 0, 1]


def test_the_spread_is_numpys_quantiles_over_the_gans_that_are_there():
    values = np.random.default_rng(0).random((7, 40))
    values[3, 10:] = np.nan
    values[:5, 30:] = np.nan
    expected = np.nanquantile(values, [0, 0.25, 0.5, 0.75, 1], axis=0)
    np.testing.assert_allclose(quantiles(values), expected)
    assert np.isnan(quantiles(np.full((2, 3), np.nan))).all()


def test_losses_after_an_epoch_are_those_that_follow_it(tmp_path):
    with Run.create(tmp_path / "r", small_manifest()) as run:
        for epoch in (1, 2, 3):
            commit(run, epoch, [0, 1], epoch)
        _, keys = run.losses(after={0: 1, 1: 3})
        assert keys.tolist() == [[0, 2], [0, 3]]
        _, one = run.losses(after={0: 0, 1: 1}, limit=1)
        assert one.tolist() == [[0, 1], [1, 2]]
        progress = run.progress()
        assert (progress.done, progress.snapshots) == (6, 0)
        assert {gan: epoch for gan, (epoch, _) in progress.last.items()} == {0: 3, 1: 3}


def test_trends_are_rank_correlations_with_the_epochs_of_the_middle_gan():
    falls, rises, neither = [5.0, 4, 2, 1], [0.1, 0.2, 0.3, 9], [1.0, 3, 2, 1]
    unknown = [np.nan] * 4
    values = np.array([[falls, rises], [falls, neither], [falls, rises], [unknown, unknown]])
    history = LossHistory(("d_loss", "g_loss"), values.transpose(0, 2, 1))
    assert history.trends() == {"d_loss": -1, "g_loss": 1}
    assert LossHistory(("d_loss",), values[:, :1, :2].transpose(0, 2, 1)).trends() == {}
