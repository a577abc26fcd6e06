import numpy as np
import pytest

from gangan_cli.audit.alignment_report import alignment_report
from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.weightspace.alignment import Alignment
from store import Catalog
from store.keys import as_array


@pytest.fixture(scope="module")
def digits(trained):
    with Catalog(trained).open("a") as run:
        yield run


def aligned(run, keys, mode):
    return alignment_report(run, keys, Alignment.fit(run, keys, mode))


@pytest.mark.parametrize("mode", ["permute", "full"])
def test_real_gans_come_nearer_and_stay_themselves(digits, mode):
    found = aligned(digits, digits.keys(), mode)
    assert found.whole.after < found.whole.before
    assert found.whole.relative < 1
    assert list(found.layers) == [
        f"{network}.{layer}"
        for network in ("discriminator", "generator")
        for layer in ("input", "hidden", "out")
    ]
    assert max(found.generator_change, found.discriminator_change) < 1e-5


def test_distances_are_those_of_the_vectors(digits):
    found = aligned(digits, digits.keys(), "none")
    apart = [np.linalg.norm(digits.snapshot(0, e) - digits.snapshot(1, e)) for e in (1, 2, 3)]
    norms = np.linalg.norm(digits.matrix()[0], axis=1)
    assert found.whole.before == found.whole.after == pytest.approx(np.median(apart), rel=1e-5)
    assert found.whole.norm_before == pytest.approx(np.median(norms), rel=1e-5)
    assert (found.whole.relative, found.generator_change) == (1, 0)
    place = slice(784 * 64 + 64, 784 * 64 + 64 + 64 * 64 + 64)
    hidden = [np.linalg.norm((digits.snapshot(0, e) - digits.snapshot(1, e))[place]) for e in (1, 2, 3)]
    assert found.layers["discriminator.hidden"].before == pytest.approx(np.median(hidden), rel=1e-5)


def test_gans_of_different_epochs_are_not_compared(digits):
    with pytest.raises(ConfigurationError, match="no two GANs"):
        aligned(digits, as_array([(0, 1), (1, 2)]), "full")


def test_a_frame_that_changes_what_a_gan_computes_is_found_out(digits, monkeypatch):
    right = Alignment.apply

    def wrong(self, vectors, gans):
        changed = right(self, vectors, gans)
        changed[:, 100] += 1
        return changed

    monkeypatch.setattr(Alignment, "apply", wrong)
    with pytest.raises(WorkFailed, match="changed the output of a discriminator"):
        aligned(digits, digits.keys(), "permute")


def test_only_the_snapshots_asked_for_count(digits):
    keys = as_array([(0, 3), (1, 3)])
    apart = np.linalg.norm(digits.snapshot(0, 3) - digits.snapshot(1, 3))
    assert aligned(digits, keys, "permute").whole.before == pytest.approx(apart, rel=1e-5)
