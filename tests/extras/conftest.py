from tests.unit.metrics.conftest import features, random

__all__ = ["features", "random"]
