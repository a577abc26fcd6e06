"""Textual's terminal driver with a filter that keeps the terminal's answers out of the keys."""

import os
import select
import time
from codecs import getincrementaldecoder

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from gangan_cli.tui.answers import ESCAPE, ESCAPE_DELAY, InputFilter


class GuardedDriver(LinuxDriver):
    """Textual's driver with a `InputFilter` between the terminal and Textual's parser.

    The filter must come before the parser, which turns sequences that it does not know into keys.
    """

    def run_input_thread(self) -> None:
        """Read until the app ends, or the terminal is closed, which the app notices by itself."""
        door, parser = InputFilter(), XTermParser(self._debug)
        # Not strict: one byte from a terminal that is not set to UTF-8 would end the app.
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        while not self.exit_event.is_set():
            if select.select([self.fileno], [], [], ESCAPE_DELAY)[0]:
                try:
                    read = os.read(self.fileno, 4096)
                except OSError:
                    return
                if not read:
                    return
                for text in door.feed_bytes(decode(read), time.monotonic()):
                    self._take(parser, text)
            self._take(parser, door.wait(time.monotonic()))
            for event in parser.tick():
                self.process_message(event)

    def _take(self, parser: XTermParser, text: str) -> None:
        if text == ESCAPE:  # the parser would wait again for the rest of a sequence
            self.process_message(events.Key("escape", ESCAPE))
        elif text:  # to the parser an empty string is the end of input
            for event in parser.feed(text):
                self.process_message(event)
