"""The signals that ask a command to end: it stores what is done, and prints how to resume."""

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
    """Install `handler` for each of them; return the previous handlers.

    Signals that were ignored at the start stay ignored, as nohup requires. Call this in the main thread,
    as Python requires.
    """
    heeded = [number for number in ENDING if signal.getsignal(number) != signal.SIG_IGN]
    return {number: signal.signal(number, handler) for number in heeded}


@contextmanager
def heeded(handler: Handler) -> Iterator[None]:
    """Install `handler` for each of them inside the block."""
    before = heed(handler)
    try:
        yield
    finally:
        for number, other in before.items():
            signal.signal(number, other)
