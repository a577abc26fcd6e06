"""What reads the terminal: as Textual does, but behind a door that keeps the terminal's answers out."""

import os
import select
import time
from codecs import getincrementaldecoder

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from gangan_cli.tui.answers import ESCAPE, LONE, Door


class GuardedDriver(LinuxDriver):
    """Textual's driver, whose thread hands to Textual's parser only what the door lets in.

    The door stands before the parser, since that has typed what it does not know by the time that
    anybody could look at it.
    """

    def run_input_thread(self) -> None:
        """Read until the app ends, or its terminal does, which the app sees for itself."""
        door, parser = Door(), XTermParser(self._debug)
        # Not strict: one byte of a terminal that is not set to UTF-8 would end the app.
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        while not self.exit_event.is_set():
            if select.select([self.fileno], [], [], LONE)[0]:
                try:
                    read = os.read(self.fileno, 4096)
                except OSError:
                    return
                if not read:
                    return
                for text in door.let_in(decode(read), time.monotonic()):
                    self._take(parser, text)
            self._take(parser, door.wait(time.monotonic()))
            for event in parser.tick():
                self.process_message(event)

    def _take(self, parser: XTermParser, text: str) -> None:
        if text == ESCAPE:  # the parser would wait once more for what follows it
            self.process_message(events.Key("escape", ESCAPE))
        elif text:  # an empty one would end the parser
            for event in parser.feed(text):
                self.process_message(event)
