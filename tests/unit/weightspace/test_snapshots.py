import numpy as np
import pytest
import torch

from gangan_cli.errors import ConfigurationError
from gangan_cli.weightspace import sources
from gangan_cli.weightspace.snapshots import select, summarise
from gangan_cli.weightspace.sources import ArrayExamples, ArraySource, SnapshotExamples, SnapshotSource
from store import Run
from tests.runs import numbers, small_manifest

KEYS = np.array([(gan, epoch) for gan in range(4) for epoch in (10, 20, 30)])


@pytest.mark.parametrize(
    ("gans", "epochs", "expected"),
    [
        ("", "", KEYS.tolist()),
        ("0,2-3", "30", [[0, 30], [2, 30], [3, 30]]),
        ("1-", "10", [[1, 10], [2, 10], [3, 10]]),
        (" 3 , 0", "10", [[0, 10], [3, 10]]),
    ],
)
def test_ranges_choose_rows_in_order(gans, epochs, expected):
    assert select(KEYS, gans, epochs).tolist() == expected


@pytest.mark.parametrize(
    ("gans", "epochs", "said"),
    [
        ("9", "", "no snapshot of GAN 9: the run has 0-3"),
        ("", "15", "no snapshot of epoch 15: the run has 10, 20, 30"),
        ("3-1", "", "range 3-1 is empty"),
        ("", "40-", "no snapshot of epoch 40: the run has 10, 20, 30"),
        ("2-9", "", "no snapshot of GAN 9"),
        ("x", "", "'x': give numbers"),
        ("-1", "", "'-1': give numbers"),
        ("1,,2", "", "give numbers"),
    ],
)
def test_what_is_not_there_or_not_a_range_is_named(gans, epochs, said):
    with pytest.raises(ConfigurationError, match=said):
        select(KEYS, gans, epochs)


def test_gans_and_epochs_that_are_there_but_not_together_are_named():
    lost_early = np.array([(0, 1), (0, 2), (1, 1)])
    with pytest.raises(ConfigurationError, match="no snapshot of GAN 1 at epoch 2"):
        select(lost_early, "1", "2")


def test_an_open_range_of_epochs_takes_those_there_are():
    every_fifth = np.array([(0, epoch) for epoch in range(5, 31, 5)])
    assert select(every_fifth, "", "17-")[:, 1].tolist() == [20, 25, 30]


def test_no_snapshots_at_all():
    with pytest.raises(ConfigurationError, match="no snapshots"):
        select(np.empty((0, 2), np.int64))


def test_summaries_are_short():
    assert summarise({0, 3, 4, 5}) == "0, 3-5"
    assert summarise(range(10, 101, 10)) == "10, 20 … 100"


def test_repeats_count_as_examples_and_give_the_same_rows():
    matrix = numbers(3, 4, 6)
    examples = ArraySource(matrix, repeat=35).load("cpu")
    assert len(examples) == 140
    picked = examples.batch(torch.tensor([[0, 4, 139]])).numpy()
    assert np.array_equal(picked[0], matrix[[0, 0, 3]])


def test_snapshots_come_the_same_from_memory_and_from_the_map(tmp_path, monkeypatch):
    vectors = numbers(4, 3, 10)
    with Run.create(tmp_path / "r", small_manifest()) as run:
        for epoch, row in enumerate(vectors, start=1):
            run.commit(epoch, [0], np.zeros((1, 2, 2)), row[None])
    keys = np.array([[0, 1], [0, 2], [0, 3]])
    source = SnapshotSource(tmp_path / "r", keys, repeat=2)
    indices = torch.tensor([[5, 1], [0, 3]])
    in_memory = source.load("cpu")
    monkeypatch.setattr(sources, "available", lambda: 0)
    mapped = source.load("cpu")
    assert isinstance(in_memory, ArrayExamples)
    assert isinstance(mapped, SnapshotExamples)
    assert len(in_memory) == len(mapped) == 6
    assert torch.equal(in_memory.batch(indices), mapped.batch(indices))
    assert np.array_equal(mapped.batch(indices)[0, 0].numpy(), vectors[2])


def test_initial_weights_are_selected_only_by_a_range_that_begins_with_them():
    keys = np.array([(0, 0), (0, 1), (0, 2)])
    assert select(keys)[:, 1].tolist() == select(keys, "0")[:, 1].tolist() == [1, 2]
    assert select(keys, "", "1-")[:, 1].tolist() == [1, 2]
    assert select(keys, "", "0-")[:, 1].tolist() == [0, 1, 2]
    assert select(keys, "", "0,2")[:, 1].tolist() == [0, 2]
