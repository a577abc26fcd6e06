"""Tables in windows of any width: all numbers whole, no line too long."""

import io
import random

import pytest
from rich.cells import cell_len
from rich.console import Console

from gangan_cli.cli import tables

SCORES = (
    ["", "GAN 0 at epoch 90 (10,000)", "GAN 1 at epoch 90 (10,000)", "real images"],
    [
        ["Fréchet distance", "1012.3 ± 8.1", "998.7 ± 11.2", "4.8 ± 0.1"],
        ["Parzen log-likelihood (nats)", "-222.0 ± 1.4", "8.6 ± 1.4", "243.6 ± 2.1"],
        ["Parzen σ", "0.215", "0.215", ""],
    ],
)

RUNS = (
    ["run", "state", "family", "on", "GANs × epochs", "size", "age"],
    [
        ["a-run-with-a-long-name_2026-11-28", "training 45% 3 min left", "mlp", "images:/data/group/"
         "faces-64", "1111 × 11111", "111.1 GB", "11 min"],
        ["└ g", "complete", "r1-mlp", "a", "1 × 250", "395.5 MB", "53 s"],
    ],
)  # fmt: skip


def shown(columns, rows, room, right=(), less=()):
    """The lines of a table as they come on a screen, and as text without any blanks."""
    drawn, width = tables.table(columns, rows, right, less, room)
    console = Console(file=io.StringIO(), width=max(width, room or 1), color_system=None)
    console.print(drawn)
    lines = console.file.getvalue().splitlines()
    return lines, "".join("".join(lines).split())


@pytest.mark.parametrize("room", [100, 80, 60, 40])
def test_scores_beside_each_other_or_stacked_are_whole(room):
    lines, _ = shown(*SCORES, room, right=(1, 2, 3))
    assert max(map(cell_len, lines)) <= room
    for row in SCORES[1]:
        for number in filter(None, row[1:]):
            assert any(number in line for line in lines), number


def test_rows_are_stacked_with_the_names_of_their_columns():
    lines, _ = shown(["", "one", "other"], [["first", "1", "2"], ["second", "3", ""]], 5, right=(1, 2))
    assert [line.split() for line in lines] == [
        ["first"], ["one", "1"], ["other", "2"], ["second"], ["one", "3"]
    ]  # fmt: skip


@pytest.mark.parametrize("room", [120, 80, 60, 50, 40, 30])
def test_runs_lose_columns_that_matter_less_and_names_are_folded(room):
    lines, text = shown(*RUNS, room, right=(4, 5, 6), less=(2, 5, 6, 3))
    assert max(map(cell_len, lines)) <= room
    assert ("mlp" in text) == (room > 80 or room < 50)  # stacked, there is room for all
    assert any("45%" in line for line in lines)
    assert any("1111 × 11111" in line for line in lines)
    assert "…" not in text


def test_a_pipe_gets_lines_of_any_length():
    lines, _ = shown(["run", "on"], [["r" * 300, "d" * 300]], None)
    assert lines[-1].split() == ["r" * 300, "d" * 300]


def test_no_window_and_no_table_cuts_a_number(pytestconfig):
    moments = random.Random(7)
    for _ in range(20_000 if pytestconfig.getoption("--thorough") else 100):
        columns = [
            "".join(moments.choices("ab 界é", k=moments.randint(0, 20)))
            for _ in range(moments.randint(2, 8))
        ]
        right = [place for place in range(1, len(columns)) if moments.random() < 0.6]
        rows = [
            [
                str(moments.randint(0, 10 ** moments.randint(1, 11)))
                if place in right
                else "".join(moments.choices("xy z界", k=moments.randint(0, 40)))
                for place in range(len(columns))
            ]
            for _ in range(moments.randint(1, 4))
        ]
        less = moments.sample(range(1, len(columns)), moments.randint(0, len(columns) - 2))
        room = moments.randint(30, 120)
        lines, _ = shown(columns, rows, room, right, less)
        assert max(map(cell_len, lines)) <= room
        for row in rows:
            for place in set(right) - set(less):
                assert any(row[place] in line.split() for line in lines)
