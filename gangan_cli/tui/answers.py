"""A filter of the terminal's input that lets keys pass and drops answers to queries.

A terminal answers queries with escape sequences, which begin like those of keys. On a slow line the
answers come seconds later, when the app is running. Textual recognises the answers to its own queries,
and takes the letters of any other for keys: the i of "_Gi=4207;OK" interrupted a training.

Keys and answers follow one grammar (ECMA-48), which is enough to distinguish them. So the filter needs
no list of the queries, and stays active as long as the app runs.
"""

import re
from collections.abc import Iterator

ESCAPE = "\x1b"

WHOLE = re.compile(
    r"\x1b\[[0-9]+\$"  # a shifted key of rxvt: the only exception to the grammar
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # a control sequence
    r"|\x1b[\]PX^_][^\x00-\x1f\x7f]*(?:\x07|\x1b\\)"  # a string: OSC, DCS, SOS, PM or APC
)

INCOMPLETE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x00-\x1f\x7f]*\x1b?)?\Z")
"""The beginning of a sequence at the end of the text, which the next read may complete."""

BROKEN = re.compile(r"\x1b(?:\[[0-?]+[ -/]*|[\]PX^_][^\x00-\x1f\x7f]+)(?=[\x00-\x1f\x7f])")
"""A sequence cut short by a control character, which is then a key."""

KEY = re.compile(
    r"\x1b\[(?:[@-~]"
    r"|[0-9;:]+[A-SZu~^@$]"  # also the mouse of rxvt, and the cursor's position
    r"|1;[5-8][a-z]"  # the number pad
    r"|<[0-9;]+[Mm]"  # the mouse
    r"|48;[0-9;:]+t"  # the window's new size
    r"|\?20(?:26|48);[0-9]\$y)"  # the answers to Textual's own queries
)
"""Control sequences that Textual handles. All others are answers, and so are all strings."""

PASTE, PASTED = "\x1b[200~", re.compile(r"\x1b\[201~")
"""The sequences before and after pasted text, which passes unchanged."""

ESCAPE_DELAY = 0.1
"""Seconds without input after which the beginning of a sequence is taken for a key: Escape, or Alt with
one of [ ] P X ^ _. Textual waits as long."""

PATIENCE = 2.0
"""Seconds from its beginning after which an incomplete answer is dropped. Long enough for a lost packet
to be sent again; and if a terminal never completes an answer, keys are lost for no longer than that."""


class InputFilter:
    """The filter: passes keys, mouse events and pasted text. Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._held = ""
        self._since = self._last = 0.0
        self._pasting = False
        self._gone = ""

    def feed_bytes(self, text: str, now: float) -> Iterator[str]:
        """Yield the parts of `text`, which was just read, that are for the app; the key Escape is a part
        of its own."""
        text, begun = self._held + self._joined(text, now), bool(self._held)
        self._held, self._last, self._gone = "", now, ""
        plain, place = "", 0
        while (escape := text.find(ESCAPE, place)) >= 0:
            plain, place = plain + text[place:escape], escape + 1
            if whole := (PASTED if self._pasting else WHOLE).match(text, escape):
                self._pasting = whole[0] == PASTE
                plain, place = plain + (whole[0] if KEY.fullmatch(whole[0]) else ""), whole.end()
            elif INCOMPLETE.match(text, escape):
                self._held, place = text[escape:], len(text)
                self._since = self._since if begun and not escape else now
            elif self._pasting:
                plain += ESCAPE
            elif text[place] == ESCAPE:
                yield from filter(None, (plain, ESCAPE))
                plain = ""
            elif broken := BROKEN.match(text, escape):
                place = broken.end()
            else:  # Alt and a key, or a key of three letters
                plain += ESCAPE
        if plain + text[place:]:
            yield plain + text[place:]

    def wait(self, now: float) -> str:
        """Return text that was held back and is a key after all, since nothing followed; else ""."""
        held = self._held
        if not held or self._pasting:  # the end of the paste will come
            return ""
        if len(held) <= 2 and now - self._last >= ESCAPE_DELAY:
            self._held, self._gone = "", held
            return held
        if now - self._since >= PATIENCE:
            self._held = ""
            return ESCAPE if held.endswith(ESCAPE) else ""
        return ""

    def _joined(self, text: str, now: float) -> str:
        """Return `text`, prefixed with the beginning of a sequence if that was passed as a key and
        `text` is its rest: the line stalled between them. Nobody types a sequence of four characters or
        more that fast."""
        whole = WHOLE.match(self._gone + text) if self._gone else None
        late = now - self._last > PATIENCE
        return text if whole is None or len(whole[0]) < 4 or late else self._gone + text
