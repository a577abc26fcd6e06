"""Which pictures a terminal is found to show, by what it answers."""

import os
import pty
import sys
import threading
from contextlib import suppress

import pytest

from gangan_cli.tui.terminal import Graphics, graphics

PLAIN, SIXEL = b"\x1b[?62;22c", b"\x1b[?62;4;22c"
"""Device attributes: 4 stands for sixels."""

KITTY, CELL = b"\x1b_Gi=4207;OK\x1b\\", b"\x1b[6;18;9t"


@pytest.fixture
def terminal(monkeypatch):
    """Call it to have stdin and stdout be a terminal that answers the first question.

    It returns what the terminal was asked.
    """
    ours, theirs = pty.openpty()
    asked: list[bytes] = []

    def answering(answer):
        def answer_once():
            with suppress(OSError):  # it was closed before anything was asked
                asked.append(os.read(ours, 1024))
                os.write(ours, answer)

        # In the test itself: pytest puts streams of its own in their place before each.
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stdout", stdout)
        threads.append(threading.Thread(target=answer_once))
        threads[0].start()
        return asked

    threads: list[threading.Thread] = []
    with os.fdopen(theirs, "rb", buffering=0) as stdin, os.fdopen(os.dup(theirs), "w") as stdout:
        yield answering
    threads[0].join()
    os.close(ours)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (CELL + SIXEL, Graphics("sixel", (9, 18))),
        (KITTY + CELL + PLAIN, Graphics("kitty", (9, 18))),
        (KITTY + CELL + SIXEL, Graphics("sixel", (9, 18))),
        (SIXEL, Graphics("sixel", (10, 20))),
        (PLAIN, Graphics("half")),
    ],
    ids=["sixel", "kitty", "both", "sixel of cells unknown", "neither"],
)
def test_what_a_terminal_can_show_is_what_it_answers(terminal, answer, found):
    asked = terminal(answer)
    assert graphics("auto") == found
    assert asked[0].endswith(b"\x1b[c")  # which every terminal answers


def test_what_is_asked_for_is_drawn_whatever_the_terminal_answers(terminal):
    terminal(CELL + SIXEL)
    assert graphics("kitty") == Graphics("kitty", (9, 18))


@pytest.mark.parametrize("images", ["half", "ascii"])
def test_of_text_the_terminal_is_asked_nothing(terminal, images):
    asked = terminal(CELL + SIXEL)
    assert graphics(images) == Graphics(images)
    assert asked == []
