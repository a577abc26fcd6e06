"""What the fault tests share: their length, and a store."""

import pytest

from store import Catalog


@pytest.fixture
def thorough(request) -> bool:
    """Whether to take the time that `make test-faults` takes."""
    return request.config.getoption("--thorough")


@pytest.fixture
def catalog(tmp_path):
    return Catalog(tmp_path / "store")
