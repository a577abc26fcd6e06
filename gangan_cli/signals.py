"""The signals that ask a command to end, so that it keeps what is done and says how to go on."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

ENDING = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    # What batch systems send some time before they kill, if they are asked to.
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGXCPU,
)

Handler = Callable[[int, FrameType | None], None]


def heed(handler: Handler) -> Mapping[signal.Signals, Any]:
    """Have `handler` called for each of them; return what was done about each before.

    What was ignored when we were started stays so: that is what nohup is for. To be called in the main
    thread, as Python has it.
    """
    heeded = [number for number in ENDING if signal.getsignal(number) != signal.SIG_IGN]
    return {number: signal.signal(number, handler) for number in heeded}


@contextmanager
def heeded(handler: Handler) -> Iterator[None]:
    """Have `handler` called for each of them meanwhile."""
    before = heed(handler)
    try:
        yield
    finally:
        for number, other in before.items():
            signal.signal(number, other)
