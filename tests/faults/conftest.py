"""What the fault tests share: their length, a store, and a run that nothing disturbed."""

from pathlib import Path

import pytest

from store import Catalog
from tests.conftest import gangan


@pytest.fixture
def thorough(request) -> bool:
    """Whether to take the time that `make test-faults` takes."""
    return request.config.getoption("--thorough")


@pytest.fixture
def catalog(tmp_path):
    return Catalog(tmp_path / "store")


COMMAND = ["train-gans", "--run", "r", "--dataset", "mnist5k", "--gans", 2, "--epochs", 14,
           "--batch-size", 256]  # fmt: skip


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory) -> Path:
    """A store with what COMMAND makes when nothing disturbs it: 28 snapshots, 13 MB."""
    store = tmp_path_factory.mktemp("undisturbed")
    assert gangan(*COMMAND, "--store", store).code == 0
    return store
