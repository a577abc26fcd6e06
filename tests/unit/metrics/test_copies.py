import numpy as np
import pytest
from scipy import stats

from gangan_cli.metrics.copies import clopper_pearson, share_of_copies
from gangan_cli.metrics.distances import Distances, Reference


def of_gans(random, gans, snapshots=10, spread=1.0):
    """Return distances of GANs' snapshots in two cells; each GAN lies near or far as a whole."""
    base = 20 + spread * random.standard_normal(gans)
    owners, cells = np.repeat(np.arange(gans), 2 * snapshots), np.tile(np.arange(2), gans * snapshots)
    return Distances(base[owners] + random.standard_normal(len(owners)) + 5 * cells, cells, owners)


def of_samples(values, cells=None, gans=None):
    values = np.asarray(values, float)
    rows = np.arange(len(values))
    return Distances(values, rows % 2 if cells is None else cells, rows if gans is None else gans)


def new_gans(random, n):
    all_of_them = of_gans(random, n)
    return all_of_them.picked(np.arange(len(all_of_them.values)) % 20 == random.integers(20))


def test_the_bar_is_the_quantile_of_the_held_out_distances_of_the_cell(random):
    values = np.concatenate([np.arange(1.0, 201), np.arange(1001.0, 1201)])
    gans = np.tile(np.arange(10), 40)
    held_out = Distances(values, np.repeat([0, 1], 200), gans)
    reference = Reference.of(held_out, held_out)
    samples = of_samples([1.9, 2, 500, 1001.9, 1002, 3], np.array([0, 0, 0, 1, 1, 1]))
    found = share_of_copies(samples, reference)
    assert found.which.tolist() == [True, False, False, True, False, True]
    assert found.share == clopper_pearson(3, 6)
    assert share_of_copies(samples, reference, quantile=0.02).which[1]


def test_the_interval_is_scipys(random):
    for found, of in ((0, 64), (13, 64), (64, 64), (1, 2)):
        exact = stats.binomtest(found, of).proportion_ci(0.95, "exact")
        mine = clopper_pearson(found, of)
        assert (mine.estimate, mine.low, mine.high) == pytest.approx((found / of, exact.low, exact.high))


def test_twenty_percent_of_exact_copies_are_found_and_named(random):
    reference = Reference.of(of_gans(random, 10), of_gans(random, 25))
    samples = new_gans(random, 64)
    samples.values[:13] = 0
    found = share_of_copies(samples, reference)
    assert found.share.estimate >= 13 / 64 > found.usual
    assert found.p < 0.01
    assert np.flatnonzero(found.each <= 0.05).tolist() == list(range(13))


def test_one_exact_copy_is_named_though_its_share_is_usual(random):
    reference = Reference.of(of_gans(random, 10), of_gans(random, 25))
    samples = new_gans(random, 64)
    samples.values[5] = 1e-4
    found = share_of_copies(samples, reference)
    assert found.p > 0.05
    assert np.flatnonzero(found.each <= 0.05).tolist() == [5]


def test_samples_of_one_gan_count_as_one(random):
    reference = Reference.of(of_gans(random, 10, spread=3), of_gans(random, 25, spread=3))
    values = np.where(np.arange(60) < 15, 0, 15.0)
    alone = share_of_copies(of_samples(values), reference)
    together = share_of_copies(of_samples(values, gans=np.arange(60) // 15), reference)
    assert together.share == alone.share
    assert together.usual > alone.usual
    assert together.p > alone.p


def test_where_held_out_snapshots_are_copies_themselves_nothing_is_nearer(random):
    training, held_out = of_gans(random, 5), of_gans(random, 5)
    held_out.values[:] = 0
    found = share_of_copies(of_samples(np.zeros(8)), Reference.of(held_out, training))
    assert found.share.estimate == 0
    assert found.p == 1
    assert (found.each > 0.05).all()


def test_what_is_no_quantile_or_share_is_refused(random):
    reference = Reference.of(of_gans(random, 5), of_gans(random, 5))
    with pytest.raises(ValueError, match="quantile 1"):
        share_of_copies(of_samples([1, 2]), reference, quantile=1)
    with pytest.raises(ValueError, match="3 of 2"):
        clopper_pearson(3, 2)
