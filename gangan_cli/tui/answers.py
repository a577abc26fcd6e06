"""The door between the terminal and the keys: what the terminal answers stays outside.

A terminal answers what it is asked with text that begins as a key's does. On a slow line its answers
come seconds later, when Textual takes all that is read for keys. Textual knows the answers to its own
questions; any other it types letter by letter: the i of "_Gi=4207;OK" interrupted a training.

Keys and answers follow one grammar (ECMA-48), by which they are told apart here. So the door needs no
list of what is asked, and stands as long as the app runs.
"""

import re
from collections.abc import Iterator

ESCAPE = "\x1b"

WHOLE = re.compile(
    r"\x1b\[[0-9]+\$"  # a shifted key of rxvt, which alone breaks the grammar
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # a control sequence
    r"|\x1b[\]PX^_][^\x00-\x1f\x7f]*(?:\x07|\x1b\\)"  # a string: OSC, DCS, SOS, PM or APC
)

BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x00-\x1f\x7f]*\x1b?)?\Z")
"""What the next read may complete."""

BROKEN = re.compile(r"\x1b(?:\[[0-?]+[ -/]*|[\]PX^_][^\x00-\x1f\x7f]+)(?=[\x00-\x1f\x7f])")
"""What is cut short by a control character, which is a key then."""

KEY = re.compile(
    r"\x1b\[(?:[@-~]"
    r"|[0-9;:]+[A-SZu~^@$]"  # also the mouse of rxvt, and where the cursor is
    r"|1;[5-8][a-z]"  # the number pad
    r"|<[0-9;]+[Mm]"  # the mouse
    r"|48;[0-9;:]+t"  # the window's new size
    r"|\?20(?:26|48);[0-9]\$y)"  # the answers to Textual's own questions
)
"""Control sequences that Textual makes something of. All others are answers, and so are all strings."""

PASTE, PASTED = "\x1b[200~", re.compile(r"\x1b\[201~")
"""What stands before and behind pasted text, which is let in as it is."""

LONE = 0.1
"""Seconds of silence after which a beginning was all: the key Escape, or Alt with one of [ ] P X ^ _.
Textual waits as long."""

PATIENCE = 2.0
"""Seconds from its beginning in which an answer is completed, or given up. Within that a lost packet is
sent anew; and longer than that nobody shall type in vain, whose terminal left an answer unfinished."""


class Door:
    """Lets keys, the mouse and pasted text in. Times are seconds, of a clock that is never put back."""

    def __init__(self) -> None:
        self._held = ""
        self._since = self._last = 0.0
        self._pasting = False
        self._gone = ""

    def let_in(self, text: str, now: float) -> Iterator[str]:
        """Yield what is for the app of what was just read; the key Escape comes by itself."""
        text, begun = self._held + self._joined(text, now), bool(self._held)
        self._held, self._last, self._gone = "", now, ""
        plain, place = "", 0
        while (escape := text.find(ESCAPE, place)) >= 0:
            plain, place = plain + text[place:escape], escape + 1
            if whole := (PASTED if self._pasting else WHOLE).match(text, escape):
                self._pasting = whole[0] == PASTE
                plain, place = plain + (whole[0] if KEY.fullmatch(whole[0]) else ""), whole.end()
            elif BEGUN.match(text, escape):
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
        """Return what was held back until now, and is a key after all, since nothing followed."""
        held = self._held
        if not held or self._pasting:  # the end of a paste comes
            return ""
        if len(held) <= 2 and now - self._last >= LONE:
            self._held, self._gone = "", held
            return held
        if now - self._since >= PATIENCE:
            self._held = ""
            return ESCAPE if held.endswith(ESCAPE) else ""
        return ""

    def _joined(self, text: str, now: float) -> str:
        """Return `text` behind a beginning that went in as a key, if it is the rest of a sequence: the
        line stopped just there. Nobody types more than three letters of one within a read."""
        whole = WHOLE.match(self._gone + text) if self._gone else None
        late = now - self._last > PATIENCE
        return text if whole is None or len(whole[0]) < 4 or late else self._gone + text
