"""The audit's instrument itself: made-up populations whose truth is known.

Each rate is printed and must lie in the binomial 99 % interval of what it should be: 10 simulations,
or 200 with --thorough, as in `make test-faults`.
"""

import numpy as np
import pytest
from scipy.stats import binom

from gangan_cli.metrics import copies, data_copying
from gangan_cli.metrics.copies import share_of_copies
from gangan_cli.metrics.data_copying import z_u_by_cell
from gangan_cli.metrics.dispersion import Spread, dispersion
from gangan_cli.metrics.order import order_test
from tests.unit.metrics.made_up import (
    AXIS,
    averages,
    halfway,
    jittered,
    new_gans,
    population,
    smooth,
)

LEVEL = 0.05
"""Of all tests."""

SAMPLES = 64


@pytest.fixture
def thorough(pytestconfig):
    return pytestconfig.getoption("--thorough")


@pytest.fixture
def populations(random, thorough, monkeypatch):
    """Populations to look at, one after the other."""
    if not thorough:
        monkeypatch.setattr(copies, "SIMULATIONS", 200)
        monkeypatch.setattr(data_copying, "SIMULATIONS", 500)
        monkeypatch.setattr(data_copying, "RESAMPLES", 100)
    sizes = (25, 10, 40) if thorough else (8, 4, 20)
    return lambda count: (population(random, *sizes) for _ in range(count))


def checked(what, found, nominal=LEVEL, at_most=False):
    """Print a rate, and hold it against the nominal one. Tests that count are only at most nominal."""
    count, hits = len(found), int(np.sum(found))
    low, high = binom.ppf([0.005, 0.995], count, nominal)
    print(
        f"{what}: {hits} of {count} = {hits / count:.3f} (nominal {nominal:g}: {low:.0f} to {high:.0f})"
    )
    assert hits <= high, what
    assert at_most or hits >= low, what


def found_as_mixtures(made, samples):
    """Return p of how many samples lie nearer to mixtures of one GAN, and of several, than new GANs."""
    residuals = made.residuals(samples)
    return [
        share_of_copies(made.with_cells(getattr(residuals, what)[0], samples), reference).p
        for what, reference in made.mixtures.items()
    ]


def test_new_gans_are_called_copies_or_mixtures_at_the_nominal_rate(random, populations, thorough):
    count, samplers = (200, 5) if thorough else (10, 1)
    found = np.empty((count, samplers, 8), bool)
    for number, made in enumerate(populations(count)):
        training = Spread(made.snapshots, made.gans)
        for sampler in range(samplers):
            samples = new_gans(random, SAMPLES, made.training.shape[1])
            distances = made.distances(samples)
            z, share = z_u_by_cell(distances, made.reference), share_of_copies(distances, made.reference)
            spread = dispersion(Spread(samples), training)
            found[number, sampler] = (
                not z.null_low <= z.interval.estimate <= z.null_high,
                z.p_near <= LEVEL,
                share.p <= LEVEL,
                (share.each <= LEVEL).any(),
                *(p <= LEVEL for p in found_as_mixtures(made, samples)),
                not z.interval.low <= 0 <= z.interval.high,
                not spread.low <= 1 <= spread.high,
            )
    for sampler in range(samplers):
        of = found[:, sampler].T
        checked(f"true sampler {sampler}, Z_U outside of its null's range", of[0])
        checked(f"true sampler {sampler}, Z_U near", of[1])
        checked(f"true sampler {sampler}, share of copies", of[2], at_most=True)
        checked(f"true sampler {sampler}, any copy named", of[3], at_most=True)
        checked(f"true sampler {sampler}, mixtures of one GAN", of[4], at_most=True)
        checked(f"true sampler {sampler}, mixtures of several GANs", of[5], at_most=True)
    missed = found[..., 6:].mean(axis=(0, 1))
    print(f"intervals that miss the truth: Z_U {missed[0]:.3f}, dispersion {missed[1]:.3f}")


def test_exact_copies_among_new_gans_are_found_and_named(random, populations, thorough):
    shares, named, one = [], [], []
    for made in populations(50 if thorough else 3):
        samples = new_gans(random, SAMPLES, made.training.shape[1])
        of = random.permutation(SAMPLES)[: SAMPLES // 5]
        samples[of] = made.snapshots[random.integers(len(made.snapshots), size=len(of))]
        found = share_of_copies(made.distances(samples), made.reference)
        shares.append(found.p <= LEVEL)
        named.append(np.isin(of, np.flatnonzero(found.each <= LEVEL)).mean())
        samples = new_gans(random, SAMPLES, made.training.shape[1])
        samples[7] = made.snapshots[3]
        one.append(share_of_copies(made.distances(samples), made.reference).each[7] <= LEVEL)
    print(f"20 % exact copies: found by their share in {np.mean(shares):.2f}")
    print(f"named: {np.mean(named):.3f} of them, and {np.mean(one):.2f} of single ones")
    assert np.mean(named) == np.mean(one) == 1
    assert not thorough or np.mean(shares) >= 0.7


def test_noise_of_half_an_epoch_step_does_not_hide_copies(random, populations, thorough):
    near, shares, all_named = [], [], []
    for made in populations(50 if thorough else 3):
        distances = made.distances(jittered(made, random, SAMPLES))
        z, share = z_u_by_cell(distances, made.reference), share_of_copies(distances, made.reference)
        near.append(z.p_near)
        shares.append(share.p)
        all_named.append((share.each <= LEVEL).mean())
    print(
        f"half a step: Z_U p {max(near):.4f}, share p {max(shares):.4f}, named {np.mean(all_named):.3f}"
    )
    assert max(*near, *shares) <= LEVEL
    assert np.mean(all_named) >= 0.5


def test_averages_and_points_between_gans_are_found_as_mixtures(random, populations, thorough):
    of_one, of_several = [], []
    for made in populations(50 if thorough else 3):
        of_one.append(found_as_mixtures(made, averages(made, random, SAMPLES))[0])
        of_several.append(found_as_mixtures(made, halfway(made, random, SAMPLES))[1])
    print(f"p of averages {max(of_one):.4f} at most, of points between two GANs {max(of_several):.4f}")
    assert max(*of_one, *of_several) <= LEVEL


@pytest.mark.parametrize("scale", [1.5, 1.0, 0.5, 0.25])
def test_smooth_random_curves_are_called_ordered_at_most_at_the_nominal_rate(random, thorough, scale):
    count = 200 if thorough else 10
    for noise in (0.0, 0.1):
        curves = smooth(random, scale, count, noise)
        found = [order_test(AXIS, curve, simulations=1000).p <= LEVEL for curve in curves]
        checked(f"smooth curves of length scale {scale:g}, noise {noise:g}", found, at_most=True)
