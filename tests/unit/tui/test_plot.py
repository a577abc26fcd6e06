import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from gangan_cli.tui.curves import extent
from gangan_cli.tui.widgets.plot import Band, Curve, Frame, Mark, draw, envelope, hull, smooth, ticks

INK, RED, BLUE = (130, 138, 148), (200, 20, 30), (0, 0, 80)


@pytest.mark.parametrize(
    ("low", "high", "count", "expected"),
    [
        (0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (1, 90, 5, [20, 40, 60, 80]),
        (-0.3, 0.7, 2, [0, 0.5]),
        (0.6931, 0.6939, 4, [0.6932, 0.6934, 0.6936, 0.6938]),
        (1, 250_000, 3, [100_000, 200_000]),
    ],
)
def test_ticks_are_the_round_numbers_of_a_range(low, high, count, expected):
    assert ticks(low, high, count) == pytest.approx(expected, abs=1e-12)


@given(st.floats(-1e4, 1e4), st.floats(1e-4, 1e6), st.integers(3, 20))
def test_ticks_lie_within_the_range_evenly_and_are_about_as_many_as_asked_for(low, span, count):
    found = ticks(low, low + span, count)
    assert count // 2.5 <= len(found) <= count + 2
    assert low - span * 1e-6 <= found[0] <= found[-1] <= low + span * (1 + 1e-6)
    steps = np.diff(found)
    assert steps == pytest.approx(steps[:1].repeat(len(steps)), rel=1e-6)


@pytest.mark.parametrize("range", [(0.1, 4.3), (0.51, 0.94), (10.5, 14.7)])
def test_even_the_smallest_axis_has_a_number_on_it(range):
    assert ticks(*range, 2)


def test_ticks_of_a_logarithmic_axis_are_powers_of_ten_no_more_than_asked_for():
    assert ticks(0.009, 150, 9, log=True) == pytest.approx([0.01, 0.1, 1, 10, 100])
    assert ticks(1e-8, 1e8, 4, log=True) == pytest.approx([1e-8, 1e-3, 1e2, 1e7])


def test_a_logarithmic_axis_shorter_than_two_powers_of_ten_has_round_numbers():
    assert ticks(0.5, 3, 4, log=True) == [1, 2, 3]


def series(values):
    return np.arange(1.0, len(values) + 1), np.array(values)


values = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(np.nan)), min_size=1, max_size=300)


def of_spans(x, starts):
    """Return which of the spans that begin at `starts` each x lies in."""
    return np.searchsorted(starts, x, side="right") - 1


@given(values, st.integers(1, 20), st.integers(0, 99))
def test_an_envelope_keeps_the_extremes_of_all_it_leaves_out(y, width, seed):
    x, y = series(y)
    x += np.random.default_rng(seed).random(len(x)).cumsum() * 5
    there = ~np.isnan(y)
    spans, found = envelope(x, y, width)
    assert len(found) == len(spans) <= 2 * width
    assert set(found) <= set(y[there])
    if there.sum() <= 2 * width:
        assert spans.tolist() == x[there].tolist()
        assert found.tolist() == y[there].tolist()
    else:
        place = of_spans(x[there], spans[::2])
        assert (found[::2][place] <= y[there]).all()
        assert (found[1::2][place] >= y[there]).all()


def test_no_peak_of_a_long_series_is_lost():
    x, y = series(np.random.default_rng(0).random(100_000))
    y[[17, 50_003, 99_999]] = 3, -2, 4
    spans, found = envelope(x, y, 200)
    assert {3, -2, 4} <= set(found)
    assert len(found) == 400
    assert abs(spans[found.tolist().index(-2)] - 50_003) <= 500


@given(values, st.integers(1, 20))
def test_the_hull_of_a_band_holds_the_band(low, width):
    x, low = series(low)
    high = low + np.random.default_rng(0).random(len(low))
    there = ~np.isnan(low)
    found = hull(Band(x, low, high, RED), width)
    assert len(found.x) == len(found.low) == len(found.high) <= min(width, there.sum())
    assert set(found.low) <= set(low)
    assert set(found.high) <= set(high)
    if there.any():
        place = of_spans(x[there], found.x)
        assert (found.low[place] <= low[there]).all()
        assert (found.high[place] >= high[there]).all()


@pytest.mark.parametrize("weight", [0.6, 0.9, 0.97])
@pytest.mark.parametrize("length", [1, 64, 65, 300])
@pytest.mark.parametrize("gaps", [False, True])
def test_smoothing_is_the_moving_average_corrected_for_its_start(weight, length, gaps):
    random = np.random.default_rng(length)
    y = random.standard_normal(length)
    y[random.random(length) < gaps * 0.3] = np.nan
    average, count, expected = 0.0, 0, []
    for value in y:
        if np.isnan(value):
            expected.append(np.nan)
            continue
        count += 1
        average = weight * average + (1 - weight) * value
        expected.append(average / (1 - weight**count))
    before = y.copy()
    np.testing.assert_allclose(smooth(y, weight), expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(y, before)


def test_without_weight_or_values_smoothing_changes_nothing():
    y = np.array([1.0, np.nan, 3.0])
    np.testing.assert_array_equal(smooth(y, 0), y)
    assert np.isnan(smooth(np.full(3, np.nan), 0.9)).all()
    assert smooth(np.zeros(0), 0.9).size == 0


def frame(width=60, height=13, x=(1.0, 50.0), y=(0.0, 1.0), log=False):
    return Frame(width, height, x, y, log, INK)


def cells(text, part):
    """Return the (foreground or background) colour of each cell, by line."""
    colours = [None] * len(text)
    for span in text.spans:
        colour = getattr(span.style, part) if isinstance(span.style, Style) else None
        if colour is not None:
            colours[span.start : span.end] = [tuple(colour.triplet)] * (span.end - span.start)
    lines, first = [], 0
    for line in text.plain.split("\n"):
        lines.append(colours[first : first + len(line)])
        first += len(line) + 1
    return lines


def rows_of(text, colour, part="color"):
    return [row for row, line in enumerate(cells(text, part)) if colour in line]


X = np.arange(1.0, 51.0)


@pytest.mark.parametrize(("width", "height"), [(60, 12), (20, 5), (10, 3), (200, 50)])
@pytest.mark.parametrize("log", [False, True])
def test_a_plot_has_the_size_of_its_frame(width, height, log):
    y = np.linspace(0.01, 1, 50)
    picture = draw(frame(width, height, y=(0.01, 1), log=log), [Curve(X, y, RED)], [Band(X, y, y, BLUE)])
    assert [len(line) for line in picture.plain.split("\n")] == [width] * height


def test_a_plot_without_a_curve_is_its_axes():
    lines = draw(frame(), []).plain.split("\n")
    assert len(lines) == 13
    assert [line.split("┤")[0].strip() for line in lines if "┤" in line] == ["1", "0.5", "0"]
    assert lines[-1].split() == ["20", "40"]


def test_a_curve_rises_from_the_lowest_to_the_highest_line():
    picture = draw(frame(), [Curve(X, np.linspace(0, 1, 50), RED)])
    assert rows_of(picture, RED) == list(range(11))
    columns = [line.index(RED) for line in cells(picture, "color")[:11]]
    assert all(above > below for above, below in pairwise(columns))


def test_a_logarithmic_axis_puts_powers_of_ten_at_equal_distances():
    curves = [Curve(X, np.full(50, value), RED) for value in (0.01, 1, 100)]
    assert rows_of(draw(frame(y=(0.01, 100), log=True), curves), RED) == [0, 5, 10]


def test_what_a_logarithmic_axis_cannot_show_lies_at_its_foot():
    y = np.where(X < 25, 0.0, -1.0)
    picture = draw(frame(y=(0.01, 100), log=True), [Curve(X, y, RED)], [Band(X, y, y + 200, BLUE)])
    assert rows_of(picture, RED) == [10]
    assert "nan" not in picture.plain


def test_a_band_is_the_ground_that_curves_are_drawn_on():
    band = Band(X, np.full(50, 0.3), np.full(50, 0.7), BLUE)
    picture = draw(frame(), [Curve(X, np.full(50, 0.5), RED)], [band])
    inside = rows_of(picture, BLUE, "bgcolor")
    assert inside == [3, 4, 5, 6, 7]
    row = cells(picture, "color")[5]
    on = cells(picture, "bgcolor")[5]
    assert row.count(RED) > 45
    assert all(ground == BLUE for ink, ground in zip(row, on, strict=True) if ink == RED)
    assert rows_of(picture, RED) == [5]


def test_what_is_given_no_colour_has_the_terminals_own():
    picture = draw(frame(), [Curve(X, np.linspace(0, 1, 50), RED)])
    assert {colour for line in cells(picture, "bgcolor") for colour in line} == {None}
    assert {colour for line in cells(picture, "color") for colour in line} == {None, RED, INK}


def test_the_band_drawn_last_lies_on_top():
    wide, narrow = (Band(X, np.full(50, a), np.full(50, 1 - a), c) for a, c in ((0.0, BLUE), (0.4, RED)))
    grounds = cells(draw(frame(), [], [wide, narrow]), "bgcolor")
    assert RED in grounds[5]
    assert BLUE not in grounds[5]
    assert BLUE in grounds[0]
    assert BLUE in grounds[10]


def test_gaps_in_a_series_leave_a_plot_of_the_rest():
    y = np.where((X > 10) & (X < 40), np.nan, 0.5)
    band = hull(Band(X, y - 0.2, y + 0.2, BLUE), 60)
    picture = draw(frame(), [Curve(*envelope(X, y, 60), RED)], [band])
    assert rows_of(picture, RED) == [5]
    assert "nan" not in picture.plain


def test_a_mark_is_a_letter_over_all_that_is_drawn_at_its_point():
    band = Band(X, np.full(50, 0.3), np.full(50, 0.7), BLUE)
    curves = [Curve(X, np.full(50, 0.5), RED)]
    picture = draw(frame(), curves, [band], [Mark(25.0, 0.5, INK), Mark(50.0, 1.0, INK)])
    lines = picture.plain.split("\n")
    assert [row for row, line in enumerate(lines) if "X" in line] == [0, 5]
    assert lines[0].index("X") == 59 and lines[5].count("X") == 1
    place = lines[5].index("X")
    assert cells(picture, "color")[5][place - 1 : place + 2] == [RED, INK, RED]
    assert cells(picture, "bgcolor")[5][place] == BLUE
    assert "X" not in draw(frame(), curves).plain


@pytest.mark.parametrize(("x", "y"), [(0.0, 0.5), (51.0, 0.5), (25.0, 1.1), (25.0, -0.1)])
def test_a_mark_outside_the_frame_is_left_out(x, y):
    assert "X" not in draw(frame(), [], [], [Mark(x, y, RED)]).plain


def test_a_curve_far_outside_the_frame_does_not_end_the_process():
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "import numpy as np\n"
        "from gangan_cli.tui.widgets.plot import Curve, Frame, draw\n"
        "frame = Frame(40, 6, (1, 50), (0, 1), False, (9, 9, 9))\n"
        "y = np.where(np.arange(50) < 40, 0.5, 1e6)\n"
        "print(draw(frame, [Curve(np.arange(1.0, 51), y, (200, 20, 30))]))\n"
    )
    drawn = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert drawn.returncode == 0, drawn.stderr
    assert len(drawn.stdout.splitlines()) == 6


numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20)


@given(numbers)
def test_an_axis_holds_all_values_with_room_above_and_below(values):
    low, high = extent(np.array([*values, np.nan, np.inf, -np.inf]), False)
    assert low <= min(values) <= max(values) <= high
    assert low < high


def test_the_room_is_a_twentieth_of_the_range():
    assert extent(np.array([2.0, 1.0, np.nan]), False) == pytest.approx((0.95, 2.05))
    assert extent(np.array([1.0, 10.0**4]), True) == pytest.approx((10**-0.2, 10**4.2))


@pytest.mark.parametrize("value", [0.0, -3.0, 1e-9])
def test_equal_values_lie_in_the_middle_of_an_axis(value):
    low, high = extent(np.full(3, value), False)
    assert low < value < high
    assert (low + high) / 2 == pytest.approx(value)


def test_a_logarithmic_axis_holds_what_is_above_zero():
    low, high = extent(np.array([-5.0, 0.0, 0.1, 10.0, np.nan]), True)
    assert 0.05 < low < 0.1
    assert 10 < high < 20
    low, high = extent(np.full(3, 0.7), True)
    assert 0 < low < 0.7 < high


@pytest.mark.parametrize("log", [False, True])
def test_without_values_there_is_an_axis_all_the_same(log):
    low, high = extent(np.array([np.nan, np.inf, -1.0 if log else np.nan]), log)
    assert 0 <= low < high
    assert ticks(low, high, 4, log)
