import numpy as np
import pytest
from scipy import stats

from gangan_cli.metrics.data_copying import z_u, z_u_by_cell, z_u_floor
from gangan_cli.metrics.distances import Distances, Reference, tenths_by_length


def distances(values, cells=None, gans=None):
    values = np.asarray(values, float)
    rows = np.arange(len(values))
    return Distances(
        values,
        np.zeros_like(rows) if cells is None else np.asarray(cells),
        rows if gans is None else np.asarray(gans),
    )


def of_gans(random, gans, cells=1, snapshots=5, spread=1.0, shift=0.0):
    """Return distances of `snapshots` a cell of GANs, each of which lies near or far as a whole."""
    base = 10 + spread * random.standard_normal(gans) + shift
    owners = np.repeat(np.arange(gans), cells * snapshots)
    inside = np.tile(np.repeat(np.arange(cells), snapshots), gans)
    return distances(base[owners] + 0.3 * random.standard_normal(len(owners)) + inside, inside, owners)


def test_three_against_two_by_hand():
    # Pairs in which the sample lies farther: 3 > 1, 3 > 2, and 2 = 2 for one half.
    found = z_u(np.array([0.5, 2, 3]), np.array([1.0, 2]))
    won = 0 + 1.5 + 2
    assert found == pytest.approx((won - 3 + 0.5) / (6 * 6 / 12) ** 0.5)


def test_it_is_the_mann_whitney_test_of_scipy(random):
    for _ in range(20):
        samples, held_out = (
            random.integers(0, 30, 40).astype(float),
            random.integers(3, 30, 25).astype(float),
        )
        won = stats.mannwhitneyu(samples, held_out).statistic
        expected = (won - 500 + 0.5) / (1000 * 66 / 12) ** 0.5
        assert z_u(samples, held_out) == pytest.approx(expected)
    samples, held_out = random.random(40), random.random(25)
    tail = stats.norm.cdf(z_u(samples, held_out))
    assert tail == pytest.approx(
        stats.mannwhitneyu(samples, held_out, alternative="less", method="asymptotic").pvalue
    )


def test_nearer_than_held_out_gans_is_below_zero():
    near, far = np.linspace(0, 1, 256), np.linspace(2, 3, 256)
    assert z_u(near, far) == z_u_floor(256, 256) == pytest.approx(-19.6, abs=0.03)
    assert z_u(far, near) == pytest.approx(19.6, abs=0.03)
    assert z_u_floor(256, 10) == pytest.approx(-5.4, abs=0.05)


def test_the_average_over_cells_by_hand(random):
    # Two GANs with two snapshots in cell 0 and one in cell 1; three samples in each.
    held_out = distances([1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 0, 1])
    training = of_gans(random, 4, cells=2)
    samples = distances([0, 2.5, 9, 0, 5.5, 5.5], [0, 0, 0, 1, 1, 1])
    found = z_u_by_cell(samples, Reference.of(held_out, training))
    first, second = 6 * (0 + 2 + 4) / 12, 6 * (0 + 1 + 1) / 6
    scale = (3 * 2 * (3 + 2 + 1) / 12) ** 0.5
    expected = [(won - 3 + 0.5) / scale for won in (first, second)]
    assert found.interval.estimate == pytest.approx(4 / 6 * expected[0] + 2 / 6 * expected[1])
    assert found.floor == pytest.approx(z_u_floor(3, 2))
    assert (found.cells, found.samples, found.gans, found.left_out) == (2, 6, 2, 0)


def test_snapshots_of_a_gan_count_once(random):
    few = of_gans(random, 10, snapshots=1)
    many = Distances(*(np.repeat(part, 100) for part in (few.values, few.cells, few.gans)))
    samples, training = distances(10 + random.standard_normal(30)), of_gans(random, 25)
    once, hundred = (z_u_by_cell(samples, Reference.of(some, training)) for some in (few, many))
    assert hundred.interval == once.interval
    assert hundred.interval.estimate == pytest.approx(z_u(samples.values, few.values))
    assert abs(z_u(samples.values, many.values)) > abs(once.interval.estimate)


def test_copies_give_the_floor_and_far_samples_the_opposite(random):
    reference = Reference.of(of_gans(random, 10, cells=4), of_gans(random, 25, cells=4))
    cells = np.tile(np.arange(4), 10)
    copies = z_u_by_cell(distances(np.zeros(40), cells), reference)
    assert copies.interval.estimate == copies.floor < copies.null_low < 0 < copies.null_high
    assert copies.p_near < 0.001
    assert copies.p_far == 1
    far = z_u_by_cell(distances(np.full(40, 99.0), cells), reference)
    assert far.interval.estimate > far.null_high
    assert far.p_far < 0.001


def test_samples_that_share_a_gan_are_judged_as_few(random):
    reference = Reference.of(of_gans(random, 10), of_gans(random, 25))
    values = 10 + random.standard_normal(5)[np.arange(60) % 5]
    alone = z_u_by_cell(distances(values), reference)
    together = z_u_by_cell(distances(values, gans=np.arange(60) % 5), reference)
    assert together.interval.estimate == alone.interval.estimate
    for width in ("interval", "null"):
        widths = [
            found.interval.high - found.interval.low
            if width == "interval"
            else found.null_high - found.null_low
            for found in (alone, together)
        ]
        assert widths[1] > 1.2 * widths[0]


def test_cells_with_few_held_out_gans_are_merged_and_those_with_few_samples_left_out(random):
    # All held-out GANs lie in tenths 0 and 4; two of them in 7, too.
    gans = np.concatenate([np.arange(10), np.arange(10), [0, 1]])
    held_out = distances(random.random(22) + 1, [0] * 10 + [4] * 10 + [7] * 2, gans)
    reference = Reference.of(held_out, of_gans(random, 5, cells=10))
    assert reference.cells == 2
    late = distances(np.zeros(20), np.full(20, 9))
    assert z_u_by_cell(late, reference).p_near < 0.01
    found = z_u_by_cell(distances(np.zeros(12), [0, 0] + [9] * 10), reference)
    assert (found.cells, found.samples, found.left_out) == (1, 10, 2)
    with pytest.raises(ValueError, match="2 samples: no cell of training holds 3"):
        z_u_by_cell(distances([1, 2]), reference)


def test_a_cell_that_few_gans_have_been_in_has_a_null_all_the_same(random):
    gans = np.concatenate([np.arange(10), [0, 1, 2]])
    held_out = distances(random.random(13) + 1, [0] * 10 + [5] * 3, gans)
    reference = Reference.of(held_out, distances(random.random(25) + 1))
    found = z_u_by_cell(distances(np.zeros(10), np.full(10, 5)), reference)
    assert found.cells == 1
    assert found.interval.estimate == found.floor
    assert np.isfinite([found.null_low, found.null_high, found.interval.low, found.interval.high]).all()
    assert found.null_low < 0 < found.null_high


def test_the_tenth_is_that_of_the_nearest_median_length():
    lengths, tenths = np.array([1.0, 2, 3, 11, 12, 13, 20]), np.array([0, 0, 0, 4, 4, 4, 9])
    assert tenths_by_length(np.array([0, 6.9, 7.1, 15.9, 16.1, 99]), lengths, tenths).tolist() == [
        0,
        0,
        4,
        4,
        9,
        9,
    ]


@pytest.mark.parametrize(
    ("values", "cells", "gans", "why"),
    [
        ([], [], [], "no distances"),
        ([1.0, 2], [0], [0, 1], "of one length"),
        ([1.0, np.nan], [0, 0], [0, 1], "finite"),
        ([1.0, -1], [0, 0], [0, 1], "0 or more"),
        ([1.0, 1], [0, -1], [0, 1], "cells must be 0 or more"),
    ],
)
def test_what_is_no_distance_is_refused(values, cells, gans, why):
    with pytest.raises(ValueError, match=why):
        Distances(np.array(values), np.array(cells, int), np.array(gans, int))


def test_one_gan_is_no_reference(random):
    one, many = of_gans(random, 1), of_gans(random, 5)
    with pytest.raises(ValueError, match="one held-out GAN"):
        Reference.of(one, many)
    with pytest.raises(ValueError, match="one training GAN"):
        Reference.of(many, one)
    with pytest.raises(ValueError, match="0 samples"):
        z_u(np.array([]), np.array([1.0]))
