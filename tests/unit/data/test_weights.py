import numpy as np
import pytest
import torch

from gangan_cli.data import weights as module
from gangan_cli.data.weights import (
    Codes,
    PrincipalComponents,
    StoredExamples,
    StoredVectors,
    VectorExamples,
    select,
    summarise,
)
from gangan_cli.errors import ConfigurationError
from store import Run
from tests.conftest import numbers, run_of, small_manifest

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


def test_an_open_range_of_epochs_takes_those_there_are():
    every_fifth = np.array([(0, epoch) for epoch in range(5, 31, 5)])
    assert select(every_fifth, "", "17-")[:, 1].tolist() == [20, 25, 30]


def test_no_snapshots_at_all():
    with pytest.raises(ConfigurationError, match="no snapshots"):
        select(np.empty((0, 2), np.int64))


def test_summaries_are_short():
    assert summarise({0, 3, 4, 5}) == "0, 3-5"
    assert summarise(range(10, 101, 10)) == "10, 20 … 100"


def fit(folder, vectors, components, polar=False):
    with run_of(folder / "r", vectors) as run:
        return PrincipalComponents.fit(run, run.keys(), components, polar)


def test_all_components_rebuild_the_vectors_exactly_enough(tmp_path):
    vectors = numbers(0, 12, 300)
    code, codes = fit(tmp_path, vectors, 50)
    assert codes.shape == (12, 11)  # twelve points span eleven dimensions
    np.testing.assert_allclose(code.decode(codes), vectors, atol=2e-5)
    np.testing.assert_allclose(code.encode(vectors), codes, atol=2e-4)


def test_codes_are_half_standardised_and_axes_orthonormal(tmp_path):
    scales = np.linspace(10, 1, 40, dtype=np.float32)
    vectors = numbers(1, 500, 40) * scales
    code, codes = fit(tmp_path, vectors, 5)
    spread = ((vectors - code.mean) @ code.basis.T).std(0)
    np.testing.assert_allclose(codes.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(codes.std(0), np.sqrt(spread / spread.mean()), rtol=1e-3)
    np.testing.assert_allclose(code.basis @ code.basis.T, np.eye(5), atol=1e-4)
    assert (np.diff(code.scale) <= 0).all()


def test_polar_codes_rebuild_the_vectors_too(tmp_path):
    vectors = numbers(0, 12, 300) * np.linspace(1, 5, 12, dtype=np.float32)[:, None]
    code, codes = fit(tmp_path, vectors, 50, polar=True)
    assert codes.shape == (12, 12)
    np.testing.assert_allclose(code.decode(codes), vectors, atol=1e-3)
    np.testing.assert_allclose(code.encode(vectors), codes, atol=1e-3)
    np.testing.assert_allclose(code.decode(codes.reshape(3, 4, -1))[2, 1], vectors[9], atol=1e-3)


def test_in_a_polar_code_the_length_is_a_number_of_its_own(tmp_path):
    vectors = numbers(0, 12, 300)
    code, codes = fit(tmp_path, vectors, 50, polar=True)
    np.testing.assert_allclose([codes[:, -1].mean(), codes[:, -1].std()], [0, 3], atol=1e-3)
    twice = code.encode(2 * (vectors - code.mean) + code.mean)
    np.testing.assert_allclose(twice[:, :-1], codes[:, :-1], atol=1e-3)
    assert np.ptp(twice[:, -1] - codes[:, -1]) < 1e-3 and (twice[:, -1] > codes[:, -1]).all()
    # A generated direction need not have the right length; it is given it.
    off = codes * np.append(np.full(11, 3, np.float32), 1)
    np.testing.assert_allclose(code.decode(off), vectors, atol=1e-3)


def test_the_first_axis_is_the_one_of_largest_variance(tmp_path):
    vectors = numbers(2, 200, 30)
    vectors[:, 7] *= 50
    code, _ = fit(tmp_path, vectors, 1)
    assert np.abs(code.basis[0]).argmax() == 7


def test_equal_vectors_cannot_be_modelled(tmp_path):
    with pytest.raises(ConfigurationError, match="all alike"):
        fit(tmp_path, np.ones((5, 8), np.float32), 3)


def test_the_code_is_the_same_however_little_is_in_memory_at_once(tmp_path, monkeypatch):
    vectors = numbers(5, 40, 300) * np.linspace(1, 9, 300, dtype=np.float32)
    whole, codes = fit(tmp_path / "whole", vectors, 6)
    monkeypatch.setattr(module, "BLOCK", 4 * 300 * 3)  # three vectors
    some, same = fit(tmp_path / "some", vectors, 6)
    np.testing.assert_allclose(some.mean, whole.mean, atol=1e-6)
    np.testing.assert_allclose(np.abs(same), np.abs(codes), atol=1e-3)


def test_of_very_many_snapshots_some_give_the_axes_and_all_have_codes(tmp_path, monkeypatch):
    vectors = numbers(6, 90, 4) @ numbers(7, 4, 200)  # four dimensions hold all there is
    monkeypatch.setattr(module, "AXES_FROM", 30)
    code, codes = fit(tmp_path, vectors, 4)
    assert codes.shape == (90, 4)
    np.testing.assert_allclose(code.decode(codes), vectors, atol=1e-3)


def test_repeats_count_as_examples_and_give_the_same_rows():
    matrix = numbers(3, 4, 6)
    examples = Codes(matrix, repeat=35).load("cpu")
    assert len(examples) == 140
    picked = examples.batch(torch.tensor([[0, 4, 139]])).numpy()
    assert np.array_equal(picked[0], matrix[[0, 0, 3]])


def test_snapshots_come_the_same_from_memory_and_from_the_map(tmp_path, monkeypatch):
    vectors = numbers(4, 3, 10)
    with Run.create(tmp_path / "r", small_manifest()) as run:
        for epoch, row in enumerate(vectors, start=1):
            run.commit(epoch, [0], np.zeros((1, 2, 2)), row[None])
    keys = np.array([[0, 1], [0, 2], [0, 3]])
    source = StoredVectors(tmp_path / "r", keys, repeat=2)
    indices = torch.tensor([[5, 1], [0, 3]])
    in_memory = source.load("cpu")
    monkeypatch.setattr(module, "available", lambda: 0)
    mapped = source.load("cpu")
    assert isinstance(in_memory, VectorExamples)
    assert isinstance(mapped, StoredExamples)
    assert len(in_memory) == len(mapped) == 6
    assert torch.equal(in_memory.batch(indices), mapped.batch(indices))
    assert np.array_equal(mapped.batch(indices)[0, 0].numpy(), vectors[2])
