"""A run is trained by one process at a time: checks that no other process trains it."""

import time
from collections.abc import Callable

from store.errors import InUse
from store.state import BEAT_EVERY, Holder, State


def refuse_if_trained(name: str, state: State) -> None:
    """Check that no living process trains the run `name`, whose state is `state`.

    Raises:
        InUse: a living process does.
    """
    if state.status == "training":
        raise InUse(
            f"run {name!r} is being trained by {state.holder}: "
            "wait for it, or stop it and give the same command again"
        )


def watch(name: str, holder: Holder, look: Callable[[], State]) -> None:
    """Watch the holder's heartbeat for 1.5 intervals. Clocks of two machines may differ, so only a
    heartbeat that does not change proves that the holder is dead.

    Raises:
        InUse: the heartbeat changes.
    """
    end = time.monotonic() + 1.5 * BEAT_EVERY
    while time.monotonic() < end:
        time.sleep(BEAT_EVERY / 10)
        state = look()
        if state.stored == "training" and state.holder != holder:
            raise InUse(
                f"run {name!r} is being trained by {state.holder}, whose clock "
                "differs from ours: wait for it, or stop it and give the same command again"
            )
