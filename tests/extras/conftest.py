import pytest

from tests.unit.metrics.conftest import features, random

__all__ = ["features", "random"]


@pytest.fixture(scope="session")
def torchmetrics():
    for kind in ("fid", "inception", "kid"):
        pytest.importorskip(f"torchmetrics.image.{kind}")
    return pytest.importorskip("torchmetrics.image")


@pytest.fixture(scope="session")
def prdc():
    return pytest.importorskip("prdc")
