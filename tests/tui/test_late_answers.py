"""A terminal on a slow line answers late: nothing is interrupted by that, and no key is lost."""

import json
import random
import time

import pytest

from gangan_cli.tui.themes import LIGHT
from tests.tui.slow_line import ASKED, SlowLine

KITTY = b"\x1b_Gi=4207;OK\x1b\\\x1b[6;20;10t\x1b[?62;22c"
ANSWERS = (KITTY, b"\x1b[6;20;10t\x1b[?62;22c", b"\x1b_Gi=4207;EINVAL:iii\x1b\\" + KITTY)
OTHERS = (b"\x1b]11;rgb:1c1c/1c1c/1c1c\x07", b"\x1bP>|kitty(0.35.2)\x1b\\", b"\x1b[?997;1n", b"\x1b[I")


def left_after(folder, store, delay, answer, moments, early=0):
    """What the TUI remembers of a session in which the terminal answers so many seconds late, but for
    the letters that are `early`, while s, T and o are typed."""
    (folder / "at-once.toml").write_text("[tui]\nconfirm = false\n")
    with SlowLine(folder, "--store", store, "--config", folder / "at-once.toml") as line:
        asked = line.wait_for(ASKED)
        if delay < 1:
            line.type(answer[:early])
            line.let_pass(asked + delay - time.monotonic())
            line.type(answer[early:])
        line.wait_for(b"training", b"Filter")
        line.let_pass(asked + max(delay, 1) - time.monotonic())
        cut = moments.randrange(2, len(answer))
        line.type(b"s" + answer[:cut])
        line.let_pass(moments.uniform(0, 0.3))
        line.type(answer[cut:] + b"T" + moments.choice(OTHERS) + b"o")
        line.let_pass(moments.uniform(0, 0.3))
        line.type(moments.choice(OTHERS) + b"q")
        assert line.status() == 0
    (left,) = json.loads((folder / "state" / "gangan" / "tui.json").read_text()).values()
    return left["screen"], left["sort"], left["theme"], left["detail"]


RIGHT = ("runs", "newest", LIGHT.name, False)


@pytest.mark.parametrize(
    ("delay", "answer", "early"), [(0.4, KITTY, 0), (0.6, KITTY, 8), (1.5, ANSWERS[1], 0)]
)
def test_late_answers_interrupt_no_training_and_swallow_no_key(
    tmp_path, held, trainer, delay, answer, early
):
    assert left_after(tmp_path, held, delay, answer, random.Random(1), early) == RIGHT
    assert trainer.poll() is None


@pytest.mark.long
def test_fifty_slow_terminals_interrupt_no_training_and_swallow_no_key(tmp_path, held, trainer):
    moments = random.Random(2)
    for number in range(50):
        folder = tmp_path / str(number)
        folder.mkdir()
        delay, answer, early = moments.uniform(0, 3), moments.choice(ANSWERS), moments.randint(0, 9)
        left = left_after(folder, held, delay, answer, moments, early)
        assert left == RIGHT, (number, delay, answer, early)
        assert trainer.poll() is None, (number, delay, answer)


def test_pasted_text_escape_and_ctrl_c_come_through_the_door(tmp_path, held, trainer):
    with SlowLine(tmp_path, "--store", held) as line:
        line.wait_for(b"training", b"Filter")
        line.type(b"/")
        line.type(b"\x1b[200~nobody\x1b[201~")
        line.wait_for(b"no run matches 'nobody'")
        line.type(b"\x1b")
        line.wait_for(b"training")
        line.type(b"\x1b_Gi=42")  # and the rest of it never comes
        line.type(b"\x03")
        assert line.status() == 0
    assert trainer.poll() is None
