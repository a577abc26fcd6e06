"""What a terminal answers is kept from the keys, wherever it comes and however it is cut."""

import random

import pytest
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser

from gangan_cli.tui.answers import ESCAPE, ESCAPE_DELAY, PATIENCE, InputFilter

ANSWERS = [
    "\x1b_Gi=4207;OK\x1b\\",
    "\x1b_Gi=4207;EINVAL:no such image\x1b\\",
    "\x1b[6;20;10t",
    "\x1b[4;600;1000t",
    "\x1b[8;30;100t",
    "\x1b[1t",
    "\x1b[?62;22c",
    "\x1b[?1;2c",
    "\x1b[>41;379;0c",
    "\x1b[0n",
    "\x1b[?997;1n",
    "\x1b[?1u",
    "\x1b[?2027;0$y",
    "\x1b[4;2$y",
    "\x1b[?1;0;256S",
    "\x1b[?12;40;1R",
    "\x1b[2;1;1;128;128;1;0x",
    "\x1b[1;2;3;4;0&w",
    "\x1b[>4;2m",
    "\x1b]11;rgb:1c1c/1c1c/1c1c\x07",
    "\x1b]11;rgb:1c1c/1c1c/1c1c\x1b\\",
    "\x1b]4;15;rgb:ffff/ffff/ffff\x1b\\",
    "\x1b]lgängan, at work\x1b\\",
    "\x1b]52;c;aWlp\x07",
    "\x1bP>|kitty(0.35.2)\x1b\\",
    "\x1bP!|7E565445\x1b\\",
    "\x1bP1+r5463=6969\x1b\\",
    "\x1bP1$r0m\x1b\\",
    "\x1b^iii\x1b\\",
    "\x1bXiii\x1b\\",
]

SILENT = ["\x1b[?2026;2$y", "\x1b[?2048;0$y", "\x1b[12;40R", "\x1b[<35;4;5M"]
"""What is let in, and is no key to Textual either."""

FOCUS = ["\x1b[I", "\x1b[O"]

KEYS = [
    "i", "d", "q", "y", "[", "]", "\\", "\x03", "\r", "\t", "\x7f", "ä", "\x1b[A", "\x1b[1;2C",
    "\x1b[3~", "\x1bOP", "\x1b[[A", "\x1b[7$", "\x1b[105;;105u", "\x1b[27u", "\x1bf",
    "\x1b[200~a i\nd\x1b[201~",
]  # fmt: skip


class Ear:
    """What Textual hears behind the door, at times that a test sets."""

    def __init__(self, clock):
        self._clock, self._door, self._parser, self._told = clock, InputFilter(), XTermParser(), []

    def _take(self, text):
        if text == ESCAPE:
            self._told.append("escape")
        elif text:
            self._told += map(named, filter(spoken, self._parser.feed(text)))

    def _until(self, now):
        for moment in (now - PATIENCE, now - ESCAPE_DELAY, now):
            self._clock.append(max(moment, self._clock[-1]))
            self._take(self._door.wait(self._clock[-1]))
            self._told += map(named, filter(spoken, self._parser.tick()))

    def hear(self, reads):
        """The keys and pastes in what is read: pairs of a time and a text."""
        for now, text in reads:
            self._until(now)
            for piece in self._door.feed_bytes(text, now):
                self._take(piece)
        self._until(now + 2 * PATIENCE)
        return self._told


@pytest.fixture
def heard(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("textual._parser.get_time", lambda: clock[-1])

    def hear(reads):
        clock[:] = [0.0]
        return Ear(clock).hear(reads)

    return hear


@pytest.fixture
def typed(heard):
    """The keys that Textual hears of keys that are pressed one after the other."""
    return lambda *keys: heard([(n + 1.0, key) for n, key in enumerate(keys)])


def spoken(event):
    return isinstance(event, events.Key | events.Paste)


def named(event):
    return event.key if isinstance(event, events.Key) else ("pasted", event.text)


@pytest.mark.parametrize("answer", ANSWERS + SILENT)
def test_an_answer_is_no_key_wherever_it_is_cut(heard, answer):
    for cut in range(len(answer)):
        for gap in (0.0, ESCAPE_DELAY / 2, ESCAPE_DELAY * 5):
            *before, last = heard([(1.0, answer[:cut]), (1.0 + gap, answer[cut:]), (3.0, "i")])
            assert last == "i"
            # Where the line stops for long at the first two letters, these are Escape, or Alt and a key.
            assert len(before) == (gap > ESCAPE_DELAY and 0 < cut < 3)


def test_each_sequence_that_textual_knows_for_a_key_is_let_in():
    for sequence in ANSI_SEQUENCES_KEYS:
        door = InputFilter()
        assert "".join(door.feed_bytes(sequence, 0.0)) + door.wait(ESCAPE_DELAY) == sequence


def test_keys_between_answers_are_keys(heard):
    mixed = "s\x1b_Gi=4207;OK\x1b\\T\x1b[6;20;10t\x1b[A\x1b[?62;22co"
    assert heard([(1.0, mixed)]) == ["s", "T", "up", "o"]


def test_escape_is_a_key_after_a_tenth_of_a_second_and_before_an_answer(heard):
    door = InputFilter()
    assert list(door.feed_bytes(ESCAPE, 0.0)) == []
    assert door.wait(ESCAPE_DELAY / 2) == ""
    assert door.wait(ESCAPE_DELAY) == ESCAPE
    assert list(InputFilter().feed_bytes("\x1b\x1b[?62;22cq", 0.0)) == [ESCAPE, "q"]
    assert heard([(1.0, ESCAPE), (2.0, "["), (2.5, "q")]) == ["escape", "left_square_bracket", "q"]


def test_a_key_or_a_paste_that_the_line_stops_in_is_none_the_less_one(heard):
    assert heard([(1.0, ESCAPE), (1.5, "[1;2C")]) == ["escape", "shift+right"]
    assert heard([(1.0, ESCAPE), (1.5, "[200~i\x1b[201~")]) == ["escape", ("pasted", "i")]


def test_what_is_pasted_comes_in_whole_with_all_that_looks_like_an_answer():
    text = "a \x1b]11;rgb:0/0/0\x07 b"
    pasted = f"\x1b[200~{text}\x1b[201~"
    for cut in range(len(pasted)):
        door = InputFilter()
        pieces = [*door.feed_bytes(pasted[:cut], 0.0), *door.feed_bytes(pasted[cut:] + "q", 5.0)]
        assert "".join(pieces) == pasted + "q"


@pytest.mark.parametrize("beginning", ["\x1b_Gi=42", "\x1b]11;rgb:", "\x1bP1+r", "\x1b[?6", "\x1b[6;2"])
def test_an_answer_that_never_ends_takes_no_more_keys_than_those_of_two_seconds(heard, typed, beginning):
    assert heard([(1.0, beginning), (1.0 + PATIENCE, "q")]) == ["q"]
    for key in ("\x03", "\r", "\x1b[A"):  # which no answer holds
        assert heard([(1.0, beginning), (1.5, key)]) == typed(key)


def streams(moments, rounds):
    """Keys with answers between them, read in pieces; and the keys alone."""
    for _ in range(rounds):
        keys = moments.choices(KEYS, k=moments.randint(1, 12))
        text = ""
        for key in keys:
            text += "".join(moments.choices(ANSWERS + SILENT + FOCUS, k=moments.randint(0, 2))) + key
        reads, now = [], 1.0
        while text:
            cut = moments.randint(1, 30)
            # Within a tenth of a second: a longer rest after an escape makes it a key for every reader.
            reads.append((now, text[:cut]))
            text, now = text[cut:], now + moments.random() * ESCAPE_DELAY
        yield reads, keys


def test_answers_and_keys_in_any_mixture_are_told_apart(heard, typed, pytestconfig):
    rounds = 20_000 if pytestconfig.getoption("--thorough") else 500
    for reads, keys in streams(random.Random(5), rounds):
        assert heard(reads) == typed(*keys), reads
