import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gangan_cli.tui.widgets.halfblocks import runs

PIXELS = {" ": (False, False), "▀": (True, False), "▄": (False, True), "█": (True, True)}


def decoded(line):
    """Return the two rows of pixels that cells show."""
    above, below = [], []
    for text, ink, ground in line:
        for cell in text:
            upper, lower = PIXELS[cell]
            above.append(ink if upper else ground)
            below.append(ink if lower else ground)
    return above, below


def rows(shades):
    pixels = st.lists(st.tuples(*[st.integers(0, shades - 1)] * 2), max_size=40)
    return pixels.map(lambda line: ([a for a, _ in line], [b for _, b in line]))


lines = st.integers(1, 16).flatmap(rows)


@given(lines)
def test_cells_show_exactly_the_two_rows_of_pixels(line):
    assert decoded(runs(*line)) == line


@given(lines)
def test_a_run_has_at_most_two_shades_and_ends_only_at_a_third(line):
    pairs = [set(pair) for pair in zip(*line, strict=True)]
    start = 0
    for text, _, _ in runs(*line):
        shades = set().union(*pairs[start : start + len(text)])
        assert text
        assert len(shades) <= 2
        start += len(text)
        if start < len(pairs):
            assert len(shades | pairs[start]) > 2
    assert start == len(pairs)


@given(rows(2))
def test_a_line_of_two_shades_is_one_run(line):
    assert len(runs(*line)) == bool(line[0])


def test_a_stroke_of_a_digit_takes_few_runs():
    stroke = [0] * 12 + [9, 15, 15, 15, 9] + [0] * 11
    assert len(runs(stroke, stroke)) <= 4
    assert len(runs([0] * 28, stroke)) <= 4


def test_noise_of_all_shades_takes_no_more_runs_than_cells():
    above, below = np.random.default_rng(0).integers(0, 16, (2, 200)).tolist()
    assert len(runs(above, below)) <= 200
    assert decoded(runs(above, below)) == (above, below)
