"""Principal components, as coordinates and as directions with lengths."""

import numpy as np
import pytest

from gangan_cli.errors import ConfigurationError
from gangan_cli.weightspace import pca as module
from gangan_cli.weightspace.pca import PrincipalComponents
from tests.runs import numbers, run_of


def fit(folder, vectors, components, polar=False):
    with run_of(folder / "r", vectors) as run:
        return PrincipalComponents.fit(run, run.keys(), components, polar)


def test_all_components_rebuild_the_vectors_exactly_enough(tmp_path):
    vectors = numbers(0, 12, 300)
    code, codes = fit(tmp_path, vectors, 50)
    assert codes.shape == (12, 11)  # twelve points span eleven dimensions
    np.testing.assert_allclose(code.decode(codes), vectors, atol=2e-5)
    np.testing.assert_allclose(code.codes(code.project(vectors)), codes, atol=2e-4)


def test_rounding_makes_no_axis(tmp_path):
    vectors = 100 + 0.01 * numbers(0, 8, 300)  # whose mean float32 cannot hold
    _, codes = fit(tmp_path, vectors, 50)
    assert codes.shape == (8, 7)


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
    np.testing.assert_allclose(code.codes(code.project(vectors)), codes, atol=1e-3)
    np.testing.assert_allclose(code.decode(codes.reshape(3, 4, -1))[2, 1], vectors[9], atol=1e-3)


def test_in_a_polar_code_the_length_is_a_number_of_its_own(tmp_path):
    vectors = numbers(0, 12, 300)
    code, codes = fit(tmp_path, vectors, 50, polar=True)
    np.testing.assert_allclose([codes[:, -1].mean(), codes[:, -1].std()], [0, 3], atol=1e-3)
    twice = code.codes(code.project(2 * (vectors - code.mean) + code.mean))
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
