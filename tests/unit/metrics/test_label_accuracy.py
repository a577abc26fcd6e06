import numpy as np
import pytest

from gangan_cli.metrics.label_accuracy import agreement

ASKED = np.arange(1000) % 10


def judged(classes, right=0.9):
    """Probabilities of a classifier that sees these classes, and the next in every tenth image."""
    seen = np.where(np.arange(len(classes)) % 7 < 7 * right, classes, (classes + 1) % 10)
    return np.eye(10, dtype=np.float32)[seen] * 0.9 + 0.01


def test_what_was_asked_for_is_what_is_seen():
    assert agreement(judged(ASKED, 1.0), ASKED, assigned=False).share == 1
    some = agreement(judged(ASKED, 5.5 / 7), ASKED, assigned=False)
    assert some.share == pytest.approx(6 / 7, abs=0.01)
    assert some.standard_error == pytest.approx((6 / 7 * 1 / 7 / 1000) ** 0.5, rel=0.02)


def test_classes_without_meaning_stand_for_what_fits_best():
    swapped = (3 * ASKED + 1) % 10
    assert agreement(judged(swapped, 1.0), ASKED, assigned=True).share == 1
    assert agreement(judged(swapped, 1.0), ASKED, assigned=False).share == 0
    # Two classes cannot stand for the same: half of what both make is wrong.
    merged = np.where(ASKED == 1, 0, ASKED)
    assert agreement(judged(merged, 1.0), ASKED, assigned=True).share == pytest.approx(0.9)
