import numpy as np
import pytest

from gangan_cli.metrics import pairwise


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.fixture
def features(random):
    """Features as a classifier gives them: correlated, not negative, some of them dead."""
    mixture = random.standard_normal((8, 32))
    mixture[:, :3] = 0

    def drawn(count, shift=0.0):
        noise = 0.3 * random.standard_normal((count, 32))
        noise[:, :3] = 0
        raw = np.tanh(random.standard_normal((count, 8)) + shift) @ mixture + noise
        return np.maximum(raw, 0).astype(np.float32)

    return drawn


@pytest.fixture
def small_blocks(monkeypatch):
    """Call it to have all pairs looked at three rows of 100 at a time, or fewer."""
    return lambda: monkeypatch.setattr(pairwise, "BLOCK", 1200)
